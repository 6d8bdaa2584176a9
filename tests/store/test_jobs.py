"""Jobs: one row for each, whoever asks for it, however often, and in whatever order the rows come."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import Charge, CostStatus, Event, Outcome, to_json, to_row
from llmobs.store import schema
from tests.writer.calls import AT, CHARGE, ended

RANKS = ["pending", "unpriced", "partial", "estimated", "exact", "provider_reported"]


def sighting(key: str, job: str | None, minutes: int, status: str = "exact", **more: Any) -> Event:
    """One answer about a job, or about none."""
    known = CostStatus(status) not in {CostStatus.PENDING, CostStatus.UNPRICED}
    seen = ended(key, minutes) if known else replace(ended(key, minutes), cost_usd=None, charges=(), usage=None)
    return replace(seen, job_id=job, cost_status=CostStatus(status), latency_ms=500.0, **more)


def batch(key: str, minutes: int, status: str = "exact", **more: Any) -> Event:
    """One answer about the object of a batch."""
    return sighting(key, "batch_1", minutes, status, operation="batch", results_id="file-1", **more)


def line(item: int, minutes: int = 30, status: str = "exact", **more: Any) -> Event:
    """One line of a batch's results; each download has events of its own."""
    return sighting(f"line-{item}-{minutes}", f"file-1/{item}", minutes, status, results_id="file-1", **more)


def adjustment(usd: Decimal) -> Charge:
    """The line of an invoice that makes it add up to what is paid."""
    return Charge("adjustment", Decimal(1), usd, 1, usd)


def listed(key: str, minutes: int, usd: str = "0.0025", **more: Any) -> Event:
    """An answer that tells what a payment was, which is estimated at its list price."""
    charge = CHARGE._replace(amount_usd=Decimal(usd))
    seen = sighting(key, "ch_1", minutes, "estimated", price_version="stripe/card", variant="usd", region="eu")
    return replace(seen, model="card", list_cost_usd=Decimal(usd), cost_usd=Decimal(usd), charges=(charge,), **more)


def paid(key: str, minutes: int, usd: str) -> Event:
    """An answer that tells only what was taken for a payment."""
    seen = sighting(key, "ch_1", minutes, "provider_reported", model=None)
    return replace(seen, cost_usd=Decimal(usd), charges=(adjustment(Decimal(usd)),))


class Database:
    """An empty database in memory, filled by one of both ways."""

    def __init__(self, lines: Path | None = None) -> None:
        self._db = duckdb.connect()
        self._lines = lines
        schema.provision(self._db, Path("memory"))

    def close(self) -> None:
        """Forget it."""
        self._db.close()

    def load(self, *events: Event) -> None:
        """Load these in one transaction."""
        writing = store.Writing(self._db)
        if self._lines:
            self._lines.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
            writing.load_lines(self._lines, len(events), {})
        else:
            writing.load([to_row(event) for event in events], {})

    def ask(self, columns: str) -> list[store.Row]:
        """These columns of all rows, sorted."""
        return self._db.execute(f"SELECT {columns} FROM events ORDER BY ALL").fetchall()

    def rows(self) -> list[store.Row]:
        """All rows as they are, sorted by their keys."""
        return self._db.execute("FROM events ORDER BY event_id").fetchall()


