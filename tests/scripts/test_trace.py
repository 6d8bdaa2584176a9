"""Runs as trees: where each call hangs, what adds up, how retries and errors look, and how a run is found."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event, Outcome
from scripts import trace
from tests.scripts.reports import printed, stored
from tests.store.files import foreign
from tests.writer.calls import AT, ended

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT, SEARCH, OTHER = "00f067aa0ba902b7", "b7ad6b7169203331", "53995c3f42cd8ad8"
CONTENT = json.dumps(
    {
        "request": {
            "model": "m",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
        },
        "response": {"choices": [{"message": {"role": "assistant", "content": "Hello \x1b[31myou"}}]},
    }
)


def made(key: str, seconds: float, **more: object) -> Event:
    """A call of a run that took a second."""
    event = replace(ended(key), run_id="run-1", customer_id="acme", latency_ms=1000, output_tokens=100)
    return replace(event, started_at=AT + timedelta(seconds=seconds), **more)


def failed(key: str, seconds: float, **more: object) -> Event:
    """A call that a rate limit refused."""
    event = made(key, seconds, outcome=Outcome.ERROR, status_code=429, error_type="rate_limit_exceeded")
    return replace(event, cost_usd=Decimal(0), input_tokens=None, output_tokens=None, latency_ms=100, **more)


AGENT = {"trace_id": TRACE, "span_id": ROOT, "section": "agent:research"}
TOOL = {"trace_id": TRACE, "span_id": SEARCH, "parent_span_id": ROOT, "section": "agent:research/tool:web_search"}
CALLS = [
    made("plan", 0, **AGENT, content=CONTENT),
    failed("ask", 2, **TOOL),
    made("ask2", 3, **TOOL, attempt=2, retry_of="ask"),
    made("read", 5, **TOOL, cost_usd=None, cost_status=CostStatus.UNPRICED),
    made("write", 8, **AGENT, latency_ms=2000),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of an agent with a tool, and other customers' runs."""
    others = [
        replace(ended(f"o{at}", at), customer_id="globex", run_id=f"other-{at}", latency_ms=10) for at in range(4)
    ]
    alone = replace(ended("alone"), customer_id="initech", latency_ms=5)
    untold = replace(ended("untold"), customer_id="hooli", trace_id="f" * 32, latency_ms=5)
    return stored(tmp_path_factory.mktemp("database") / "events.duckdb", [*CALLS, *others, alone, untold])


def tree(path: Path, capsys: pytest.CaptureFixture[str], what: str) -> list[tuple[int, str, str]]:
    """Depth, kind and name of each step of a run."""
    text = printed(trace.main, capsys, "--db", path, what, "--csv")
    return [(int(row["depth"]), row["kind"], row["name"]) for row in csv.DictReader(io.StringIO(text))]


