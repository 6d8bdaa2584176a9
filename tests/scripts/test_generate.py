"""Made-up traffic: the same plan gives the same calls, and they hold together as those of the proxy do."""

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from llmobs import pricing, store
from llmobs.columns import COLUMNS
from llmobs.event import Charge, CostStatus, Outcome
from llmobs.pricing import Terms
from scripts import generate
from scripts.generation.layout import BLOCK, layout

UNTIL = "2026-11-01T06:30"


def made(folder: Path, name: str, *arguments: str) -> Path:
    """A database that the program made."""
    file = folder / name
    assert generate.main(["--db", str(file), "--days", "9", "--until", UNTIL, *arguments]) == 0
    return file


def rows(file: Path, sql: str, *params: object) -> Sequence[Any]:
    """The answer to a query."""
    return store.read(file, sql, params).rows


def number(file: Path, sql: str) -> float:
    """The one figure of a query."""
    [(found,)] = rows(file, sql)
    return float(found)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine days of calls, some thousand a day."""
    return made(tmp_path_factory.mktemp("made"), "made.duckdb", "--rows", "30000")


def test_same_plan(tmp_path: Path) -> None:
    """The same plan gives the same rows in every column, and another seed gives others."""
    first, again, other = (
        rows(made(tmp_path, f"{at}.duckdb", "--rows", "1500", "--seed", seed), "SELECT COLUMNS(*)::VARCHAR FROM events")
        for at, seed in enumerate(("7", "7", "8"))
    )

    assert first == again
    assert len(other) == 1500
    assert not {row[0] for row in first} & {row[0] for row in other}


def test_rows_lie_in_the_order_of_time(db: Path) -> None:
    """There are as many rows as were asked for, in the order of time, none outside of the period."""
    times = [row[0] for row in rows(db, "SELECT started_at FROM events")]

    assert len(times) == 30_000
    assert times == sorted(times)
    assert rows(db, "SELECT min(started_at) >= ?::TIMESTAMP FROM events", "2026-10-23T06:30") == [(True,)]
    assert rows(
        db, "SELECT max(started_at + to_microseconds((latency_ms * 1000)::BIGINT)) < ?::TIMESTAMP FROM events", UNTIL
    ) == [(True,)]


def test_every_kind_is_there(db: Path) -> None:
    """Every cost status, outcome and error class is among the calls, and so is each thing that a policy does."""
    told = {
        name: {row[0] for row in rows(db, f"SELECT DISTINCT {name} FROM events")}
        for name in COLUMNS
        if name != "charges"
    }

    assert told["cost_status"] == set(CostStatus)
    assert told["outcome"] == set(Outcome)
    assert told["error_class"] == {None, "transient", "user", "system"}
    assert {1, 2, 3} == told["attempt"]
    assert {str(policy).partition(":")[0] for policy in told["policy"]} == {
        "None", "retries", "fallback", "budget", "rate_limit", "breaker", "cache",
    }  # fmt: skip
    empty = {name for name, values in told.items() if values == {None}}
    assert empty == {"results_id", "variant", "client_skew_ms", "content"}


def test_charges_are_those_of_the_price_list(db: Path) -> None:
    """Each charge has the rate and amount that pricing.yaml gives at that moment, and the version says so."""
    book = pricing.load(generate.PRICES)
    found = rows(
        db,
        """SELECT provider, request_model, started_at, service_tier, region, price_version, charges FROM events
        WHERE model IS NOT NULL AND len(charges) > 0 ORDER BY event_id LIMIT 400""",
    )

    assert len(found) == 400
    for provider, model, at, tier, region, version, lines in found:
        batch = tier == "batch"
        terms = Terms(at.replace(tzinfo=UTC), 1000, None if batch else tier, batch, region)
        quote = book.quote(book.providers[provider], model, terms)
        charges = tuple(Charge(**line) for line in lines if line["unit"] != "adjustment")
        assert quote is not None
        assert version == quote.version
        assert charges == pricing.charges(quote, {charge.unit: charge.quantity for charge in charges})


def test_charges_add_up(db: Path) -> None:
    """The cost is the sum of the charges, the charges count each token once, and what is unknown is NULL."""
    added = "list_sum([line.amount_usd FOR line IN charges])"
    counted = "list_sum([line.quantity FOR line IN charges IF line.per = 1000000])"
    wrong = {
        "free": "cost_status = 'not_billed' AND (len(charges) > 0 OR cost_usd <> 0)",
        "known": f"cost_status NOT IN ('not_billed', 'unpriced', 'pending') AND cost_usd IS DISTINCT FROM {added}",
        "unknown": "cost_status IN ('unpriced', 'pending') AND cost_usd IS NOT NULL",
        "exact": "cost_status = 'exact' AND len(list_filter(charges, lambda line: line.amount_usd IS NULL)) > 0",
        "counts": f"len(charges) > 0 AND input_tokens + output_tokens IS DISTINCT FROM {counted}",
    }

    assert {name: number(db, f"SELECT count(*) FROM events WHERE {which}") for name, which in wrong.items()} == (
        dict.fromkeys(wrong, 0)
    )


def test_a_retry_follows_what_it_repeats(db: Path) -> None:
    """What is tried again is a failed attempt at the same request, one before and earlier."""
    wrong = """SELECT count(*) FROM events LEFT JOIN events AS before ON before.event_id = events.retry_of
        WHERE events.attempt > 1 AND events.policy IS DISTINCT FROM 'retries:skip' AND (
            before.outcome IS DISTINCT FROM 'error' OR before.attempt <> events.attempt - 1
            OR before.request_id <> events.request_id OR before.started_at >= events.started_at)"""

    assert number(db, "SELECT count(*) FROM events WHERE attempt > 1") > 100
    assert number(db, wrong) == 0


def test_an_answer_from_the_cache_is_that_of_an_equal_request(db: Path) -> None:
    """The call that paid for it came before, asked for the same, ended well, and cost what the cache saves."""
    wrong = """SELECT count(*) FROM events LEFT JOIN events AS paid ON paid.event_id = events.reason
        WHERE events.policy = 'cache' AND (
            paid.request_id IS DISTINCT FROM events.request_id OR paid.request_model <> events.request_model
            OR paid.policy IS NOT NULL OR paid.outcome <> 'ok' OR paid.started_at >= events.started_at
            OR paid.cost_usd <> events.list_cost_usd OR events.output_tokens IS NOT NULL)"""

    assert number(db, "SELECT count(*) FROM events WHERE policy = 'cache'") > 100
    assert number(db, wrong) == 0


def test_what_was_not_counted_again_was_counted_before(db: Path) -> None:
    """Behind each skipped retry is an equal request of the same caller, within an hour, answered and billed."""
    wrong = """SELECT count(*) FROM events LEFT JOIN events AS before ON before.event_id = events.retry_of
        WHERE events.policy = 'retries:skip' AND (before.request_id IS DISTINCT FROM events.request_id
            OR before.cost_usd IS NULL OR before.outcome <> 'ok' OR before.cost_status = 'not_billed'
            OR events.cost_usd <> 0 OR events.started_at - before.started_at > INTERVAL 1 HOUR
            OR before.customer_id IS DISTINCT FROM events.customer_id OR before.provider <> events.provider)"""

    assert number(db, "SELECT count(*) FROM events WHERE policy = 'retries:skip'") > 10
    assert number(db, wrong) == 0


def test_requests_are_equal_only_where_they_are_meant_to_be(db: Path) -> None:
    """Beside attempts and what the cache answered some requests are sent again, by other customers, and few."""
    again = """SELECT count(*) - count(DISTINCT request_id) FROM events
        WHERE attempt = 1 AND policy IS DISTINCT FROM 'cache'"""

    assert 10 < number(db, again) < 300


def test_limits_are_told_by_those_who_tell_them(db: Path) -> None:
    """Some providers tell their limits with every answer; nobody does who did not answer."""
    told = dict(rows(db, "SELECT provider, avg((rate_limits IS NOT NULL)::INTEGER) FROM events GROUP BY 1"))
    silent = """SELECT count(*) FROM events WHERE rate_limits IS NOT NULL
        AND (policy = 'cache' OR policy LIKE 'budget%' OR policy LIKE 'breaker%' OR error_type = 'connection_error')"""
    left = """SELECT count(*) FROM events WHERE status_code = 429 AND policy NOT LIKE '%:%'
        AND provider = 'openai' AND rate_limits ->> '$.requests.remaining' <> '0'"""

    assert all(told[provider] > 0.9 for provider in ("openai", "anthropic", "groq"))
    assert 0 < told["gcp.gemini"] < 0.05
    assert number(db, silent) == 0
    assert number(db, left) == 0


def test_a_breaker_refuses_calls_of_its_own_host(db: Path) -> None:
    """It is named after the host, and open."""
    assert rows(db, "SELECT DISTINCT policy, host, breaker FROM events WHERE policy LIKE 'breaker:%'") == [
        ("breaker:api.openai.com", "api.openai.com", "open")
    ]


def test_spans_make_trees(db: Path) -> None:
    """The parent of each span is one of its own trace, whose call came first."""
    wrong = """SELECT count(*) FROM events WHERE parent_span_id IS NOT NULL AND NOT EXISTS (
        FROM events AS parent WHERE parent.trace_id = events.trace_id AND parent.span_id = events.parent_span_id
            AND parent.section = regexp_extract(events.section, '(.*)/', 1)
            AND parent.started_at < events.started_at)"""

    assert number(db, "SELECT count(*) FROM events WHERE parent_span_id IS NOT NULL") > 1000
    assert number(db, wrong) == 0


def test_one_variant_is_slower_and_dearer(db: Path) -> None:
    """The candidate of one experiment answers at more length, the other's does not differ by more than chance."""
    found = dict(
        rows(
            db,
            """SELECT experiment_id, avg(output_tokens) FILTER (variant_id = 'candidate')
            / avg(output_tokens) FILTER (variant_id = 'control') FROM events WHERE cost_status = 'exact' GROUP BY 1""",
        )
    )

    assert 1.25 < found["warmer-tone"] < 1.45
    assert 0.85 < found["shorter-prompt"] < 1.15