@pytest.fixture(params=["rows", "lines"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database for each way in."""
    with closing(Database(tmp_path / "lines" if request.param == "lines" else None)) as database:
        yield database


def test_poll_until_it_is_done(database: Database) -> None:
    """Twelve polls and a result are one row: who asked first, what it cost, and how long it took."""
    asked = sighting("post", "resp_1", 0, "pending", customer_id="acme", client="sdk", request_model="o3")
    database.load(replace(asked, request_bytes=90))
    for poll in range(12):
        database.load(sighting(f"get-{poll}", "resp_1", 1 + poll, "pending", request_model=None))
    database.load(sighting("done", "resp_1", 13, "exact", client="curl", request_model=None, request_bytes=0))

    identity = database.ask("event_id, started_at, customer_id, client, request_model, request_bytes")
    assert identity == [("post", AT.replace(tzinfo=None), "acme", "sdk", "o3", 90)]
    assert database.ask("cost_status, cost_usd, input_tokens, len(charges)") == [("exact", Decimal("0.0025"), 1000, 1)]
    assert database.ask("latency_ms, ttft_ms") == [(13 * 60_000 + 500, None)]


def test_result_before_the_request(database: Database) -> None:
    """A request that is stored after its result adds who asked and when, and changes no cost."""
    database.load(sighting("done", "resp_1", 13, "exact"))
    database.load(sighting("post", "resp_1", 0, "pending", run_id="r1"))

    assert database.ask("event_id, cost_status, run_id") == [("post", "exact", "r1")]


@pytest.mark.parametrize("better", range(1, 6))
def test_the_best_known_cost(database: Database, better: int) -> None:
    """A better known cost replaces another, whichever was first; it is never summed up."""
    for worse in range(better):
        ways = [sighting("a", f"up-{worse}", 0, RANKS[worse]), sighting("b", f"up-{worse}", 1, RANKS[better])]
        database.load(*ways)
        database.load(*(replace(event, job_id=f"down-{worse}") for event in reversed(ways)))

    assert {status for (status,) in database.ask("cost_status")} == {RANKS[better]}
    assert len(database.rows()) == 2 * better


@pytest.mark.parametrize("first", ["exact", "not_billed"])
def test_first_of_equals(database: Database, first: str) -> None:
    """Of answers that know the cost as well, the first counts, also when it is stored last or after a merge."""
    second = {"exact": "not_billed", "not_billed": "exact"}[first]
    database.load(sighting("post", "resp_1", 0, "pending"))
    database.load(sighting("late", "resp_1", 9, second))
    database.load(sighting("early", "resp_1", 5, first))
    database.load(sighting("again", "resp_1", 12, second))

    assert database.ask("event_id, cost_status") == [("post", first)]


def test_answer_without_a_length(database: Database) -> None:
    """A line of results, which has no length of its own, ended where it began: the first download counts."""
    database.load(replace(line(1, 5), latency_ms=None, client="first"))
    database.load(replace(line(1, 9, list_cost_usd=Decimal(9)), latency_ms=None, client="second"))
    assert database.ask("event_id, latency_ms, ttft_ms, client, list_cost_usd") == [
        ("line-1-5", None, None, "first", None)
    ]

    database.load(replace(line(1, 2, "pending", ttft_ms=7.25), latency_ms=None))
    assert database.ask("event_id, latency_ms, ttft_ms, cost_status") == [("line-1-2", 180_000, None, "exact")]


def test_call_that_nobody_saw_end(database: Database) -> None:
    """Of equals, one that was interrupted is the last."""
    cut = sighting("cut", "resp_1", 1, "pending", outcome=Outcome.INTERRUPTED)
    database.load(replace(cut, latency_ms=None), replace(sighting("post", "resp_1", 0, "pending"), latency_ms=9e6))

    assert database.ask("event_id, outcome, latency_ms") == [("post", "ok", 9e6)]


def test_same_id_elsewhere(database: Database) -> None:
    """The same id at another provider is other work, and so is a call without any id."""
    events = [sighting("a", "1", 0), sighting("b", "1", 1), sighting("c", None, 2), sighting("d", None, 3)]
    for event in events:
        database.load(event, replace(event, event_id=event.event_id * 2, provider="azure"))
    database.load(replace(sighting("e", "1", 4), provider=None), replace(sighting("f", "1", 5), provider=None))
    database.load(replace(sighting("g", "1", 6), provider=None))

    assert database.ask("event_id") == [(key,) for key in ["a", "aa", "c", "cc", "d", "dd", "e"]]


_PRICE = "model, price_version, variant, region, list_cost_usd, cost_usd, cost_status"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize(("usd", "more"), [("0.88", "0.8775"), ("0.001", "-0.0015"), ("0.0025", None)])
def test_what_is_paid_and_what_it_costs(database: Database, order: Sequence[int], usd: str, more: str | None) -> None:
    """Who tells only what is paid takes the list price from who knows it, and the charges add up to what is paid."""
    events = [sighting("post", "ch_1", 0, "pending"), listed("first", 1), paid("fee", 9, usd)]
    for at in order:
        database.load(events[at])

    cost = Decimal(usd)
    row = ("card", "stripe/card", "usd", "eu", Decimal("0.0025"), cost, "provider_reported")
    assert database.ask(_PRICE) == [row]
    rest = [] if more is None else [adjustment(Decimal(more))]
    assert database.ask("charges") == [([charge._asdict() for charge in (CHARGE, *rest)],)]


def test_same_answers_about_a_payment_again(database: Database) -> None:
    """A row that has another's list price is the same when it is merged with both again, and stays where it is."""
    events = [listed("first", 1), paid("fee", 9, "0.88"), sighting("other", "ch_2", 2)]
    database.load(*events)
    before = database.ask("rowid, COLUMNS(*)")
    for at in (0, 1, 0):
        database.load(events[at])

    assert database.ask("rowid, COLUMNS(*)") == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2)])
