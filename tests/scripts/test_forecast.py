"""Projections of spend: whole days, amounts that a hand can reckon, intervals, and refusals."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event
from scripts import forecast
from scripts.inference import library
from tests.scripts import reports
from tests.scripts.reports import stored
from tests.writer.calls import ended

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
PERIOD = ("--since", "2026-10-01", "--until", "2026-11-01")


def call(day: int, number: int, cost: str | None, **more: object) -> Event:
    """A call on a day of October."""
    told = replace(
        ended(f"{day}.{number}.{more}"),
        started_at=BEGIN + timedelta(days=day - 1, hours=12, minutes=number),
        cost_usd=None if cost is None else Decimal(cost),
        cost_status=CostStatus.UNPRICED if cost is None else CostStatus.EXACT,
    )
    return replace(told, **more)


def days(first: int, last: int, calls: int, cost: str | None, **more: object) -> Iterator[Event]:
    """So many calls of one cost on each day."""
    return (call(day, number, cost, **more) for day in range(first, last + 1) for number in range(calls))


def database(folder: Path, *calls: Event) -> Path:
    """A file with those calls."""
    return stored(folder / "events.duckdb", calls)


printed = partial(reports.printed, forecast.main)
answered = partial(reports.answered, forecast.main)


def test_equal_days_are_projected_without_doubt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four calls of a quarter dollar a day are 1, 30 and 365 dollars, and 250 for a thousand calls a day."""
    path = database(tmp_path, *days(1, 31, 4, "0.25"))
    found = answered(capsys, "--db", path, *PERIOD, "--calls", "1000")
    text = printed(capsys, "--db", path, *PERIOD)

    assert (found["days"], found["first_day"], found["last_day"]) == (31, "2026-10-01", "2026-10-31")
    assert found["measured"]["usd_per_call"] == Decimal("0.25")
    now, trend, given = found["projections"]
    assert (now["kind"], now["calls_per_day"], now["day_usd"], now["month_usd"], now["year_usd"]) == (
        "now",
        4,
        1,
        30,
        365,
    )
    assert (now["month_low_usd"], now["month_high_usd"]) == (30, 30)
    assert (trend["kind"], trend["calls_per_day"], trend["month_usd"]) == ("trend", None, 30)
    assert (given["calls_per_day"], given["day_usd"]) == (1000, 250)
    assert "31 whole UTC days, 2026-10-01 to 2026-10-31: 124 calls, $31.00" in text
    assert "now 4" in text
    assert "1,000,000" in text
    assert "2,000 bootstrap samples of weeks" in text


