"""The latency report: exact figures, targets, the period before, and what does not count."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event, Outcome
from scripts import latency
from tests.scripts.reports import printed, rows_of, stored
from tests.store.files import foreign
from tests.writer.calls import AT, ended

SINCE = ("--since", "2026-11-20", "--until", "2026-11-21")


def timed(key: str, ms: float, **more: object) -> Event:
    """A call that took so long."""
    return replace(ended(key), latency_ms=ms, streamed=False, output_tokens=500, **more)


def streamed(key: str, ms: float, first_ms: float, **more: object) -> Event:
    """A call that answered as a stream."""
    return replace(timed(key, ms), streamed=True, ttft_ms=first_ms, **more)


CALLS = [
    *(timed(f"w{ms}", ms) for ms in (1000, 2000, 3000, 4000, 5000)),
    streamed("s1", 2500, 500, model="claude", provider="anthropic"),
    streamed("s2", 4500, 1500, model="claude", provider="anthropic"),
    timed("before", 2000, started_at=AT - timedelta(days=1)),
    timed("failed", 100_000, outcome=Outcome.ERROR, status_code=500),
    timed("cached", 1, policy="cache"),
    timed("refused", 1, policy="budget:all", outcome=Outcome.ERROR, status_code=429),
    timed("job", 3_600_000, job_id="batch-1"),
    timed("line", 3_600_000, results_id="file-1"),
    replace(timed("embedding", 20, model="embed"), output_tokens=None),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of calls, and one of the day before."""
    return stored(tmp_path_factory.mktemp("database") / "events.duckdb", CALLS)


