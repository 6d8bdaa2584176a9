"""Sums of finished days: equal to what the calls tell, whatever is asked, and gone as soon as a call changes."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, Event, to_json, to_row
from llmobs.queries import query
from llmobs.store import spent
from llmobs.store.repricing import RENEWED
from scripts import archive, generate
from tests.writer.calls import AT, ended

DAY = AT.date()
LATER = DAY + timedelta(days=9)
ASKING_SPENT = sorted(
    file.stem
    for file in Path(generate.__file__).parent.glob("*.sql")
    if re.search(r"FROM (spent|caching)\b", file.read_text())
)


@pytest.fixture(autouse=True)
def _few_days_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of a single day are asked, too."""
    monkeypatch.setattr(spent, "_WORTH_DAYS", 1)


def days(path: Path) -> list[tuple[int, int]]:
    """The days that are done, counted from the first call's, with their calls."""
    found = store.read(path, "SELECT day, calls FROM daily_done ORDER BY day").rows
    return [((day - DAY).days, calls) for day, calls in found]  # type: ignore[operator,misc]


def summed_up(path: Path, before: date = LATER) -> Path:
    """The database with all that is over summed up."""
    with store.writing(path) as db:
        while db.sum_up(before):
            pass
    return path


def on_day(key: str, number: int, **more: object) -> Event:
    """A call so many days after the first."""
    return replace(ended(key, 24 * 60 * number), **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of three days with calls and one without between them, all summed up."""
    path = tmp_path / "events.duckdb"
    calls = [on_day("a", 0), on_day("b", 0), on_day("c", 1), on_day("d", 3)]
    with store.writing(path) as db:
        db.load([to_row(call) for call in calls], {})
    return summed_up(path, DAY + timedelta(days=4))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of made-up calls, which its maker has summed up."""
    path = tmp_path_factory.mktemp("month") / "calls.duckdb"
    assert generate.main(["--db", str(path), "--rows", "3000", "--days", "30", "--until", "2026-11-01T12:00"]) == 0
    return path


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"since": "2026-10-10 09:30:00", "until": "2026-10-29 17:00:00", "by_columns": ["customer", "feature"]},
        {"by_columns": ["day"], "since": "2026-10-24", "only_provider": "openai|anthropic"},
        {"by_columns": ["section", "month"], "only_run": "2026.*7"},
        {"tag_name": "feature", "by_columns": ["tag", "hour"], "only_tag": "s.*"},
    ],
    ids=["all", "groups", "choice", "run", "tag"],
)
def test_same_answers(month: Path, variables: dict[str, object]) -> None:
    """Each query gives of the sums what it gives of the calls, to the last digit."""
    with store.reading(month) as db:
        of_days = {name: db.query(query(name), variables=variables) for name in ASKING_SPENT}
    with duckdb.connect(month, read_only=True) as plain:
        db = store.Reading(plain)
        of_calls = {name: db.query(query(name), variables=variables) for name in ASKING_SPENT}

    assert len(ASKING_SPENT) > 9
    for name, found in of_days.items():
        assert found.columns == of_calls[name].columns
        assert [_near(row) for row in found.rows] == [_near(row) for row in of_calls[name].rows], name
    assert len(days(month)) == 30


def _near(row: store.Row) -> list[object]:
    """Squares are the only sums of floats, which depend on their order."""
    return [pytest.approx(cell) if isinstance(cell, float) else cell for cell in row]


def test_what_is_read(month: Path) -> None:
    """Whole days of the period come from their sums, the rest from the calls; a run's come from the calls alone."""
    with store.reading(month) as db:
        plans = [
            str(db.query("EXPLAIN SELECT sum(cost_usd) FROM spent", variables=variables).rows)
            for variables in ({}, {"only_run": "x"}, {"only_run": None, "since": "2026-10-31T00:00:01"})
        ]

    assert [("daily" in plan, "events" in plan) for plan in plans] == [(True, True), (False, True), (False, True)]


def test_days_in_order(path: Path) -> None:
    """A day without a call is done with the next one; the last day is not over."""
    assert days(path) == [(0, 2), (1, 1), (2, 0), (3, 1)]
    with store.writing(path) as db:
        assert not db.sum_up(DAY + timedelta(days=4))
        assert db.sum_up(DAY + timedelta(days=6))
        assert not db.sum_up(DAY + timedelta(days=6))
    assert days(path)[4:] == [(4, 0), (5, 0)]