def test_incidents(db: Path) -> None:
    """In one hour at least a third of a provider's calls fail, and one customer's spend goes up many times."""
    worst = """SELECT max(share) FROM (SELECT avg((outcome = 'error')::INTEGER) AS share FROM events
        WHERE provider = 'openai' GROUP BY date_trunc('hour', started_at) HAVING count(*) > 50)"""
    usual = "SELECT avg((outcome = 'error')::INTEGER) FROM events"
    spent = """SELECT max(cost) / median(cost) FROM (SELECT sum(cost_usd) AS cost FROM events
        WHERE customer_id = 'umbra-health' GROUP BY started_at::DATE)"""

    assert number(db, worst) > 0.33
    assert number(db, usual) < 0.08
    assert number(db, spent) > 10


@pytest.mark.slow
def test_week_and_growth(tmp_path: Path) -> None:
    """Weekends are quiet, nights too, and there is more at the end than at the beginning."""
    file = made(tmp_path, "year.duckdb", "--rows", "12000", "--days", "364")
    weekday = "avg((dayofweek(started_at) IN (0, 6))::INTEGER)"

    assert number(file, f"SELECT {weekday} FROM events") < 0.15
    assert number(file, "SELECT avg((hour(started_at) < 5)::INTEGER) FROM events") < 0.06
    assert number(file, "SELECT avg((started_at > TIMESTAMP '2026-05-02')::INTEGER) FROM events") > 0.55


