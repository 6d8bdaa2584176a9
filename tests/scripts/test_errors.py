"""The error report: rates, kinds, retries, rate limits and streaks, each figure counted by hand."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event, Outcome
from scripts import errors
from tests.scripts.reports import printed, rows_of, stored
from tests.store.files import foreign
from tests.writer.calls import AT, ended

SINCE = ("--since", "2026-11-20", "--until", "2026-11-21")
LIMITED = '{"requests":{"limit":500,"remaining":0},"tokens":{"used_percent":85},"retry_after_s":20}'


def failed(key: str, minutes: int, status: int | None, kind: str, error_class: str, **more: object) -> Event:
    """A call that failed and cost nothing."""
    event = replace(ended(key, minutes), outcome=Outcome.ERROR, status_code=status, cost_usd=Decimal(0), latency_ms=500)
    return replace(event, error_type=kind, error_class=error_class, **more)


def limited(key: str, minutes: int, **more: object) -> Event:
    """A call that the provider's rate limit refused."""
    return failed(key, minutes, 429, "rate_limit_exceeded", "transient", rate_limits=LIMITED, **more)


CALLS = [
    *(ended(f"good{at}", at) for at in range(10)),
    limited("limited", 20, api_key_name="team"),
    limited("again", 21, api_key_name="team", attempt=2, retry_of="limited"),
    replace(ended("better", 22), attempt=3, retry_of="again", rate_limits='{"requests":{"limit":500,"remaining":400}}'),
    failed("broken", 23, 500, "server_error", "system", cost_usd=None, cost_status=CostStatus.UNPRICED),
    failed("bad", 24, 400, "invalid_request_error", "user"),
    replace(ended("cut", 25), outcome=Outcome.UPSTREAM_ABORTED),
    replace(ended("left", 26), outcome=Outcome.CLIENT_ABORTED),
    *(replace(ended(f"other{at}", at), model="o3") for at in range(40)),
    replace(failed("once", 41, 503, "overloaded", "transient"), model="o3"),
    failed("refused", 50, 429, "budget", "user", policy="budget:all"),
    replace(ended("cached", 51), policy="cache"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day with errors of each kind."""
    return stored(tmp_path_factory.mktemp("database") / "events.duckdb", CALLS)


def test_rates(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each attempt counts that a provider saw; rates over the threshold are marked, clients that left apart."""
    text = printed(errors.main, capsys, "--db", database, *SINCE)
    rows = rows_of(text, "Errors by provider and model: 1 of 2 over 5.0%")

    assert "2026-11-21 00:00 UTC, 6 errors in 58 calls, 10.3%" in " ".join(text.split())
    assert rows[0] == ["openai", "gpt-4o", "17", "5", "!29.4%", "█", "2", "2", "1", "1", "1", "2", "1"]
    assert rows[1][:5] == ["openai", "o3", "41", "1", "2.4%"]
    [note] = rows[2]
    assert note.startswith("! over 5.0%; 429 (too many requests) and cut off (the answer broke off) count in a class ")
    assert note.endswith("mostly in transient; left: the client went away, which is no error")


def test_threshold(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another threshold marks other rows; where none is over it, nothing is said of it."""
    assert "2 of 2 over 2.0%" in printed(errors.main, capsys, "--db", database, *SINCE, "--threshold", "2%")
    text = printed(errors.main, capsys, "--db", database, *SINCE, "--threshold", "50", "--limit", 1)
    assert "over 50" not in text
    [note] = rows_of(text, "Errors by")[-1]
    assert note.endswith("left: the client went away, which is no error; 1 more rows: --limit")


@pytest.mark.parametrize("text", ["x", "101%", "-1%", ""])
def test_threshold_that_makes_no_sense(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A threshold is a percentage."""
    with pytest.raises(SystemExit):
        errors.main([f"--threshold={text}"])
    assert "is no share; write a percentage such as 5% or 0.5%" in capsys.readouterr().err


def test_over_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The period is cut into 24 parts: each shows its rate, one without a call is blank."""
    hourly = [ended("1", -690), ended("2", 0), limited("3", 1), limited("4", 60), limited("5", 719)]
    path = stored(tmp_path / "events.duckdb", hourly)
    answer = json.loads(printed(errors.main, capsys, "--db", path, *SINCE, "--json"))

    assert answer["errors"][0]["rates"] == [0, *[None] * 11, 0.5, 1, *[None] * 9, 1]
    assert "▁           ▅█         █" in printed(errors.main, capsys, "--db", path, *SINCE)


def test_times_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of hours stand in the order of time, however many errors they have."""
    path = stored(tmp_path / "events.duckdb", [ended("1"), limited("2", 60), limited("3", 61), limited("4", 120)])
    rows = rows_of(printed(errors.main, capsys, "--db", path, *SINCE, "--by", "hour"), "Errors by hour")

    assert [(row[0][11:13], row[2]) for row in rows[:3]] == [("12", "0"), ("13", "2"), ("14", "1")]


def test_kinds(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors are told by class, type and status, with what was charged all the same; an unknown charge is a ?."""
    rows = rows_of(printed(errors.main, capsys, "--db", database, *SINCE), "Kinds of errors")

    assert rows[0] == [
        "transient", "rate_limit_exceeded", "429", "openai", "2", "33.3%", "████", "$0.00", "11-20 12:21",
    ]  # fmt: skip
    assert ["system", "server_error", "500", "openai", "1", "16.7%", "██", "?", "11-20 12:23"] in rows
    assert ["(none)", "upstream_aborted", "200", "openai", "1", "16.7%", "██", "$0.0025", "11-20 12:25"] in rows


def test_retries(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Retries are told with what they brought, cost and lost; an error that nobody repeated is counted."""
    text = printed(errors.main, capsys, "--db", database, *SINCE)

    assert rows_of(text, "Retries: 2, $0.0025") == [
        ["openai", "gpt-4o", "2", "50.0%", "$0.0025", "≥$0.0025", "2.00 s", "3"],
        ["time lost: what failed attempts took"],
    ]


def test_rate_limits(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refusals by key, and each limit with the share that is used, at last and at most, and when that was last so."""
    text = printed(errors.main, capsys, "--db", database, *SINCE)

    assert rows_of(text, "Refused by rate limits: 2") == [["openai", "gpt-4o", "team", "2", "20.0 s", "11-20 12:21"]]
    assert rows_of(text, "Rate limits, as the providers tell them") == [
        ["openai", "team", "requests", "500", "100.0%", "!100.0%", "████████████", "11-20 12:21"],
        ["openai", "team", "tokens", "-", "85.0%", "!85.0%", "██████████▎", "11-20 12:21"],
        ["openai", "(none)", "requests", "500", "20.0%", "20.0%", "██▍", "11-20 12:22"],
    ]


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        ('{"w":{"limit":10,"used":4}}', 0.4),
        ('{"w":{"utilization":0.3}}', 0.3),
        ('{"w":{"remaining_percent":25}}', 0.75),
        ('{"w":{"limit":0,"remaining":0}}', None),
        ('{"w":{"status":"ok"}}', None),
        ('{"w":7,"$.x":{"limit":"a","remaining":[]}}', None),
    ],
)
def test_words_of_rate_limits(
    limits: str, used: float | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However a provider tells it, the used share is told; where nothing tells it, there is no row."""
    path = stored(tmp_path / "events.duckdb", [replace(ended("1"), rate_limits=limits)])
    answer = json.loads(printed(errors.main, capsys, "--db", path, *SINCE, "--json"))

    assert [row["used_most"] for row in answer["limits"]] == ([] if used is None else [pytest.approx(used)])


def test_streaks(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors with no good answer between them are a streak; it goes on where no good answer followed. One is none."""
    text = printed(errors.main, capsys, "--db", database, *SINCE)

    assert rows_of(text, "Longest streaks") == [
        ["api.openai.com", "gpt-4o", "3", "11-20 12:23", "2m00s", "invalid_request_error", "goes on"]
    ]


def test_streak_from_the_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A streak needs no good answer before it; the longest of a model counts, and a model may be unknown."""
    calls = [
        *(limited(f"a{at}", at) for at in range(3)),
        ended("b", 5),
        limited("c", 6),
        limited("d", 7),
        ended("e", 8),
    ]
    nameless = [replace(limited(f"n{at}", at), model=None, request_model=None, host="x.ai") for at in range(2)]
    path = stored(tmp_path / "events.duckdb", [*calls, *nameless])
    rows = rows_of(printed(errors.main, capsys, "--db", path, *SINCE), "Longest streaks")

    assert rows == [
        ["api.openai.com", "gpt-4o", "3", "11-20 12:00", "2m00s", "rate_limit_exceeded", "over"],
        ["x.ai", "(none)", "2", "11-20 12:00", "60.0 s", "rate_limit_exceeded", "goes on"],
    ]


def test_refusals(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What own rules refused is no error, and stands apart."""
    text = printed(errors.main, capsys, "--db", database, *SINCE)

    assert rows_of(text, "Refused by your own rules, not counted above: 1") == [["budget:all", "openai", "1"]]


def test_long_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A section with many rows shows the first ones, and says how many there are besides."""
    calls = [failed(str(at), at, 400, f"e{at:02}", "user") for at in range(12)]
    rows = rows_of(
        printed(errors.main, capsys, "--db", stored(tmp_path / "e.duckdb", calls), *SINCE), "Kinds of errors"
    )

    assert len(rows) == 11
    assert rows[-1][0].endswith("; 2 more with --json")


def test_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an error there is the table of rates alone."""
    text = printed(errors.main, capsys, "--db", stored(tmp_path / "events.duckdb", [ended("1")]), *SINCE)

    assert "0 errors in 1 call, 0.0%" in " ".join(text.split())
    assert rows_of(text, "Errors by provider and model")[0][:5] == ["openai", "gpt-4o", "1", "0", "0.0%"]
    assert "Kinds" not in text


def test_refusals_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where every call was refused here, no rate is told."""
    refused = failed("1", 0, 429, "budget", "user", policy="budget:all")
    text = printed(errors.main, capsys, "--db", stored(tmp_path / "events.duckdb", [refused]), *SINCE)

    assert "Errors by" not in text
    assert "Refused by your own rules, not counted above: 1" in text


def test_json_and_csv(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has every section with exact amounts, CSV the table of rates by what is wanted."""
    answer = json.loads(printed(errors.main, capsys, "--db", database, *SINCE, "--json"), parse_float=Decimal)
    text = printed(errors.main, capsys, "--db", database, *SINCE, "--by", "day", "--csv")

    assert answer["summary"]["errors"] == 6
    assert answer["retries"][0]["cost_usd"] == Decimal("0.0025")
    assert [(row["day"], row["errors"]) for row in csv.DictReader(io.StringIO(text))] == [("2026-11-20", "6")]


def test_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty period gets a sentence, and so does a database of another program."""
    path = stored(tmp_path / "events.duckdb", [ended("1")])
    text = printed(errors.main, capsys, "--db", path, "--until", f"{AT - timedelta(days=1):%Y-%m-%d}")
    assert "holds no such call" in text

    assert errors.main(["--db", str(foreign(tmp_path / "foreign.duckdb"))]) == 1
    assert capsys.readouterr().err.startswith("errors: ")
