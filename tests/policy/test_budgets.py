"""Budgets as a guard, with a clock of their own and a real database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmobs import store
from llmobs.event import CostStatus, to_row
from llmobs.policy import Budgets, Kind
from llmobs.policy import budgets as module
from llmobs.policy.address import Address
from llmobs.policy.notifier import Notifier
from llmobs.policy.schema import PolicyFile
from tests.policy.calls import AT, COST, attempt, row
from tests.policy.test_reader import until

LIMIT = str(COST * 2)


class World:
    """A guard with its database, its clock, and what it told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "events.duckdb"
        self.now = AT
        self.told: list[tuple[str, str]] = []
        self.notifier = Notifier(self._send)
        self.guard = Budgets(lambda: self.path, self.notifier, self._clock)

    def _clock(self) -> datetime:
        return self.now

    def _send(self, address: Address, title: str, body: str) -> bool:
        self.told.append((title, body))
        return True

    def configure(self, *budgets: dict[str, Any]) -> None:
        """Take these budgets, each over defaults."""
        usual = {"name": "a", "limit_usd": LIMIT, "per": "day", "block": "true", "notify": ["json://127.0.0.1"]}
        self.guard.configure(PolicyFile.model_validate({"budgets": [usual | budget for budget in budgets]}))

    def store(self, *events: Any) -> None:
        """Store rows, as the writer does."""
        with store.writing(self.path) as db:
            db.load([to_row(event) for event in events], {})

    def spent(self) -> list[Decimal]:
        """What is in each pot."""
        return sorted(self.guard.ledger.spent(pot) for pot in self.guard.ledger.pots())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Nothing was spent, and nothing is asked."""
    made = World(tmp_path)
    yield made
    made.guard.close()


def test_without_budgets_it_is_not_asked(world: World) -> None:
    """No budget, no guard, and no thread; what ends is not counted."""
    active = []
    steps: list[list[dict[str, Any]]] = [[], [{}], []]
    for budgets in steps:
        world.configure(*budgets)
        active.append(world.guard.active)
    world.guard.settle(row())

    assert (active, world.spent()) == ([False, True, False], [])


def test_reservation_refuses_what_does_not_fit(world: World) -> None:
    """Two calls fit, the third is refused while they run, and goes when one of them cost less."""
    world.configure({})
    assert [world.guard.admit(attempt(name)) for name in "ab"] == [None, None]

    refusal = world.guard.admit(attempt("c"))
    assert refusal is not None
    assert (refusal.kind, refusal.policy) == (Kind.BUDGET, "budget:a")
    assert refusal.message == (
        "LLMObserve refuses this call: budget a has 0.002032 USD, of which 0.00 are spent and 0.002032 set aside for "
        "running calls; this one may cost 0.001016. A new day begins at 2026-11-21 00:00 UTC."
    )

    world.guard.settle(row("c", "0", policy="budget:a"))
    world.guard.settle(row("a", "0"))
    assert world.guard.admit(attempt("c")) is None


def test_refused_call_takes_from_no_budget(world: World) -> None:
    """A call that one budget refuses leaves the others as they were."""
    world.configure({"name": "large", "limit_usd": "1"}, {"limit_usd": "0.0001"})

    assert world.guard.admit(attempt("a")) is not None
    assert world.guard.ledger.running("a") is None


def test_budget_that_does_not_block_lets_go(world: World) -> None:
    """It counts, and tells."""
    world.configure({"limit_usd": "0.0001", "block": "false"})

    assert world.guard.admit(attempt("a")) is None


def test_budget_that_is_used_up_refuses_the_unknown(world: World) -> None:
    """Where nothing is left, not even a call goes whose price is not known; before, it goes."""
    world.configure({"limit_usd": "1"})
    unknown = attempt("a", b'{"model":"unknown"}')
    assert world.guard.admit(unknown) is None

    world.guard.settle(row("a", "1"))

    assert world.guard.admit(attempt("b", b'{"model":"other"}')) is not None


def test_what_is_free_goes(world: World) -> None:
    """A call that costs nothing is not refused by a budget, however empty that is."""
    world.configure({"limit_usd": "0", "reserve_usd": "1"})

    assert world.guard.admit(attempt(path="/v1/moderations")) is None


def test_fixed_reserve(world: World) -> None:
    """What is set aside for a call may be fixed."""
    world.configure({"limit_usd": "1", "reserve_usd": "0.5"})

    assert [world.guard.admit(attempt(name)) is None for name in "abc"] == [True, True, False]


def test_scopes(world: World) -> None:
    """Customers have budgets of their own, and whoever does not fit has none."""
    world.configure({"limit_usd": str(COST), "by": ["customer"], "where": {"customer": "a*"}, "per": "total"})
    customers = ("acme", "acme", "abc", "other", "other")

    went = [world.guard.admit(attempt(str(n), customer_id=who)) for n, who in enumerate(customers)]

    assert [refusal is None for refusal in went] == [True, False, True, True, True]
    assert went[1] is not None
    assert "budget a of customer acme has" in went[1].message
    assert "begins" not in went[1].message


def test_what_was_spent_before_counts_at_once(world: World) -> None:
    """The first call after a start finds what the database knows, of this window alone."""
    world.store(row("x", LIMIT), row("y", "9", started_at=AT - timedelta(days=1)))
    world.configure({})

    assert world.guard.admit(attempt("a")) is not None
    assert world.spent() == [Decimal(LIMIT)]


def test_stored_call_is_counted_once(world: World) -> None:
    """A call that ended counts at once, and still once when the database has it."""
    world.configure({"limit_usd": "10"})
    world.guard.admit(attempt("a"))
    world.guard.settle(row("a", "2"))
    assert world.spent() == [2]

    world.store(row("a", "2"), row("of another proxy", "3"))

    until(lambda: world.spent() == [5])
    assert world.guard.ledger.waiting() == {}


def test_job_counts_as_expected_until_its_cost_is_known(world: World) -> None:
    """Work that goes on keeps what was set aside, until the table knows what it costs, under whatever id."""
    world.configure({"limit_usd": "10"})
    world.guard.admit(attempt("a"))
    pending = row("a", None, cost_status=CostStatus.PENDING, job_id="j")
    world.guard.settle(pending)
    assert world.spent() == [COST]

    world.store(pending)
    world.guard._reader.start()
    assert world.guard._reader.wait(20)
    assert world.spent() == [COST]

    world.store(row("b", "3", job_id="j"))
    until(lambda: world.spent() == [3])


def test_pending_work_that_was_not_asked_about(world: World) -> None:
    """Work of which nothing was set aside counts when its cost is known."""
    world.configure({"limit_usd": "10"})

    world.guard.settle(row("a", None, cost_status=CostStatus.PENDING, job_id="j"))

    assert world.spent() == []


def test_new_window_begins_empty(world: World) -> None:
    """At midnight everything may be spent again."""
    world.configure({})
    world.guard.settle(row("a", LIMIT))
    assert world.guard.admit(attempt("b")) is not None

    world.now += timedelta(days=1)

    assert world.guard.admit(attempt("c", started_at=world.now)) is None


def test_shares_are_told_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Log and notification say which share is reached, of which budget, since when."""
    world.configure({"limit_usd": "10", "by": ["customer"]})
    until(lambda: not world.guard._silent)

    for name, usd in (("a", "4"), ("b", "1"), ("c", "1"), ("d", "4")):
        world.guard.settle(row(name, usd))
    world.guard.close()

    said = "budget a of customer (none)"
    assert world.told == [
        (
            f"LLMObserve: 50% of {said}",
            f"{said} has reached 50%: 5.00 of 10.00 USD are spent since 2026-11-20 00:00 UTC.",
        ),
        (
            f"LLMObserve: 100% of {said}",
            f"{said} has reached 100%: 10.00 of 10.00 USD are spent since 2026-11-20 00:00 UTC.",
        ),
    ]
    assert caplog.messages == [body for _, body in world.told]