def test_nothing_to_sum_up(tmp_path: Path) -> None:
    """An empty database has no day, and one that began today has none that is over."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        assert not db.sum_up(LATER)
        db.load([to_row(ended("a"))], {})
        assert not db.sum_up(DAY)


def lines(path: Path, *events: Event) -> Callable[[store.Writing], object]:
    """Load these as a file of lines."""
    file = path.with_name("lines")
    file.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    merging = any(event.job_id for event in events)
    return lambda db: db.load_lines(file, len(events), {}, merging=merging)


def renewed(path: Path) -> Callable[[store.Writing], object]:
    """Give a call of the first day another cost."""
    line = dict.fromkeys(RENEWED) | {"event_id": "a", "charges": [], "cost_usd": "7", "cost_status": "exact"}
    file = path.with_name("costs")
    file.write_text(json.dumps(line | {"was_status": "exact", "was_cost_usd": "0.0025"}) + "\n")
    return lambda db: db.reprice(file, datetime(2026, 12, 1))  # noqa: DTZ001 -- as the table has it


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda path: lambda db: db.load([to_row(on_day("e", 1))], {}), [0, 2, 3]),
        (lambda path: lambda db: db.load([to_row(on_day("e", 5))], {}), [0, 1, 2, 3]),
        (lambda path: lines(path, on_day("e", 3), on_day("f", 0)), [1, 2]),
        (lambda path: lines(path, on_day("e", 2, job_id="j")), [0, 1, 3]),
        (renewed, [1, 2, 3]),
        (lambda path: lambda db: db.delete_days(DAY + timedelta(days=1)), [1, 2, 3]),
        (lambda path: lambda db: db.forget_content(datetime(2027, 1, 1, tzinfo=UTC)), [0, 1, 2, 3]),
    ],
    ids=["row", "new_day", "lines", "job", "reprice", "delete", "content"],
)
def test_change(path: Path, change: Callable[[Path], Callable[[store.Writing], object]], left: list[int]) -> None:
    """What changes calls of a day undoes its sums and no other day's, and they come again."""
    done = change(path)
    with store.writing(path) as db:
        done(db)

    assert [day for day, _ in days(path)] == left
    assert _agree(path)
    assert _agree(summed_up(path))
    [(first,)] = store.read(path, "SELECT min(day) FROM calls").rows
    assert [day for day, _ in days(path)] == list(range((first - DAY).days, 9))  # type: ignore[operator]


def _agree(path: Path) -> bool:
    sums = "SELECT sum(calls), sum(cost_usd), sum(input_tokens), min(first_at), max(last_at) FROM {}"
    of_days, of_calls = (store.read(path, sums.format(view)).rows for view in ("spent", "spent_calls"))
    return of_days == of_calls


def test_result_of_a_job(path: Path) -> None:
    """A result that is seen days later undoes the day on which the job began, where its row is."""
    job = {"job_id": "batch_1", "operation": "batch"}
    with store.writing(path) as db:
        lines(path, on_day("asked", 1, **job, cost_usd=None, cost_status=CostStatus.PENDING))(db)
    summed_up(path)

    with store.writing(path) as db:
        lines(path, on_day("seen", 6, **job, cost_usd=Decimal(3)))(db)

    assert [day for day, _ in days(path)] == [0, 2, 3, 4, 5, 7, 8]
    assert _agree(path)


def test_archived_days_keep_their_sums(path: Path, tmp_path: Path) -> None:
    """Calls that move to files are summed up already; a late one of such a day is read with them, call by call."""
    assert archive.main(["--db", str(path), "--older-than", "1d", "--to", str(tmp_path / "old")]) == 0

    assert [day for day, _ in days(path)] == [0, 1, 2, 3]
    assert _agree(path)
    with store.writing(path) as db:
        db.load([to_row(on_day("late", 0))], {})
    assert [day for day, _ in days(summed_up(path, DAY + timedelta(days=4)))] == [1, 2, 3]
    assert _agree(path)


def test_change_by_hand(path: Path) -> None:
    """Where calls went that nobody told of, the sums are not believed."""
    with duckdb.connect(path) as db:
        db.execute("DELETE FROM events WHERE event_id = 'c'")

    assert store.read(path, "SELECT sum(calls) FROM spent").rows == [(3,)]


def test_older_database(path: Path) -> None:
    """One from before there were sums is read call by call."""
    with duckdb.connect(path) as db:
        db.execute("DROP TABLE daily; DROP TABLE daily_done; UPDATE meta SET value = '4' WHERE key = 'schema'")

    assert store.read(path, "SELECT sum(calls), count(*) FROM spent").rows == [(4, 4)]
    assert len(days(summed_up(path))) == 9


def test_a_change_that_fails(path: Path) -> None:
    """What is rolled back leaves the sums as they were."""
    with store.writing(path) as db, pytest.raises(store.BadRowError):
        lines(path, on_day("e", 1), replace(on_day("f", 1), status_code=99_999))(db)

    assert days(path) == [(0, 2), (1, 1), (2, 0), (3, 1)]


def test_few_days_are_read_call_by_call(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sums would answer for a few days only, they are left."""
    monkeypatch.undo()

    assert store.read(path, "SELECT count(*) FROM spent").rows == [(4,)]


def test_ranges() -> None:
    """Days that follow each other are one range, and the rest of time lies around them."""
    first, second, fourth = (date(2026, 11, day) for day in (1, 2, 4))

    held = spent.ranges([first, second, fourth])

    assert held == [(first, date(2026, 11, 3)), (fourth, date(2026, 11, 5))]
    assert list(spent.outside(held)) == [
        "started_at < '2026-11-01'",
        "started_at >= '2026-11-03' AND started_at < '2026-11-04'",
        "started_at >= '2026-11-05'",
    ]
    assert list(spent.outside([])) == ["true"]