def test_block_is_whole() -> None:
    """A block has each place once, and each retry comes right after the attempt that fails."""
    slots = layout(3)

    assert [slot.place for slot in slots] == list(range(BLOCK))
    assert all(
        after.session == slot.session and after.step == slot.step and after.attempt == slot.attempt + 1
        for slot, after in pairwise(slots)
        if slot.failing
    )


def test_says_what_it_made(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The program says what it made, and where."""
    capsys.readouterr()
    file = made(db.parent, "few.duckdb", "--rows", "10")

    assert f"{file}: 10 calls of 9 days up to 2026-11-01 06:30 UTC" in capsys.readouterr().out
    assert number(file, "SELECT count(*) FROM events") == 10


def test_nothing_is_overwritten(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there stays as it is."""
    before = db.stat()

    assert generate.main(["--db", str(db)]) == 1
    assert "is there already: name another file" in capsys.readouterr().err
    assert db.stat().st_mtime_ns == before.st_mtime_ns


def test_folder_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in no folder is refused in a sentence."""
    assert generate.main(["--db", str(tmp_path / "no" / "x.duckdb")]) == 1
    assert "is no folder: make it first" in capsys.readouterr().err


@pytest.mark.parametrize("rows", ["0", "-5", "many"])
def test_too_few(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number of rows that makes no sense is refused."""
    with pytest.raises(SystemExit):
        generate.main(["--rows", rows])

    assert "--rows" in capsys.readouterr().err


def test_costs_are_whole_in_the_smallest_unit(db: Path) -> None:
    """Amounts keep every digit of the rates."""
    [(cost,)] = rows(db, "SELECT min(cost_usd) FROM events WHERE cost_usd > 0")

    assert isinstance(cost, Decimal)
    assert cost < Decimal("0.000001")