def test_window_that_is_over_is_not_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A call that began before midnight and ended after it counts for the day before, which nobody wants to know."""
    world.configure({"limit_usd": "10"})
    until(lambda: not world.guard._silent)
    world.now += timedelta(days=1)

    world.guard.settle(row("a", "9"))

    assert caplog.messages == []


def test_clock_is_the_machines(tmp_path: Path) -> None:
    """Without another clock a refusal names the end of the day that is."""
    guard = Budgets(lambda: tmp_path / "events.duckdb")
    budget = {"name": "a", "limit_usd": "0", "per": "day", "block": "true"}
    guard.configure(PolicyFile.model_validate({"budgets": [budget]}))
    refusal = guard.admit(attempt())
    guard.close()

    assert refusal is not None
    assert "2026-11-21" not in refusal.message


def test_first_refusal_is_told(world: World) -> None:
    """That a call does not fit is told once, as that: 100% is told when it is reached."""
    world.configure({"limit_usd": str(COST / 2), "per": "total"})
    until(lambda: not world.guard._silent)
    for name in "ab":
        world.guard.admit(attempt(name))
    world.guard.settle(row("c", str(COST)))
    world.guard.close()

    assert world.told == [
        (
            "LLMObserve: a call no longer fits budget a",
            f"a call that may cost {COST} USD no longer fits budget a: 0.00 of 0.000508 USD are spent; it was refused.",
        ),
        ("LLMObserve: 100% of budget a", f"budget a has reached 100%: {COST} of 0.000508 USD are spent."),
    ]


def test_refusal_of_unknown_cost_names_none(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing may be spent, a call counts nothing and is refused all the same, without a cost."""
    world.configure({"limit_usd": "0", "reserve_usd": "0"})
    world.guard.admit(attempt("a"))

    assert "a call no longer fits budget a: 0.00 of 0.00 USD are spent; it was refused." in caplog.messages


