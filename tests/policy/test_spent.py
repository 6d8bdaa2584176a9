"""What the database says was spent."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.event import CostStatus, Event, to_row
from llmobs.policy.rule import Pot, Rule, rules
from llmobs.policy.schema import PolicyFile
from llmobs.policy.spent import pots, settled, stored
from tests.policy.calls import AT, row


def kept(folder: Path, *events: Event) -> Path:
    """A database that holds these calls."""
    path = folder / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(event) for event in events], {})
    return path


def budget(**more: Any) -> tuple[Rule, ...]:
    """One budget."""
    return rules(PolicyFile.model_validate({"budgets": [{"name": "a", "limit_usd": "1", "per": "total"} | more]}))


def said(path: Path, *found: Rule) -> dict[Pot, Decimal]:
    """What is in the pots at noon of the day."""
    with store.reading(path) as db:
        return pots(db, found, AT)


CALLS = [
    row("a", "1", customer_id="acme", tags='{"team": "red", "a/b~\'c": "x"}', run_id="r1", api_key_name="prod"),
    row("b", "2", customer_id="acme", api_key_id="0a...wxyz", model=None, run_id="r1"),
    row("c", "4", customer_id="other", started_at=AT - timedelta(days=1), run_id="r2"),
    row("d", "8", started_at=AT - timedelta(days=40), run_id="r2", section="s", client="c/1"),
    row("e", None, customer_id="acme"),
    row("f", "0", customer_id="acme"),
]


def test_windows(tmp_path: Path) -> None:
    """Each budget sums the rows of its own window, all in one look."""
    path = kept(tmp_path, *CALLS)
    periods = ("day", "week", "month", "total")
    found = [rule for per in periods for rule in budget(name=per, per=per)]

    assert {pot[0]: usd for pot, usd in said(path, *found).items()} == {"day": 3, "week": 7, "month": 7, "total": 15}


def test_runs_of_the_last_month(tmp_path: Path) -> None:
    """Each run has its own pot, and calls of no run have none."""

    assert said(kept(tmp_path, *CALLS, row("g")), *budget(per="run")) == {
        ("a", None, ("r1",)): 3,
        ("a", None, ("r2",)): 4,
    }


def test_every_word_means_in_the_table_what_it_means_of_a_call(tmp_path: Path) -> None:
    """For each word the sums by SQL are those that the events themselves give."""
    words = ["customer", "run", "key", "provider", "host", "model", "section", "client", "tag:team", "tag:a/b~'c"]
    path = kept(tmp_path, *CALLS)
    for word in words:
        for rule in (*budget(by=[word]), *budget(where={word: "?*"}), *budget(by=[word], where={"customer": "ac*"})):
            expected: dict[Pot, Decimal] = {}
            for event in CALLS:
                if event.cost_usd and (pot := rule.pot(event)):
                    expected[pot] = expected.get(pot, Decimal(0)) + event.cost_usd
            assert said(path, rule) == expected


def test_empty_database(tmp_path: Path) -> None:
    """Nothing was spent."""

    assert said(kept(tmp_path), *budget(), *budget(by=["customer"])) == {}


def test_calls_that_are_stored(tmp_path: Path) -> None:
    """Of calls that ended it is told which the table has, and of jobs, which have a cost there."""
    path = kept(
        tmp_path,
        row("a"),
        row("b", None, job_id="j1", cost_status=CostStatus.PENDING),
        row("c", "1", job_id="j2"),
        row("d", "1", job_id="j1", provider="other"),
    )
    with store.reading(path) as db:
        assert stored(db, {"a": AT, "x": AT}) == {"a"}
        assert stored(db, {}) == set()
        assert settled(db, [("openai", "j1"), ("openai", "j2"), ("other", "j3")]) == {("openai", "j2")}
        assert settled(db, []) == set()
