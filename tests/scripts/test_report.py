"""The spend report: every figure from SQL, every doubt told, on a terminal and into a pipe."""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import Charge, CostStatus, Event, Outcome, to_row
from scripts import report
from scripts.console.options import ALIASES, BY
from tests.store.files import foreign, held
from tests.writer.calls import AT, ended, running

SCRIPT = Path(report.__file__)
SQL = sorted(SCRIPT.parent.glob("*.sql"))
COMMAND_LINE = shutil.which("duckdb", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def priced(key: str, model: str, cost: str, **more: object) -> Event:
    """A call of a known cost."""
    return replace(ended(key), model=model, cost_usd=Decimal(cost), output_tokens=500, **more)


def pending(key: str, **more: object) -> Event:
    """Work whose result has not been seen."""
    asked = replace(running(key), provider="openai", request_model="o3", job_id=key, cost_status=CostStatus.PENDING)
    return replace(asked, **more)


TOLD = {
    "section": "agent:research",
    "tags": '{"feature":"search","my.team":"red"}',
    "api_key_name": "the team's",
    "experiment_id": "e1",
    "variant_id": "v1",
    "prompt_version": "p1",
}
CALLS = [
    priced("1", "gpt-4o", "1.5", customer_id="acme", api_key_id="k1", run_id="r1", cached_input_tokens=400, **TOLD),
    priced("2", "gpt-4o", "0.5", started_at=AT - timedelta(days=1)),
    priced("3", "claude", "6", provider="anthropic", started_at=AT - timedelta(days=40)),
    priced("4", "claude", "0.25", provider="anthropic", cost_status=CostStatus.PARTIAL, outcome=Outcome.CLIENT_ABORTED),
    priced("5", "guess", "0.00001", provider="groq", cost_status=CostStatus.ESTIMATED),
    replace(
        ended("6"), model=None, response_model="brand-new", cost_usd=None, charges=(), cost_status=CostStatus.UNPRICED
    ),
    replace(ended("7"), model=None, request_model="brand-new", cost_usd=None, cost_status=CostStatus.UNPRICED),
    priced("8", "codex", "0", provider="chatgpt", list_cost_usd=Decimal("2.5"), cost_status=CostStatus.NOT_BILLED),
    priced(
        "10", "grok", "1.25", provider="xai", list_cost_usd=Decimal("1.2"), cost_status=CostStatus.PROVIDER_REPORTED
    ),
    priced("11", "grok", "0.99", provider="xai", list_cost_usd=Decimal(1), cost_status=CostStatus.PROVIDER_REPORTED),
    pending("12", operation="batch", model="gpt-4o"),
    pending("13"),
    pending("14", started_at=AT - timedelta(days=2)),
    priced("9", "gpt-4o", "0", list_cost_usd=Decimal(0), cost_status=CostStatus.NOT_BILLED, outcome=Outcome.ERROR),
]


def told_apart(key: str, policy: str, list_cost: str | None, **more: object) -> Event:
    """A call that a policy made to cost nothing."""
    listed = None if list_cost is None else Decimal(list_cost)
    return priced(key, "gpt-4o", "0", policy=policy, list_cost_usd=listed, cost_status=CostStatus.NOT_BILLED, **more)


# A conversation that grows, in which a request came twice, with its content.
TALK = [
    priced(
        f"talk{step}", "gpt-4o", "0.1", started_at=AT + timedelta(minutes=step), run_id="talk",
        input_tokens=1000 * step, request_id=f"request{step // 2}", content='{"request":{"messages":[]}}',
    )
    for step in (1, 2, 3)
]  # fmt: skip
REFUSED = {"outcome": Outcome.ERROR, "status_code": 429}
HEADS = ["model", "calls", "input", "cached", "written", "output", "reason.", "errors", "unpriced", "cost", "share"]
# The last two are pictures.
SPARED = ("", "over time", "unpriced", "errors", "reason.", "written")
POLICIES = [
    told_apart("20", "retries:skip", "0.5"),
    told_apart("21", "retries:skip", "1"),
    told_apart("22", "cache", "0.25"),
    told_apart("23", "cache", None),
    told_apart("24", "budget:all", "0", **REFUSED),
    told_apart("25", "budget:all", "0", **REFUSED),
    told_apart("26", "rate_limit:jobs", "0", **REFUSED),
    told_apart("27", "breaker:api.openai.com", "0", **REFUSED),
    told_apart("28", "retries", "0", **REFUSED),
]
# What the other reports ask for.
TIMED = [
    replace(ended("30"), latency_ms=1000, run_id="r1", trace_id="0" * 32, rate_limits='{"w":{"utilization":0.5}}'),
    replace(ended("31"), latency_ms=500, attempt=2, retry_of="30", outcome=Outcome.ERROR, status_code=429),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with a call of each kind."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(event) for event in CALLS], {})
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a successful report prints."""
    assert report.main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, list[dict[str, object]]]:
    """The JSON of a report."""
    answer: dict[str, list[dict[str, object]]] = json.loads(printed(capsys, *arguments, "--json"), parse_float=Decimal)
    return answer


def section(text: str, title: str) -> list[list[str]]:
    """The rows of a section, split at wide gaps."""
    lines = text.partition(f"{title}")[2].partition("\n\n")[0].splitlines()[1:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip()]


def test_by_model(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model has a line; an unknown cost is a question mark, a partly known one a lower bound."""
    heads, _, *rows, _, _ = section(printed(capsys, "--db", database), "Spend by model")

    assert heads == [*HEADS, "over time"]
    assert [row[:11] for row in rows] == [
        ["claude", "2", "2,000", "-", "-", "1,000", "-", "0", "0", "≥$6.25", "59.6%"],
        ["grok", "2", "2,000", "-", "-", "1,000", "-", "0", "0", "$2.24", "21.4%"],
        ["gpt-4o", "4", "3,000", "400", "-", "1,500", "-", "1", "0", "≥$2.00", "19.1%"],
        ["guess", "1", "1,000", "-", "-", "500", "-", "0", "0", "<$0.0001", "0.0%"],
        ["codex", "1", "1,000", "-", "-", "500", "-", "0", "0", "$0.00", "0.0%"],
        ["brand-new", "2", "2,000", "-", "-", "-", "-", "0", "2", "?", "-"],
        ["o3", "2", "-", "-", "-", "-", "-", "0", "0", "?", "-"],
    ]


def test_pictures(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model has its spend over the period and its share as a bar; where nothing was spent there is neither."""
    _, _, *rows, _, _ = section(printed(capsys, "--db", database), "Spend by model")

    assert [row[11:] for row in rows] == [
        ["█" + 10 * "▁" + "▂", "██████"],
        [11 * "▁" + "█", "██▏"],
        [11 * "▁" + "█", "█▉"],
        [11 * "▁" + "█", "▏"],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("columns", "spared"),
    [("112", 0), ("104", 1), ("96", 2), ("90", 3), ("70", 5)],
)
def test_narrow(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str, spared: int
) -> None:
    """Where it is narrow, pictures go first, then what is least asked for; no line is too long."""
    monkeypatch.setenv("COLUMNS", columns)
    text = printed(capsys, "--db", database)
    heads, *_ = section(text, "Spend by model")

    assert heads == ([*HEADS, "over time"] if not spared else [name for name in HEADS if name not in SPARED[:spared]])
    assert max(map(len, text.splitlines())) <= int(columns)


def test_limit(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rows beyond the limit are one, so that the totals agree."""
    _, _, *rows, total, _ = section(printed(capsys, "--db", database, "--limit", "2"), "Spend by model")
    spend = answered(capsys, "--db", database, "--limit", "2")["spend"]

    assert [row[0] for row in rows] == ["claude", "grok", "5 others"]
    assert rows[2][1:11] == ["10", "7,000", "400", "-", "2,500", "-", "1", "2", "≥$2.00", "19.1%"]
    assert total[:2] == ["total", "14"]
    assert [(row["model"], row["others"]) for row in spend] == [("claude", None), ("grok", None), (None, 5)]
    assert sum(Decimal(str(row["cost_usd"])) for row in spend) == Decimal("10.49001")


@pytest.mark.parametrize(
    ("sort", "by", "first"),
    [
        ("calls", "model", "gpt-4o"),
        ("cached", "model", "gpt-4o"),
        ("input", "model", "gpt-4o"),
        ("output", "model", "gpt-4o"),
        ("unknown", "model", "brand-new"),
        ("errors", "model", "gpt-4o"),
        ("cost", "day", "2026-10-11"),
        ("time", "model", "claude"),
    ],
)
def test_sorted(database: Path, capsys: pytest.CaptureFixture[str], sort: str, by: str, first: str) -> None:
    """The largest of what is asked for comes first."""
    assert answered(capsys, "--db", database, "--by", by, "--sort", sort)["spend"][0][by] == first


def test_limit_of_a_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A screen gets thirty rows and one for the others; JSON gets all."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(priced(str(at), f"m{at}", "1")) for at in range(40)], {})

    _, _, *rows, _ = section(printed(capsys, "--db", tmp_path / "events.duckdb"), "Spend by model")
    assert (len(rows), rows[-1][:2]) == (31, ["10 others", "10"])
    assert len(answered(capsys, "--db", tmp_path / "events.duckdb")["spend"]) == 40


def test_limit_of_times(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of times the newest stay, in order."""
    spend = answered(capsys, "--db", database, "--by", "day", "--limit", "2")["spend"]

    assert [(row["day"], row["others"]) for row in spend] == [("2026-11-19", None), ("2026-11-20", None), (None, 2)]


@pytest.mark.parametrize("limit", ["0", "-1", "ten"])
def test_limit_that_is_none(capsys: pytest.CaptureFixture[str], limit: str) -> None:
    """A limit is a whole number from 1 on; else the message says what to write."""
    with pytest.raises(SystemExit):
        report.main([f"--limit={limit}"])

    assert f"{limit} is no whole number above 0; write for example 1000" in capsys.readouterr().err


def test_trend(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON tells what was spent in each twelfth of the period; CSV has no room for that."""
    claude = answered(capsys, "--db", database)["spend"][0]

    assert claude["trend_usd"] == [6, *[0] * 10, Decimal("0.25")]
    assert "trend_usd" not in printed(capsys, "--db", database, "--csv")


def cached(key: str, model: str, *units: tuple[str, int, str], **more: object) -> Event:
    """A call with these charges: unit, tokens, USD per million."""
    charges = tuple(
        Charge(unit, Decimal(tokens), Decimal(rate), 1_000_000, tokens * Decimal(rate) / 1_000_000)
        for unit, tokens, rate in units
    )
    found = replace(ended(key), model=model, charges=charges, cost_usd=Decimal(1), cached_input_tokens=0)
    tokens = {unit: number for unit, number, _ in units}
    return replace(
        found,
        input_tokens=sum(number for unit, number in tokens.items() if unit != "output"),
        cached_input_tokens=tokens.get("cached_input", 0),
        cache_write_tokens=tokens.get("cache_write"),
        **more,
    )


CACHED = [
    cached("1", "a", ("input", 100_000, "3"), ("cached_input", 900_000, "0.3"), ("cache_write", 200_000, "3.75")),
    cached("2", "a", ("input", 100_000, "3"), ("cached_input", 100_000, "0.3")),
    cached("3", "b", ("cached_input", 1_000_000, "0.5")),
    cached("4", "c", ("input", 1_000_000, "1")),
    cached(
        "5", "d", ("input", 1_000_000, "1"), ("cached_input", 1_000_000, "0.1"), policy="cache", cost_usd=Decimal(0)
    ),
]


def test_cached_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cached input saved is told against the rate of plain input in the same call, and what writing cost more."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(event) for event in CACHED], {})
    text = printed(capsys, "--db", tmp_path / "events.duckdb")

    # 1,000,000 tokens at 3.00 - 0.30 USD a million; 200,000 written at 3.75 - 3.00.
    assert section(text, "Input from the provider's cache: ≈$2.70 saved")[2:4] == [
        ["openai", "a", "2", "1.40M", "71.4%", "$2.70", "$0.1500"],
        ["openai", "b", "1", "1.00M", "100.0%", "?", "-"],
    ]


def test_totals_and_signs(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The totals stand below, and the signs are explained."""
    text = printed(capsys, "--db", database)

    assert re.search(r"^total +14 +11\.0k +400 +- +4,500 +- +1 +2 +≥\$10\.49", text, re.MULTILINE)
    assert "≥ at least: a part is not known; ≈ with estimates; ? not known" in text
    # The path of a test's folder may be long enough to break the line.
    assert " ".join(text.split()).startswith(f"{database}: 14 calls, 2026-10-11 12:00 to 2026-11-20 12:00 UTC ")


def test_doubts_by_name(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unpriced, partial and estimated calls are named with calls and tokens, subscriptions apart from what is paid."""
    text = printed(capsys, "--db", database)

    assert section(text, "Unpriced: 2 calls")[2] == ["openai", "brand-new", "2", "2,000", "-", "?"]
    assert section(text, "Partial: 1 call")[2] == ["anthropic", "claude", "1", "1,000", "500", "≥$0.2500"]
    assert section(text, "Estimated: 1 call")[2] == ["groq", "guess", "1", "1,000", "500", "<$0.0001"]
    assert section(text, "Not billed by the call: 1 call")[2] == ["chatgpt", "codex", "1", "1,000", "500", "$2.50"]
    assert section(text, "Not ended well: 2 calls")[2:] == [
        ["client_aborted", "anthropic", "200", "-", "1"],
        ["error", "openai", "200", "-", "1"],
    ]


def test_what_policies_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was not counted, what the cache saved and what rules refused are apart from plans and providers' errors."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(event) for event in POLICIES], {})
    text = printed(capsys, "--db", tmp_path / "events.duckdb")

    assert "Not billed by the call" not in text
    assert section(text, "Equal requests that were not counted again: 2 calls, $1.50 at list price")[2:] == [
        ["openai", "gpt-4o", "2", "2,000", "1,000", "$1.50"],
        ["llmobserve_retries=skip leaves them out of the cost above; the provider bills them"],
    ]
    assert section(text, "Answered from the cache: 2 calls, ≥$0.2500 saved")[2] == ["openai", "gpt-4o", "2", "≥$0.2500"]
    assert section(text, "Refused by your own rules: 4 calls")[2:5] == [
        ["budget:all", "openai", "2"],
        ["breaker:api.openai.com", "openai", "1"],
        ["rate_limit:jobs", "openai", "1"],
    ]
    assert section(text, "Not ended well: 1 call")[2:] == [["error", "openai", "429", "-", "1"]]


def test_savings_that_nobody_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no price is known, what was saved is a question mark."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(told_apart("1", "cache", None))], {})

    assert "Answered from the cache: 1 call, ? saved" in printed(capsys, "--db", tmp_path / "events.duckdb")


def test_path_that_no_route_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unpriced call on an unknown path is named by the path, as that is what a route has to be written for."""
    with store.writing(tmp_path / "events.duckdb") as db:
        lost = replace(ended("1"), operation=None, path="/v1/new", cost_usd=None, cost_status=CostStatus.UNPRICED)
        db.load([to_row(lost)], {})

    table = section(printed(capsys, "--db", tmp_path / "events.duckdb"), "Unpriced: 1 call")
    assert table[0][:2] == ["provider", "model or path"]
    assert table[2] == ["openai", "/v1/new", "1", "1,000", "-", "?"]


def test_pending_work(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Work whose result has not been seen is named with its age, and is neither unpriced nor free."""
    text = printed(capsys, "--db", database)

    assert section(text, "Pending: 3 jobs") == [
        ["provider", "model", "operation", "jobs", "since"],
        section(text, "Pending: 3 jobs")[1],
        ["openai", "o3", "-", "2", "2026-11-18 12:00"],
        ["openai", "gpt-4o", "batch", "1", "2026-11-20 12:00"],
        ["work whose result has not been seen; what it costs is known when a program asks for it"],
    ]
    summary = json.loads(printed(capsys, "--db", database, "--json"))["summary"]
    assert (summary["unknown_calls"], summary["pending_calls"]) == (2, 3)


def test_pending_work_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing else is known, the sum is a question mark."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(pending("1"))], {})

    text = printed(capsys, "--db", tmp_path / "events.duckdb")

    assert section(text, "Spend by model")[2] == ["o3", "1", "-", "-", "-", "-", "-", "0", "0", "?", "-"]
    assert "≥ at least: a part is not known; ? not known" in text


def test_price_gaps(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls whose reported cost is more than a hundredth off the list price are told with the difference."""
    text = printed(capsys, "--db", database)

    assert section(text, "Not at list price: 1 call")[2] == ["xai", "grok", "1", "$1.25", "$1.20", "$0.0500"]


@pytest.mark.parametrize(
    ("reported", "listed", "calls"),
    [("1.01", "1", 0), ("1.0101", "1", 1), ("0.98", "1", 1), ("0.1", "0", 1), ("0", "0", 0), ("1", None, 0)],
)
def test_size_of_a_price_gap(tmp_path: Path, reported: str, listed: str | None, calls: int) -> None:
    """One per cent exactly is no gap, a price where the list says 0 is one, and without a list price there is none."""
    with store.writing(tmp_path / "events.duckdb") as db:
        list_cost = None if listed is None else Decimal(listed)
        status = CostStatus.PROVIDER_REPORTED
        db.load([to_row(priced("1", "m", reported, list_cost_usd=list_cost, cost_status=status))], {})

    with store.reading(tmp_path / "events.duckdb") as db:
        assert len(db.query((SCRIPT.parent / "price_gaps.sql").read_text()).rows) == calls


def test_database_without_doubts(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sections without a call are left out."""
    text = printed(capsys, "--db", database, "--until", "2026-10-20")

    assert "1 call, 2026-10-11 12:00 UTC" in text
    assert not re.search("Unpriced|Partial|Estimated|Pending|Not |≥", text)


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("provider", {"provider": "anthropic"}),
        ("api_key", {"api_key": None}),
        ("customer", {"customer": None}),
        ("run", {"run": None}),
        ("key", {"api_key": None}),
        ("client", {"client": None}),
        ("host", {"host": "api.openai.com"}),
        ("policy", {"policy": None}),
        ("host,provider", {"host": "api.openai.com", "provider": "anthropic"}),
        ("day", {"day": "2026-10-11"}),
        ("provider, model", {"provider": "anthropic", "model": "claude"}),
        ("model,day", {"model": "claude", "day": "2026-10-11"}),
    ],
)
def test_groupings(database: Path, capsys: pytest.CaptureFixture[str], by: str, first: dict[str, object]) -> None:
    """Any columns group, in the order in which they are asked for; no call is left out of the sum."""
    spend = answered(capsys, "--db", database, "--by", by)["spend"]

    assert list(spend[0])[: len(first)] == list(first)
    assert {name: spend[0][name] for name in first} == first
    assert sum(int(str(row["calls"])) for row in spend) == 14
    assert sum(Decimal(str(row["cost_usd"] or 0)) for row in spend) == Decimal("10.49001")


def test_groups_without_a_name(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls without a customer are named so."""
    heads, _, *rows, _, _ = section(
        printed(capsys, "--db", database, "--by", "customer,api_key"), "Spend by customer and key"
    )

    assert heads[:2] == ["customer", "key"]
    assert [row[:2] for row in rows] == [["(none)", "(none)"], ["acme", "k1"]]


@pytest.mark.parametrize(
    ("by", "value"),
    [
        ("section", "agent:research"),
        ("feature", "search"),
        ("key_name", "the team's"),
        ("experiment", "e1"),
        ("variant", "v1"),
        ("prompt_version", "p1"),
        ("tag:my.team", "red"),
        ("tag:team", None),
        ("provider,tag:my.team", "red"),
    ],
)
def test_groupings_of_what_callers_say(
    database: Path, capsys: pytest.CaptureFixture[str], by: str, value: str | None
) -> None:
    """What callers say of their calls groups them, a tag by its name; the others are together."""
    name = by.rpartition(",")[2]
    spend = answered(capsys, "--db", database, "--by", by)["spend"]
    heads, *_ = section(printed(capsys, "--db", database, "--by", name), f"Spend by {name}")

    assert {row[name] for row in spend} == {value, None}
    assert value is None or [row["calls"] for row in spend if row[name]] == [1]
    assert ("tag" in spend[0], heads[0]) == (False, name)


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        (["model=claude"], {"claude"}),
        (["model=CLAUDE"], set()),
        (["model=cl?u*"], {"claude"}),
        (["model=claude,gr*"], {"claude", "grok"}),
        (["model=claude", "model=grok"], {"claude", "grok"}),
        (["model=claude", "customer=nobody"], set()),
        (["model=c.aude"], set()),
        (["tag:my.team=red"], {"gpt-4o"}),
        (["key=k1"], {"gpt-4o"}),
    ],
)
def test_conditions(
    database: Path, capsys: pytest.CaptureFixture[str], conditions: list[str], chosen: set[str]
) -> None:
    """Only calls that meet all conditions are in any section, the values of one dimension being alternatives."""
    spend = answered(capsys, "--db", database, *(word for text in conditions for word in ("--where", text)))["spend"]

    assert {row["model"] for row in spend} == chosen


def test_calls_without_a_name_are_chosen(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`(none)` stands for what has no value, and all conditions of a report hold for its sums, too."""
    assert printed(capsys, "--db", database, "--where", "customer=(none)").startswith(f"{database}: 13 calls")
    assert printed(capsys, "--db", database, "--where", "customer=?*").startswith(f"{database}: 1 call,")


def test_months(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A month is named as one, and no longer as its first day."""
    _, _, *rows, _, _ = section(printed(capsys, "--db", database, "--by", "month"), "Spend by month")

    assert [row[0] for row in rows] == ["2026-10", "2026-11"]


def test_a_key_without_a_name_is_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the policy file does not name a key, its id does."""
    path = tmp_path / "keys.duckdb"
    with store.writing(path) as db:
        db.load([to_row(priced("1", "gpt-4o", "1.5", api_key_id="k1"))], {})

    assert [row["key_name"] for row in answered(capsys, "--db", path, "--by", "key_name")["spend"]] == ["k1"]


def test_json(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has all sections and exact amounts; what is unknown is null."""
    answer = answered(capsys, "--db", database)

    assert list(answer) == [
        "summary",
        "spend",
        "unknown_costs",
        "pending",
        "price_gaps",
        "not_billed",
        "skipped_retries",
        "cached_input",
        "cache_hits",
        "refusals",
        "endings",
    ]
    assert answer["spend"][-1]["cost_usd"] is None
    assert answer["spend"][3]["cost_usd"] == Decimal("0.00001")


def test_csv(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV has the spend table, with empty cells where nothing is known."""
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", database, "--csv"))))

    assert [row["model"] for row in rows] == ["claude", "grok", "gpt-4o", "guess", "codex", "brand-new", "o3"]
    assert Decimal(rows[0]["cost_usd"]) == Decimal("6.25")
    assert [(row["cost_usd"], row["unknown_calls"], row["pending_calls"]) for row in rows[5:]] == [
        ("", "2", "0"),
        ("", "0", "2"),
    ]


def test_period(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first moment counts, the last one does not; a zone is converted to UTC."""
    text = printed(capsys, "--db", database, "--since", "2026-11-19T14:00+02:00", "--until", "2026-11-20T12:00")

    assert "1 call, 2026-11-19 12:00 UTC" in " ".join(text.split())


def test_period_that_is_so_long_ago(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Periods count back from now."""
    database = tmp_path / "events.duckdb"
    now = datetime.now(UTC)
    with store.writing(database) as db:
        ages = {"new": timedelta(hours=1), "old": timedelta(days=3)}
        db.load([to_row(replace(ended(key), started_at=now - age)) for key, age in ages.items()], {})

    assert "1 call," in printed(capsys, "--db", database, "--since", "24h")
    assert "2 calls," in printed(capsys, "--db", database, "--since", "1w")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--by", "colour"], "no such grouping: colour; there are model"),
        (["--by", ""], "no grouping is named; there are model, provider"),
        (["--by", ","], "no grouping is named; there are model, provider"),
        (["--by", "tag:"], "no such grouping: tag:; there are model"),
        (["--by", "tag:a,tag:b"], "one tag at a time, not tag:a and tag:b"),
        (["--by", "tag:a", "--where", "tag:b=1"], "one tag at a time, not tag:a and tag:b"),
        (["--since", "2026-11-28", "--until", "2026-11-01"], "--until has to be later than --since"),
        (["--where", "gpt"], "gpt is no condition; write for example model=gpt-* or customer=acme"),
        (["--where", "colour=red"], "no such grouping: colour; there are model"),
        (["--since", "yesterday"], "yesterday is no time; write 2026-11-20"),
        (["--json", "--csv"], "not allowed with"),
    ],
)
def test_wrong_arguments(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is named with what to write."""
    with pytest.raises(SystemExit):
        report.main(arguments)

    assert word in capsys.readouterr().err


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_help_keeps_words_whole(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Help breaks lines between the names of groupings."""
    monkeypatch.setenv("COLUMNS", width)
    with pytest.raises(SystemExit):
        report.main(["--help"])

    assert {*BY, *ALIASES} <= set(re.findall(r"\w+", capsys.readouterr().out))


def test_empty_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database without calls says what to do; a period without calls says that."""
    with store.writing(tmp_path / "events.duckdb"):
        pass

    assert "Send one through the proxy" in printed(capsys, "--db", tmp_path / "events.duckdb")
    assert "no such call" in printed(capsys, "--db", tmp_path / "events.duckdb", "--since", "1d")


def failed(capsys: pytest.CaptureFixture[str], database: Path) -> str:
    """The only thing that a report says which can't be made."""
    assert report.main(["--db", str(database)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_databases_that_can_not_be_read(
    tmp_path: Path, database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, locked, foreign, newer: one line each, on stderr."""
    reading = store.reading
    monkeypatch.setattr(store, "reading", lambda path: reading(path, wait=0.1))

    assert "does not exist: start the proxy first" in failed(capsys, tmp_path / "none.duckdb")
    with held(database) as pid:
        assert f"(PID {pid})" in failed(capsys, database)
    assert "another program" in failed(capsys, foreign(tmp_path / "other.duckdb"))
    with duckdb.connect(database) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    assert "newer llmobserve" in failed(capsys, database)


def test_age_of_the_prices(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The date of the price list is told, and the remedy where it is old."""
    prices = tmp_path / "pricing.yaml"
    monkeypatch.setattr(report, "PRICES", prices)
    today = datetime.now(UTC).date()

    prices.write_text(f"# Prices\nupdated: {today - timedelta(days=1)} # age\nproviders:\n")
    assert f"Prices as of {today - timedelta(days=1)} (1 day old)." in printed(capsys, "--db", database)
    prices.write_text(f"updated: {date(2026, 1, 1)}\n")
    assert "`make prices` brings newer ones." in printed(capsys, "--db", database)


def on_a_terminal(database: Path, **environment: str) -> str:
    """What the script prints on a terminal of 80 columns."""
    parent, child = pty.openpty()
    command = [sys.executable, str(SCRIPT), "--db", str(database), "--by", "model,provider"]
    clean = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
    terminal = clean | {"TERM": "xterm-256color", "COLUMNS": "80"} | environment
    process = subprocess.Popen(command, stdout=child, stderr=child, env=terminal, cwd=database.parent)
    os.close(child)
    said = b""
    try:
        while piece := os.read(parent, 4096):
            said += piece
    except OSError:  # Linux says so where the other end is closed
        pass
    os.close(parent)
    assert process.wait() == 0
    return said.decode()


def test_terminal(database: Path) -> None:
    """A terminal gets colours and no line that is too long."""
    text = on_a_terminal(database)

    assert "\x1b[1m" in text
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line).rstrip()) for line in text.splitlines()) <= 80


def test_no_color(database: Path) -> None:
    """NO_COLOR is respected: bold and dim may stay, colours do not."""
    assert not re.search(r"\x1b\[[\d;]*(3|4|9)\d", on_a_terminal(database, NO_COLOR="1"))


def test_pipe_that_is_closed(database: Path) -> None:
    """`| head` ends the report quietly; the default database lies in the present directory."""
    database.rename(database.with_name("llmobserve.duckdb"))
    command = f"{sys.executable} {SCRIPT} | head -1"
    answer = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=database.parent, check=True)

    assert answer.stdout.startswith("llmobserve.duckdb: 14 calls")
    assert answer.stderr == ""


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.name)
def test_sql_in_the_command_line(database: Path, path: Path) -> None:
    """Each file runs as it is in DuckDB's own command line, and gives what Python gets."""
    if not COMMAND_LINE:
        pytest.skip("no duckdb command line: pip install duckdb-cli")
    with store.writing(database) as writing:
        writing.load([to_row(event) for event in [*POLICIES, *TIMED, *TALK]], {})
    since = "SET VARIABLE since = '2026-11-01'"
    command = [COMMAND_LINE, "-readonly", "-csv", "-cmd", since, str(database)]
    answer = subprocess.run(command, input=path.read_text(), capture_output=True, text=True, check=True)

    with store.reading(database) as db:
        table = db.query(path.read_text(), variables={"since": datetime(2026, 11, 1)})  # noqa: DTZ001
    rows = list(csv.reader(io.StringIO(answer.stdout)))
    assert tuple(rows[0]) == table.columns
    assert len(rows) - 1 == len(table.rows) > 0
    assert answer.stderr == ""