def test_the_volume_of_now_is_that_of_the_last_week(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After three weeks of one call a day a week of four a day counts, and the trend goes further."""
    path = database(tmp_path, *days(1, 24, 1, "1"), *days(25, 31, 4, "1"))
    now, trend, *_ = answered(capsys, "--db", path, *PERIOD)["projections"]

    assert (now["calls_per_day"], now["day_usd"]) == (4, 4)
    assert trend["month_low_usd"] < trend["month_usd"] < trend["month_high_usd"]
    assert trend["month_usd"] > now["month_usd"] * Decimal("0.9")


def test_empty_days_count_and_the_first_one_may_be_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A first call within the period begins with the next whole day; days without a call are days."""
    path = database(tmp_path, *days(10, 13, 2, "1"))
    found = answered(capsys, "--db", path, "--since", "2026-10-05T06:00", "--until", "2026-10-17T06:00")

    assert (found["days"], found["first_day"], found["last_day"]) == (6, "2026-10-11", "2026-10-16")
    assert found["measured"]["calls"] == 6
    assert "year_usd" not in found["projections"][0]
    assert [told["kind"] for told in found["projections"]][:2] == ["now", "given"]


def test_few_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Less than two weeks give no year and no trend, and say when they will."""
    text = printed(
        capsys, "--db", database(tmp_path, *days(1, 13, 2, "1")), "--since", "2026-10-01", "--until", "2026-10-14"
    )

    assert "bootstrap samples of days, from 13 days" in text
    assert "From 14 days on there is a projection for the year" in text
    assert "trend goes on" not in text


def test_two_days_are_not_projected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is known of them is said, and why there is no more."""
    path = database(tmp_path, *days(1, 3, 2, "1"))
    text = printed(capsys, "--db", path, "--since", "2026-09-20", "--until", "2026-10-03")
    one = printed(capsys, "--db", path, "--since", "2026-10-01", "--until", "2026-10-02")
    found = answered(capsys, "--db", path, "--since", "2026-10-01", "--until", "2026-10-02")

    assert "1 whole UTC day, 2026-10-02 to 2026-10-02: 2 calls, $2.00" in text
    assert "No projection: 1 whole UTC day is known, and a projection needs 3." in one
    assert found["projections"] == []


def test_unknown_costs_are_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Amounts are at least so much, the share of unknown calls is told, and a group of unknown cost has none."""
    path = database(tmp_path, *days(1, 28, 3, "1"), *days(1, 28, 1, None, model="mine"))
    text = printed(capsys, "--db", path, *PERIOD, "--by", "model")
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line}

    assert "The cost of 28 calls (25.0%) is not known" in text
    assert "≥$750.00 for 1,000 calls" in text
    assert lines["mine"][1:4] == ["1", "?", "?"]
    assert lines["gpt-4o"][2] == "$1,000.00"


def test_estimates_are_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An estimated cost makes the sum about so much."""
    text = printed(capsys, "--db", database(tmp_path, *days(1, 31, 1, "1", cost_status=CostStatus.ESTIMATED)), *PERIOD)

    assert "≈$1,000.00 for 1,000 calls" in text


def test_by_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The dearest come first with their share; the others are counted; a group may have days without a call."""
    path = database(
        tmp_path,
        *days(1, 31, 1, "3", model="large"),
        *days(1, 31, 1, "1", model="small"),
        call(5, 1, "2", model=None, request_model=None),
    )  # fmt: skip
    text = printed(capsys, "--db", path, *PERIOD, "--by", "model", "--top", "2")
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", path, *PERIOD, "--by", "model", "--csv"))))

    assert "1 more cost less" in text
    assert [row["model"] for row in rows] == ["large", "small", ""]
    assert Decimal(rows[0]["month_usd"]) == 90
    assert "73.8%" in text


def test_a_group_of_the_day_that_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was called on that day only is not there."""
    path = database(tmp_path, call(2, 0, "9", model="tried"), *days(2, 20, 1, "1"))
    found = answered(capsys, "--db", path, *PERIOD, "--by", "model")

    assert [group["model"] for group in found["groups"]] == ["gpt-4o"]


def test_free_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What costs nothing is projected as nothing, and no share of it."""
    text = printed(capsys, "--db", database(tmp_path, *days(1, 31, 1, "0")), *PERIOD, "--by", "model")

    assert "$0.00" in text
    assert text.rstrip().splitlines()[-2].endswith("-")


def test_csv_of_projections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each volume."""
    path = database(tmp_path, *days(1, 31, 4, "0.25"))
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", path, *PERIOD, "--csv"))))

    assert [row["calls_per_day"] for row in rows] == ["4", "", "1000", "10000", "100000", "1000000"]


def test_the_last_four_weeks_are_meant_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a period the days up to yesterday count, and what is older or of today does not."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = [replace(call(1, 0, "1"), event_id=str(at), started_at=today - timedelta(at)) for at in range(40)]
    found = answered(capsys, "--db", database(tmp_path, *calls))

    assert found["days"] == 28
    assert date.fromisoformat(str(found["last_day"])) == today.date() - timedelta(1)


def test_nothing_on_whole_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which days it looks at."""
    text = printed(
        capsys, "--db", database(tmp_path, *days(1, 1, 1, "1")), "--since", "2026-01-01", "--until", "2026-01-09"
    )

    assert "holds no such call on a whole UTC day" in text


def test_what_does_not_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No database, no library, no number, and no grouping by days each get a sentence."""
    assert forecast.main(["--db", str(tmp_path / "none.duckdb")]) == 1
    for wrong in (["--calls", "many"], ["--calls", "0"], ["--by", "day"]):
        with pytest.raises(SystemExit):
            forecast.main(wrong)
    monkeypatch.setattr(library, "LIBRARY", "no_such_library")
    assert forecast.main([]) == 1
    told = capsys.readouterr().err

    assert "does not exist" in told
    assert "many is no whole number" in told
    assert "no such grouping: day" in told
    assert "needs scipy" in told