def test_what_was_reached_before_the_start_is_not_told_again(world: World) -> None:
    """After a restart only what is reached from then on is told; a new limit has new shares."""
    world.store(row("x", "6"))
    world.configure({"limit_usd": "10"})
    until(lambda: not world.guard._silent)
    world.guard.settle(row("a", "1"))
    assert world.notifier._thread is None

    world.guard.settle(row("b", "1"))
    until(lambda: [title for title, _ in world.told] == ["LLMObserve: 80% of budget a"])

    world.configure({"limit_usd": "100"})
    until(lambda: not world.guard._silent)
    world.guard.settle(row("c", "60"))
    until(lambda: [title for title, _ in world.told][1:] == ["LLMObserve: 50% of budget a"])


def test_new_rules_sort_running_calls_anew(world: World) -> None:
    """An edit of the file forgets neither what runs nor what is not stored yet."""
    world.configure({"limit_usd": "10"})
    world.guard.admit(attempt("a"))
    world.guard.settle(row("b", "2"))

    world.configure({"name": "new", "limit_usd": "10"})

    [pot] = world.guard.ledger.pots()
    assert (pot[0], world.spent(), world.guard.ledger.reserved(pot)) == ("new", [Decimal(2)], COST)


def test_call_that_ends_while_there_are_no_rules(world: World) -> None:
    """What was set aside for it is free again when the rules are back."""
    world.configure({})
    assert world.guard.admit(attempt("a")) is None
    world.configure()
    world.guard.settle(row("a", "1"))

    world.configure({})

    assert world.guard.admit(attempt("b")) is None
    assert world.guard.admit(attempt("c")) is None


def test_database_that_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The start waits for a while, says so, and counts what it sees itself."""
    monkeypatch.setattr(module, "START_S", 0.2)
    world.path.write_text("no database")
    world.configure({})
    world.guard.settle(row("a", LIMIT))

    assert world.guard.admit(attempt("b")) is not None
    assert "budgets begin without what was spent before" in caplog.text


def test_edit_does_not_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once calls pass, new rules hold at once, whatever the database does."""
    world.configure({})
    world.guard.admit(attempt("a"))
    waits: list[float] = []
    monkeypatch.setattr(world.guard._reader, "wait", waits.append)

    world.configure({"limit_usd": "1"})

    assert waits == []


def test_call_without_a_price_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It is not counted, and one warning says so."""
    world.configure({})
    for name in "ab":
        world.guard.settle(row(name, None, model=None))

    [message] = caplog.messages
    assert message.startswith("gpt-x of openai has no price, so that no budget counts it")


def test_use_tells_the_fullest_pot(world: World) -> None:
    """Each budget has one use, however many customers have a pot of it; yesterday's are not open."""
    world.configure({"name": "each", "by": ["customer"], "limit_usd": "9"}, {"name": "other", "limit_usd": "1"})
    world.guard.settle(row("a", "0.001", customer_id="acme"))
    world.guard.settle(row("b", "0.0015", customer_id="umbrella"))
    world.guard.settle(row("c", "5", customer_id="acme", started_at=AT - timedelta(days=1)))
    world.guard.admit(attempt("d", customer_id="umbrella"))

    each, other = world.guard.uses()

    assert (each.name, each.spent_usd, each.pots) == ("each", Decimal("0.0015"), 2)
    assert (other.limit_usd, other.spent_usd, other.pots) == (Decimal(1), Decimal("0.0025"), 1)
    assert other.reserved_usd == COST
    world.now += timedelta(days=3)
    assert [(use.spent_usd, use.pots) for use in world.guard.uses()] == [(Decimal(0), 0), (Decimal(0), 0)]