def test_best_list_price_of_a_payment(database: Database, order: Sequence[int]) -> None:
    """Of two list prices the first counts, also when what is paid is known before both."""
    events = [listed("first", 1, "1"), listed("second", 2, "2"), paid("fee", 9, "3")]
    for at in order:
        database.load(events[at])

    assert database.ask("list_cost_usd, cost_usd, [line.amount_usd FOR line IN charges]") == [(1, 3, [1, 2])]


def test_payment_that_tells_its_own_list_price(database: Database) -> None:
    """An answer that knows what is paid as well as its list price needs no other's."""
    own = replace(paid("own", 5, "3"), list_cost_usd=Decimal(4), charges=(adjustment(Decimal(-1)),))
    database.load(listed("first", 1, "1"), paid("fee", 9, "3"))
    database.load(own)
    database.load(listed("again", 0, "1"))

    assert database.ask("list_cost_usd, [line.amount_usd FOR line IN charges]") == [(4, [-1])]


BATCH = [batch("created", 0, "pending", customer_id="acme"), batch("done", 20), line(1), line(2)]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 1, 0), (2, 0, 3, 1), (1, 2, 0, 3), (3, 1, 2, 0)])
@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_batch_and_its_lines(database: Database, order: Sequence[int], at_once: int) -> None:
    """Whichever comes first, the lines carry the cost and the batch's customer, and the batch itself costs nothing."""
    for start in range(0, 4, at_once):
        database.load(*(BATCH[at] for at in order[start : start + at_once]))

    costs = database.ask("event_id, cost_status, cost_usd, list_cost_usd, customer_id, input_tokens, usage, charges")
    assert costs[0] == ("created", "not_billed", 0, 0, "acme", None, None, [])
    assert [row[:5] for row in costs[1:]] == [
        ("line-1-30", "exact", Decimal("0.0025"), None, "acme"),
        ("line-2-30", "exact", Decimal("0.0025"), None, "acme"),
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_lines_that_name_the_batch_itself(database: Database, order: Sequence[int]) -> None:
    """Where a vendor has no file, the results are known by the batch's own id."""
    events = [
        batch("done", 0, customer_id="acme", run_id="r1"),
        replace(line(1), results_id="batch_1", job_id="batch_1/1"),
    ]
    for at in order:
        database.load(replace(events[at], results_id=None) if at == 0 else events[at])

    assert database.ask("event_id, cost_status, customer_id, run_id") == [
        ("done", "not_billed", "acme", "r1"),
        ("line-1-30", "exact", "acme", "r1"),
    ]


BEHALF = {
    "customer_id": "acme",
    "run_id": "r1",
    "section": "agent:a",
    "tags": '{"team":"search"}',
    "feature_version": "f1",
    "prompt_version": "p1",
    "experiment_id": "e1",
    "variant_id": "v1",
}
SPAN = {"trace_id": "t1", "span_id": "s1", "parent_span_id": "p1"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_oldest_row_says_whose_a_job_was(database: Database, order: Sequence[int]) -> None:
    """A job belongs to who asked for it first; a key and its name, and a span and its trace, come from one row."""
    events = [
        sighting("post", "resp_1", 0, "pending", **BEHALF, api_key_id="k1", span_id="s1", client_skew_ms=1.5),
        sighting("poll", "resp_1", 1, "pending", **SPAN, section="agent:b", api_key_id="k2", api_key_name="name of k2"),
        sighting("done", "resp_1", 2, customer_id="other", client_skew_ms=9.5, api_key_id="k3"),
    ]
    for at in order:
        database.load(events[at])

    assert database.ask(", ".join(BEHALF)) == [tuple(BEHALF.values())]
    assert database.ask("client_skew_ms, api_key_id, api_key_name") == [(1.5, "k1", None)]
    assert database.ask(", ".join(SPAN)) == [(None, "s1", None)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_lines_inherit_on_whose_behalf_they_are(database: Database, order: Sequence[int]) -> None:
    """Lines are for whom their batch is, unless they say so themselves; nobody's span is mixed with another's."""
    events = [
        batch("created", 0, **BEHALF, **SPAN, api_key_id="k1", api_key_name="name of k1"),
        line(1),
        line(2, section="mine", tags="{}", span_id="s2"),
    ]
    for at in order:
        database.load(events[at])

    rows = database.ask(f"event_id, {', '.join((*BEHALF, *SPAN))}, api_key_name")
    assert rows[1] == ("line-1-30", *BEHALF.values(), *SPAN.values(), None)
    own = {**BEHALF, "section": "mine", "tags": "{}"}
    assert rows[2] == ("line-2-30", *own.values(), None, "s2", None, None)


def test_batch_without_lines(database: Database) -> None:
    """Totals count where no line passes by, and lines of another batch or provider change nothing."""
    database.load(batch("done", 20))
    database.load(replace(line(1), results_id="file-2"), replace(line(2), provider="azure"))

    assert database.ask("event_id, cost_status") == [("done", "exact"), ("line-1-30", "exact"), ("line-2-30", "exact")]


def test_results_that_are_told_late(database: Database) -> None:
    """A batch tells where its results are only when they are there; then its lines are known as its own."""
    database.load(line(1, run_id="mine"), line(2))
    database.load(replace(batch("created", 0, "pending", customer_id="acme", run_id="r1"), results_id=None))
    database.load(batch("done", 20))
    database.load(batch("again", 40, "provider_reported"))

    assert database.ask("event_id, results_id, cost_usd, customer_id, run_id") == [
        ("created", "file-1", 0, "acme", "r1"),
        ("line-1-30", "file-1", Decimal("0.0025"), "acme", "mine"),
        ("line-2-30", "file-1", Decimal("0.0025"), "acme", "r1"),
    ]


def test_batch_of_a_subscription(database: Database) -> None:
    """What its lines would cost is not told again by the batch."""
    database.load(batch("done", 20, "not_billed", list_cost_usd=Decimal(2)), line(1))

    assert database.ask("event_id, list_cost_usd") == [("done", 0), ("line-1-30", None)]


def test_results_that_are_downloaded_again(database: Database) -> None:
    """A second download changes nothing, not even the rows' place in the table."""
    database.load(*(line(item) for item in range(50)))
    before = database.ask("rowid, event_id, latency_ms")
    database.load(*(line(item, minutes=60) for item in range(50)))

    assert database.ask("rowid, event_id, latency_ms") == before


def test_calls_beside_jobs(database: Database) -> None:
    """Ordinary calls of the same load are all kept, also with equal keys."""
    database.load(sighting("a", None, 0), sighting("a", None, 0), sighting("b", "resp_1", 0))

    assert database.ask("event_id") == [("a",), ("a",), ("b",)]


def test_columns_of_the_user(tmp_path: Path) -> None:
    """What a user added to the table stays with a job whose better row is the stored one."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(sighting("done", "resp_1", 5))], {})
    with duckdb.connect(path) as plain:
        plain.execute("ALTER TABLE events ADD COLUMN note VARCHAR; UPDATE events SET note = 'mine'")
    with store.writing(path) as db:
        db.load([to_row(sighting("post", "resp_1", 0, "pending"))], {})

    assert store.read(path, "SELECT event_id, note FROM events").rows == [("post", "mine")]


def test_bad_row_among_jobs(database: Database) -> None:
    """A value that fits no column stores nothing of its load, and leaves what was there."""
    database.load(sighting("a", "resp_1", 5))
    with pytest.raises(store.BadRowError):
        database.load(sighting("b", "resp_1", 0), replace(sighting("c", "resp_2", 0), status_code=70_000))

    assert database.ask("event_id") == [("a",)]


def ended_at(event: Event) -> float:
    """When an answer was complete, in seconds."""
    return (event.started_at - AT).total_seconds() + (event.latency_ms or 0) / 1000


def rank(event: Event) -> int:
    """How well the cost is known."""
    return RANKS.index(event.cost_status.replace("not_billed", "exact"))


def standing(event: Event) -> tuple[int, float]:
    """What decides between the answers about a job; the least is the best."""
    return -rank(event), ended_at(event)


def borrowed(best: Event, events: Iterable[Event]) -> dict[str, Any]:
    """What the best answer takes from the one that knows the list price best, where it tells none itself."""
    knowing = [event for event in events if event.list_cost_usd is not None]
    if best.cost_status != "provider_reported" or best.list_cost_usd is not None or not knowing:
        return {}
    lender = min(knowing, key=standing)
    lines = [line for line in lender.charges if line.unit != "adjustment"]
    rest = (best.cost_usd or 0) - sum((line.amount_usd or Decimal(0) for line in lines), Decimal(0))
    charges = (*lines, adjustment(rest)) if rest else tuple(lines)
    names = ("model", "price_version", "variant", "region", "list_cost_usd")
    return {name: getattr(lender, name) for name in names} | {"charges": charges}


def one(events: Iterable[Event]) -> Event:
    """The row of a job, by the rule as it is told."""
    oldest, *_ = by_age = sorted(events, key=lambda event: event.started_at)
    best = min(by_age, key=standing)
    kept = {
        name: next((value for event in by_age if (value := getattr(event, name)) is not None), None)
        for name in (
            "host",
            "path",
            "method",
            "request_bytes",
            "client",
            "client_skew_ms",
            "request_model",
            "results_id",
            *BEHALF,
        )
    }
    for group in (SPAN, ("api_key_id", "api_key_name")):
        told = next((event for event in by_age if any(getattr(event, name) for name in group)), oldest)
        kept |= {name: getattr(told, name) for name in group}
    latency = best.latency_ms if best is oldest else (ended_at(best) - ended_at(replace(oldest, latency_ms=0))) * 1000
    kept |= borrowed(best, by_age)
    return replace(best, event_id=oldest.event_id, started_at=oldest.started_at, latency_ms=latency, **kept)


def settled(events: Iterable[Event]) -> list[Event]:
    """What remains of jobs with at most one batch among them."""
    rows = [one(group) for _, group in groupby(sorted(events, key=_job), key=_job)]
    batches = [row for row in rows if row.operation == "batch"]
    if len(batches) == len(rows) or not batches or not batches[0].results_id:
        return rows
    nothing = {"cost_usd": Decimal(0), "list_cost_usd": Decimal(0), "charges": (), "usage": None, "input_tokens": None}
    free = replace(batches[0], cost_status=CostStatus.NOT_BILLED, **nothing)
    lines = [row for row in rows if row.operation != "batch"]
    return [free, *(_heir(row, free) for row in lines)]


def _heir(row: Event, of: Event) -> Event:
    columns = (*BEHALF, *(() if any(getattr(row, name) for name in SPAN) else SPAN))
    return replace(row, **{name: getattr(row, name) or getattr(of, name) for name in columns})


def _job(event: Event) -> str:
    return str(event.job_id)


def comparable(row: Sequence[object]) -> dict[str, object]:
    """A row by its columns; which answer told that a batch is done says nothing once its lines are there."""
    cells = dict(zip(COLUMNS, row, strict=True))
    free = cells["operation"] == "batch" and cells["cost_status"] == "not_billed"
    if free:
        return cells | dict.fromkeys(("latency_ms", "model", "price_version", "variant", "region"))
    return cells | {"latency_ms": round(float(str(cells["latency_ms"])), 3)}


_MINUTES = st.lists(st.integers(0, 99), min_size=1, max_size=9, unique=True)


def priced(event: Event, at: int, usd: Decimal, listing: Decimal | None) -> Event:
    """An answer with prices of its own; None is one that tells only what is paid, where that is told at all."""
    if event.cost_usd is None:
        return event
    reported = event.cost_status == "provider_reported"
    if reported and listing is None:
        return replace(event, model=None, cost_usd=usd, charges=(adjustment(usd),))
    known = (listing or usd) if reported else usd
    lines = (CHARGE._replace(amount_usd=known), *([adjustment(usd - known)] if usd != known else []))
    names = {"model": f"model {at}", "price_version": f"version {at}", "variant": f"variant {at}", "region": "eu"}
    return replace(event, cost_usd=usd, list_cost_usd=known, charges=lines, **names)


_USD = st.integers(1, 3).map(Decimal)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Answers about a batch and its lines at different moments, some of them slow; the batch may hide its results."""
    events = []
    for at, minute in enumerate(draw(_MINUTES)):
        seen = draw(
            st.sampled_from([line(1, minute), line(2, minute), batch(f"b{at}", minute), batch(f"b{at}", minute)])
        )
        status = draw(st.sampled_from([*RANKS, "not_billed"]))
        asked = priced(sighting(seen.event_id, seen.job_id, minute, status), at, draw(_USD), draw(st.none() | _USD))
        hidden = seen.operation == "batch" and draw(st.booleans())
        events.append(
            replace(
                asked,
                operation=seen.operation,
                results_id=None if hidden else "file-1",
                latency_ms=draw(st.integers(0, 20)) * 60_000 + at + 0.125,
                **draw(st.sampled_from([{}, {"customer_id": "acme"}, BEHALF, SPAN, BEHALF | SPAN])),
                client=f"client {at}",
                request_bytes=at,
            )
        )
    return events


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_any_order_and_any_loads(events: list[Event], data: st.DataObject) -> None:
    """However the rows are ordered and spread over loads, the same rows remain."""
    left = data.draw(st.permutations(events))
    with closing(Database()) as database:
        while left:
            size = data.draw(st.integers(1, len(left)))
            database.load(*left[:size])
            left = left[size:]
        rows = database.rows()

    expected = sorted((to_row(event) for event in settled(events)), key=lambda row: str(row[0]))
    assert [comparable(row) for row in rows] == [comparable(row) for row in expected]


def test_many_polls_in_one_load(database: Database) -> None:
    """Five thousand answers about one job, and one each about as many, are merged in one load."""
    polls = [
        replace(sighting(f"p{n:04}", "one", 0, "pending"), started_at=AT + timedelta(seconds=n)) for n in range(5000)
    ]
    database.load(*polls)
    database.load(*(replace(poll, job_id=poll.event_id, client=None) for poll in polls))

    assert len(database.rows()) == 5001
    assert database.ask("event_id")[0] == ("p0000",)