def test_tree(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sections hold calls and sections in the order of time, retries hang below what they repeat, and all adds up."""
    text = printed(trace.main, capsys, "--db", database, "run-1")

    assert text.startswith("Run run-1: 5 calls, 1 not well ended, 2026-11-20 12:00:00 UTC\n")
    assert [line[:47].rstrip() for line in text.splitlines()[3:12]] == [
        "run",
        "└─ agent:research (5)",
        "   ├─ #1 gpt-4o",
        "   ├─ tool:web_search (3)",
        "   │  ├─ #2 gpt-4o, 2 attempts",
        "   │  │  ├─ attempt 1 ✗ 429 rate_limit_exceeded",
        "   │  │  └─ attempt 2",
        "   │  └─ #3 gpt-4o",
        "   └─ #4 gpt-4o",
    ]
    assert text.splitlines()[3].split()[1:7] == ["4,000", "400", "≥$0.0075", "+0", "ms", "10.0"]
    assert "≥$0.0025" in text.splitlines()[6]
    assert "≥ or ?: a part or all of it is not known" in text
    assert "Prompts and answers were kept: --content shows them." in text


def test_waterfall(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line's bar lies where it began and ended."""
    text = printed(trace.main, capsys, "--db", database, "run-1")
    bars = [line[line.index(" s ") + 3 :] if " s " in line else "" for line in text.splitlines()[3:12]]

    assert bars[0].strip() == "━" * 40
    assert bars[2].strip() == "━" * 4
    assert text.splitlines()[11].rstrip().endswith("━" * 8)


def test_sums(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the tree with exact sums in every step; a step whose costs are all unknown has none."""
    root = json.loads(printed(trace.main, capsys, "--db", database, "run-1", "--json"), parse_float=Decimal)
    [agent] = root["steps"]
    plan, search, write = agent["steps"]
    ask, read = search["steps"]

    assert (root["calls"], root["failed"], root["cost_usd"], root["doubtful_calls"]) == (5, 1, Decimal("0.0075"), 1)
    assert (agent["kind"], agent["name"], agent["span_id"], agent["took_ms"]) == (
        "section",
        "agent:research",
        ROOT,
        10_000,
    )
    assert (plan["offset_ms"], search["offset_ms"], write["offset_ms"]) == (0, 2000, 8000)
    assert (search["calls"], search["took_ms"], search["latency_ms"]) == (3, 4000, 2100)
    assert [(step["kind"], step["outcome"]) for step in ask["steps"]] == [("attempt", "error"), ("attempt", "ok")]
    assert (ask["outcome"], ask["input_tokens"]) == ("ok", 1000)
    assert (read["cost_usd"], read["doubtful_calls"]) == (None, 1)
    assert "content" not in plan


def test_content(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --content prompts and answers are shown, cleaned of what would move the cursor, and are in the JSON."""
    text = printed(trace.main, capsys, "--db", database, "run-1", "--content")
    root = json.loads(printed(trace.main, capsys, "--db", database, "run-1", "--content", "--json"))

    assert text.endswith("\n\n#1 gpt-4o\nsystem:\nBe kind.\nuser:\nHi\nassistant:\nHello \\x1b[31myou\n")
    assert root["steps"][0]["steps"][0]["content"]["request"]["messages"][1]["content"] == "Hi"


def test_long_content(database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A long turn loses its end, and says so."""
    monkeypatch.setattr(trace, "LONGEST", 4)
    text = printed(trace.main, capsys, "--db", database, "run-1", "--content")

    assert "system:\nBe k ... 4 more characters: --json\n" in text


def test_content_of_attempts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each attempt's content stands under the number of its call."""
    calls = [made("1", 1), failed("2", 2, content=CONTENT), made("3", 3, content=CONTENT, attempt=2, retry_of="2")]
    path = stored(tmp_path / "events.duckdb", calls)
    text = printed(trace.main, capsys, "--db", path, "run-1", "--content")

    assert [line for line in text.splitlines() if line.startswith("#")] == ["#2 attempt 1", "#2 attempt 2"]


def test_no_content(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where none was kept, it says where to ask for it, once it is wanted."""
    wanted = printed(trace.main, capsys, "--db", database, "other-1", "--content")

    assert wanted.endswith("No prompts or answers were kept: `capture` in the policy file says which calls' are.\n")
    assert "--content" not in printed(trace.main, capsys, "--db", database, "other-1")


@pytest.mark.parametrize("what", ["run-1", "run", TRACE, TRACE[:8], TRACE.upper(), "acme", "ac"])
def test_names(what: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run or a trace is found by its id or how that begins, a customer by the name."""
    kinds = {"r": "Run run-1", "0": f"Trace {TRACE}", "a": "Runs of acme: 1"}

    assert printed(trace.main, capsys, "--db", database, what).startswith(kinds[what[0].lower()])


def test_several(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A beginning of several names is not enough; some of them are told."""
    assert trace.main(["--db", str(database), "other"]) == 1
    err = capsys.readouterr().err
    assert err == (
        "trace: other is the beginning of several names: other-3 (run), other-2 (run), other-1 (run), other-0 (run). "
        "Write more of it.\n"
    )


def test_many_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of many names the newest are told."""
    path = stored(tmp_path / "events.duckdb", [made(str(at), at, run_id=f"r{at}") for at in range(7)])

    assert trace.main(["--db", str(path), "r"]) == 1
    assert "r6 (run), r5 (run), r4 (run), r3 (run), r2 (run) and more. Write" in capsys.readouterr().err


def test_near_names(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is not there brings the nearest ones, and what narrows the search."""
    assert trace.main(["--db", str(database), "glomex"]) == 1
    assert "has no run, trace or customer glomex. Near are: globex (customer)" in capsys.readouterr().err
    assert trace.main(["--db", str(database), "0af765ff", "--since", "2026-11-01"]) == 1
    err = capsys.readouterr().err
    assert "0af765ff among the calls that --since, --until and --where choose. Near are: " in err
    assert f"{TRACE} (trace)" in err
    assert trace.main(["--db", str(database), "x", "--since", "2027-01-01"]) == 1
    assert capsys.readouterr().err.endswith("--where choose.\n")


def test_runs(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The runs of a customer, the newest first, as many as wanted; a trace stands for what has no run."""
    text = printed(trace.main, capsys, "--db", database, "globex", "--limit", 2)
    rows = [line.split() for line in text.splitlines()]

    assert rows[0] == ["Runs", "of", "globex:", "4"]
    assert rows[3] == ["other-3", "globex", "2026-11-20", "12:03", "10", "ms", "1", "-", "1,000", "-", "$0.0025"]
    assert rows[4][0] == "other-2"
    assert text.splitlines()[5].startswith("2 older ones: --limit; see one with trace.py")
    assert ("f" * 32) in printed(trace.main, capsys, "--db", database, "hooli")
    assert "No call of initech names a run or a trace" in printed(trace.main, capsys, "--db", database, "initech")


def test_all_runs(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name the newest runs of all are listed, their errors and doubts with them."""
    text = printed(trace.main, capsys, "--db", database, "--until", "2026-11-21")
    found = json.loads(printed(trace.main, capsys, "--db", database, "--until", "2026-11-21", "--json"))
    table = list(csv.DictReader(io.StringIO(printed(trace.main, capsys, "--db", database, "acme", "--csv"))))

    assert "Runs, 2026-11-14 00:00 to 2026-11-21 00:00 UTC: 6" in text
    assert [run["name"] for run in found["runs"]][:3] == ["other-3", "other-2", "other-1"]
    [run] = [line.split() for line in text.splitlines() if line.startswith("run-1")]
    assert run[4:] == ["10.0", "s", "5", "1", "4,000", "400", "≥$0.0075"]
    assert (table[0]["name"], table[0]["took_ms"]) == ("run-1", "10000.0")


def test_programs_get_all(database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a screen leaves out is in JSON and CSV: every run, and every step of one."""
    monkeypatch.setattr(trace, "RUNS", 2)
    monkeypatch.setattr(trace, "CALLS", 2)
    period = ("--db", database, "--until", "2026-11-21")
    run = ("--db", database, "run-1")

    assert "4 older ones: --limit" in printed(trace.main, capsys, *period)
    assert len(json.loads(printed(trace.main, capsys, *period, "--json"))["runs"]) == 6
    assert len(printed(trace.main, capsys, *period, "--csv").splitlines()) == 7
    assert len(printed(trace.main, capsys, *period, "--csv", "--limit", 3).splitlines()) == 4
    assert "The first 2 of 5 calls" in printed(trace.main, capsys, *run)
    assert json.loads(printed(trace.main, capsys, *run, "--json"))["calls"] == 5


def test_nothing(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty period, calls that name no run, and a database of another program each get a sentence."""
    alone = ("--where", "customer=initech", "--until", "2026-11-21")

    assert "holds no such call" in printed(trace.main, capsys, "--db", database, "--since", "2027-01-01")
    assert "No call of the period names a run" in printed(trace.main, capsys, "--db", database, *alone)
    assert trace.main(["--db", str(foreign(tmp_path / "foreign.duckdb"))]) == 1
    assert capsys.readouterr().err.startswith("trace: ")


def test_limit_of_lines(database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree shows so many lines, and says how many there are besides; so with the calls that it looks at."""
    assert "6 more lines: --limit" in printed(trace.main, capsys, "--db", database, "run-1", "--limit", 3)

    monkeypatch.setattr(trace, "CALLS", 2)
    assert "The first 2 of 5 calls" in printed(trace.main, capsys, "--db", database, "run-1")


def endings(*events: Event, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a run of these calls looks like."""
    return printed(trace.main, capsys, "--db", stored(path / "events.duckdb", events), "run-1")


def test_endings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was refused, came from the cache, broke off or has no result yet is told at the call."""
    text = endings(
        failed("1", 1, policy="budget:all"),
        made("2", 2, policy="cache", cost_usd=Decimal(0), cost_status=CostStatus.NOT_BILLED),
        made("3", 3, outcome=Outcome.CLIENT_ABORTED, cost_status=CostStatus.ESTIMATED),
        made("4", 4, latency_ms=None, cost_usd=None, cost_status=CostStatus.PENDING),
        path=tmp_path,
        capsys=capsys,
    )

    for said in (
        "refused by budget:all",
        "#2 gpt-4o from the cache",
        "✗ 200 client_aborted",
        "#4 gpt-4o … result not seen yet",
    ):
        assert said in text
    assert "≈$0.0025" in text
    assert "≈ with estimates" in text


def test_sections_without_spans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where only sections are told, they are the tree; a call outside all of them hangs on the run."""
    calls = [made("1", 1, section="a/b"), made("2", 2, section="a"), made("3", 3, section="a/b"), made("4", 4)]

    assert tree(stored(tmp_path / "events.duckdb", calls), capsys, "run-1") == [
        (0, "run", "run-1"),
        (1, "section", "a"),
        (2, "section", "b"),
        (3, "call", "gpt-4o"),
        (3, "call", "gpt-4o"),
        (2, "call", "gpt-4o"),
        (1, "call", "gpt-4o"),
    ]


def test_spans_of_a_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spans that have a call each and none around them say nothing of the program, and its sections are the tree."""
    calls = [made(str(at), at, trace_id=TRACE, span_id=f"{at:016x}", section="a") for at in range(1, 3)]

    assert tree(stored(tmp_path / "events.duckdb", calls), capsys, "run-1")[1:] == [
        (1, "section", "a"),
        (2, "call", "gpt-4o"),
        (2, "call", "gpt-4o"),
    ]


def test_spans_around_spans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A span that makes no call itself is known by its children, in any order; outside sections it is a span."""
    first: dict[str, Any] = {"trace_id": TRACE, "span_id": OTHER, "parent_span_id": SEARCH, "section": "a/b/c"}
    last: dict[str, Any] = {"trace_id": TRACE, "span_id": ROOT, "section": "a"}
    inner: dict[str, Any] = {"trace_id": TRACE, "span_id": SEARCH, "parent_span_id": ROOT, "section": "a/b"}
    own: dict[str, Any] = {"trace_id": TRACE, "span_id": "1234567890abcdef"}
    calls = [made("1", 1, **first), made("2", 2, **last), made("3", 3, **own), made("4", 4, **own)]
    path = stored(tmp_path / "events.duckdb", calls)

    expected = [
        (1, "section", "a"),
        (2, "section", "b"),
        (3, "section", "c"),
        (4, "call", "gpt-4o"),
        (2, "call", "gpt-4o"),
        (1, "section", "span 12345678"),
        (2, "call", "gpt-4o"),
        (2, "call", "gpt-4o"),
    ]
    assert tree(path, capsys, "run-1")[1:] == expected
    told = stored(tmp_path / "told.duckdb", [*calls, made("5", 5, **inner)])
    assert tree(told, capsys, "run-1")[1:] == [*expected[:4], (3, "call", "gpt-4o"), *expected[4:]]


def test_spans_in_a_circle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Spans that name each other as the one around them end somewhere, and every call is there once."""
    calls = [
        made("1", 1, trace_id=TRACE, span_id=ROOT, parent_span_id=SEARCH),
        made("2", 2, trace_id=TRACE, span_id=SEARCH, parent_span_id=ROOT),
    ]
    steps = tree(stored(tmp_path / "events.duckdb", calls), capsys, "run-1")

    assert [kind for _, kind, _ in steps].count("call") == 2


def test_traces_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of several traces has a step for each; a trace that is asked for has no such step."""
    calls = [made("1", 1, trace_id=TRACE), made("2", 2, trace_id="e" * 32), made("3", 3)]
    path = stored(tmp_path / "events.duckdb", calls)

    assert tree(path, capsys, "run-1")[1:] == [
        (1, "trace", TRACE),
        (2, "call", "gpt-4o"),
        (1, "trace", "e" * 32),
        (2, "call", "gpt-4o"),
        (1, "call", "gpt-4o"),
    ]
    assert tree(path, capsys, "eee") == [(0, "trace", "e" * 32), (1, "call", "gpt-4o")]


def test_deep_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sections that are deeper than any program needs do not break the tree."""
    steps = tree(stored(tmp_path / "events.duckdb", [made("1", 1, section="a/" * 5000)]), capsys, "run-1")

    assert steps[-1] == (65, "call", "gpt-4o")


def test_retry_of_what_is_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An attempt whose first one is in no such run is a call of its own, and a later one joins it."""
    calls = [made("1", 1, attempt=2, retry_of="gone"), made("2", 2, attempt=3, retry_of="1")]

    assert tree(stored(tmp_path / "events.duckdb", calls), capsys, "run-1")[1:] == [
        (1, "call", "gpt-4o"),
        (2, "attempt", "attempt 1"),
        (2, "attempt", "attempt 2"),
    ]