def test_table(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Quantiles are exact, streamed answers stand apart, and each change is told where there was a period before."""
    rows = rows_of(printed(latency.main, capsys, "--db", database, *SINCE), "Latency by provider and model")

    assert rows[0] == [
        "openai", "gpt-4o", "whole", "5",
        "3.00 s", "4.80 s", "4.96 s", "3.00 s", "1.00 s", "5.00 s", "-", "-", "167", "▲140.0%",
    ]  # fmt: skip
    assert rows[1] == [
        "anthropic", "claude", "stream", "2",
        "3.50 s", "4.40 s", "4.48 s", "3.50 s", "2.50 s", "4.50 s", "1.00 s", "1.45 s", "200", "-",
    ]  # fmt: skip
    assert rows[2][:5] == ["openai", "embed", "whole", "1", "20 ms"]
    assert rows[2][-2:] == ["-", "-"]
    assert [row[:3] for row in rows[3:5]] == [["all", "whole", "6"], ["all", "stream", "2"]]
    assert rows[5] == ["p95 Δ: slower ▲ or faster ▼ than in the period of the same length before"]


def test_what_does_not_count(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the cache, a job or an own rule did is left out and told; what failed counts where it is wanted."""
    text = printed(latency.main, capsys, "--db", database, *SINCE)
    with_failed = printed(latency.main, capsys, "--db", database, *SINCE, "--failed")

    assert (
        "Not counted: 1 answered from the cache, 2 of batch jobs, 1 refused by your own rules, 1 that did not" in text
    )
    assert rows_of(with_failed, "Latency by provider and model")[0][9] == "1m40s"
    assert "that did not end well" not in with_failed


def test_histogram(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Buckets are six for each power of ten, the empty ones between others are shown, and the fullest bar is full."""
    rows = rows_of(printed(latency.main, capsys, "--db", database, *SINCE), "How long answers took")

    assert [row[0] for row in rows[:2]] == ["15 ms", "22 ms"]
    assert [row[0] for row in rows[-5:]] == ["1.00 s", "1.47 s", "2.15 s", "3.16 s", "4.64 s"]
    assert [row[-2:] for row in rows[-5:]] == [[str(number), f"{number / 8:.1%}"] for number in (1, 1, 2, 2, 1)]
    assert [row[1] for row in rows[-3:]] == ["█" * 50, "█" * 50, "█" * 25]
    assert rows[1] == ["22 ms", "0", "0.0%"]
    assert len(rows) == 16


def test_targets(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missed target ends with 2, its rows are marked and the worst are named; a target that all meet does not."""
    slo = ("--slo", "p95=4.6s", "--slo", "ttft_p95=1450ms", "--slo", "tokens_s=180", "--slo", "ttft_p99=1m")
    text = printed(latency.main, capsys, "--db", database, *SINCE, *slo, status=2)

    rows = rows_of(text, "Latency by provider and model")
    assert rows[0][5] == "!4.80 s"
    assert rows[0][12] == "!167"
    assert rows[-1][0].endswith("; ! misses its target")
    assert rows_of(text, "Targets") == [
        ["p95 ≤ 4.60 s", "missed", "2 of 3"],
        ["openai gpt-4o whole", "4.80 s", "5"],
        ["ttft_p95 ≤ 1.45 s", "met", "1 of 1"],
        ["tokens_s ≥ 180.0/s", "missed", "1 of 2"],
        ["openai gpt-4o whole", "166.7/s", "5"],
        ["ttft_p99 ≤ 60.0 s", "met", "1 of 1"],
    ]
    assert printed(latency.main, capsys, "--db", database, *SINCE, "--slo", "maximum=5s")


def test_targets_that_nothing_tells(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A target without a row that has its measure is neither met nor missed."""
    only = ("--where", "model=gpt-4o", "--slo", "ttft_p50=1s")

    assert rows_of(printed(latency.main, capsys, "--db", database, *SINCE, *only), "Targets") == [
        ["ttft_p50 ≤ 1.00 s", "nothing to measure", "0 of 0"]
    ]


def test_many_misses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the worst are named, and only so many rows of the table shown; how many there are besides is told."""
    path = stored(tmp_path / "events.duckdb", (timed(str(at), 1000 + at, model=f"m{at}") for at in range(8)))
    text = printed(latency.main, capsys, "--db", path, *SINCE, "--slo", "average=1s", "--limit", 2, status=2)

    assert [row[0] for row in rows_of(text, "Targets")][1:3] == ["openai m7 whole", "openai m6 whole"]
    assert rows_of(text, "Targets")[-1] == ["and 2 more"]
    assert [row[1] for row in rows_of(text, "Latency by")[:3]] == ["m0", "m1", "whole"]
    assert rows_of(text, "Latency by")[-1] == ["! misses its target; 6 more rows: --limit"]


@pytest.mark.parametrize(
    ("slo", "error"),
    [
        ("p98=5s", "no such measure: p98; there are p50, p95"),
        ("p95=5", "5 is no time; write p95=800ms, p95=5s or p95=2m"),
        ("p95", " is no time"),
        ("tokens_s=5s", "5s is no speed; write how many tokens a second, as tokens_s=40"),
    ],
)
def test_targets_that_make_no_sense(slo: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A measure or a value that is none is explained."""
    with pytest.raises(SystemExit):
        latency.main(["--slo", slo])
    assert error in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "x", "-1"])
def test_limits_that_make_no_sense(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit is a whole number from 1 on."""
    with pytest.raises(SystemExit):
        latency.main([f"--limit={limit}"])
    assert f"{limit} is no whole number above 0; write for example 1000" in capsys.readouterr().err


def test_json(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has every section, unrounded, and the verdicts."""
    answer = json.loads(printed(latency.main, capsys, "--db", database, *SINCE, "--slo", "p50=1s", "--json", status=2))

    first = answer["latency"][0]
    assert (first["provider"], first["p95_ms"], first["before_p95_ms"], first["before_calls"]) == (
        "openai",
        4800,
        2000,
        1,
    )
    assert answer["latency"][1]["output_tokens_per_s"] == 200
    assert answer["scope"]["failed_calls"] == 1
    assert [row["met"] for row in answer["targets"]] == [False, False, True]
    assert sum(bucket["calls"] for bucket in answer["histogram"]) == 8


def test_csv(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV is the table, grouped by what is wanted."""
    text = printed(latency.main, capsys, "--db", database, *SINCE, "--by", "day,operation", "--csv")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [(row["day"], row["operation"], row["streamed"], row["calls"]) for row in rows] == [
        ("2026-11-20", "chat", "false", "6"),
        ("2026-11-20", "chat", "true", "2"),
    ]


def test_times_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of hours stand in the order of time, however many calls they have."""
    path = stored(
        tmp_path / "events.duckdb", [timed(str(at), 1000, started_at=AT + timedelta(hours=at // 2)) for at in range(5)]
    )
    rows = rows_of(printed(latency.main, capsys, "--db", path, *SINCE, "--by", "hour"), "Latency by hour")

    assert [row[0][11:13] for row in rows[:3]] == ["12", "13", "14"]


def test_faster_than_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change for the better is green, one for the worse red, and a small one neither."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "150")
    before = AT - timedelta(days=1)
    events = [
        event
        for model, then, now in (("fast", 2000, 1000), ("slow", 1000, 2000), ("same", 1000, 1000), ("near", 1000, 1050))
        for event in (timed(f"{model}1", then, model=model, started_at=before), timed(f"{model}2", now, model=model))
    ]
    text = printed(latency.main, capsys, "--db", stored(tmp_path / "events.duckdb", events), *SINCE)

    for shown in ("\x1b[32m▼50.0%", "\x1b[1;31m▲100.0%", " ▲5.0%", " ="):
        assert shown in text


def test_last_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --since it is about the last seven days; where they are empty, it says what to write instead."""
    path = stored(tmp_path / "events.duckdb", [timed("1", 1000)])

    assert "1 call" not in printed(latency.main, capsys, "--db", path, "--until", "2026-12-28")
    words = " ".join(printed(latency.main, capsys, "--db", path, "--until", "2026-12-28").split())
    assert words == (
        f"{path} holds no such call from 2026-12-21 00:00 to 2026-12-28 00:00 UTC; "
        "its newest is of 2026-11-20 12:00. Try --since 2026-11-19."
    )
    assert rows_of(printed(latency.main, capsys, "--db", path, "--until", "2026-11-21"), "Latency by")


def test_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty database and a filter that nothing passes get a sentence of their own."""
    empty = stored(tmp_path / "empty.duckdb", [])
    some = stored(tmp_path / "some.duckdb", [timed("1", 1000)])

    assert "holds no call yet. Send one through the proxy" in printed(latency.main, capsys, "--db", empty)
    said = printed(latency.main, capsys, "--db", some, *SINCE, "--where", "model=x")
    assert "Without --where the report" in " ".join(said.split())
    text = printed(latency.main, capsys, "--db", some, "--since", "1970-01-02", "--until", "1971-01-01")
    assert text.endswith("its newest is of 2026-11-20 12:00.\n")


def test_calls_without_a_latency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls that do not count make no table, but are told."""
    path = stored(tmp_path / "events.duckdb", [timed("1", 5, policy="cache", cost_status=CostStatus.NOT_BILLED)])
    text = printed(latency.main, capsys, "--db", path, *SINCE)

    assert "No call of this period has a latency to tell." in text
    assert "Not counted: 1 answered from the cache." in text


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that is missing or another program's is a sentence and status 1."""
    for path in (tmp_path / "missing.duckdb", foreign(tmp_path / "foreign.duckdb")):
        assert latency.main(["--db", str(path)]) == 1
        assert capsys.readouterr().err.startswith(f"latency: {path} ")
