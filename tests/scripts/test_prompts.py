"""The token audit: lengths, growth and repeats of all calls, and what captured requests are made of."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event, Outcome
from llmobs.tokens import count
from scripts import prompts
from scripts.prompts_parts.anatomy import request
from tests.scripts import reports
from tests.scripts.reports import stored
from tests.writer.calls import ended

# In the middle of five minutes, so that calls within one of them are there together.
NOW = (datetime.now(UTC) - timedelta(days=1)).replace(minute=2, second=0, microsecond=0)
PRICES = """
updated: 2026-11-01
providers:
  openai:
    hosts: [api.openai.com]
    models:
      gpt-4o: [{input: 2, cached_input: 1, output: 8}]
      plain: [{input: 2, output: 8}]
      wordless: [{output: 8}]
"""
LONG = "You answer in rhymes. " * 400


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """A price list of one provider."""
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return path


def call(key: str, **more: object) -> Event:
    """A call of a text model, yesterday."""
    return replace(ended(key), started_at=NOW, output_tokens=100, cost_usd=Decimal("0.5"), **more)


def asked(key: str, told: Mapping[str, object], **more: object) -> Event:
    """A call whose request was kept."""
    return replace(call(key), content=json.dumps({"request": told, "response": {}}), **more)


def database(folder: Path, *calls: Event) -> Path:
    """A file with those calls."""
    return stored(folder / "events.duckdb", calls)


printed = partial(reports.printed, prompts.main)
answered = partial(reports.answered, prompts.main)


def test_lengths_by_section_and_model(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How long prompts and answers are, what share came from a cache, and what it cost, the dearest first."""
    path = database(
        tmp_path,
        call("1", section="agent:a", cached_input_tokens=250),
        call("2", section="agent:a", cost_status=CostStatus.ESTIMATED),
        call("3", cost_status=CostStatus.PARTIAL),
        replace(call("4", outcome=Outcome.ERROR), started_at=NOW),
        replace(call("5"), output_tokens=0),
        replace(call("6"), started_at=NOW - timedelta(days=31)),
    )
    text = printed(capsys, "--db", path, "--file", prices)
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", path, "--file", prices, "--csv"))))

    assert [(row["section"], row["calls"], row["input_tokens"]) for row in rows] == [
        ("agent:a", "2", "2000"),
        ("", "1", "1000"),
    ]
    assert "12.5%" in text
    assert "≈$1.00" in text
    assert "≥$0.5000" in text
    assert "No request of these was kept" in text
    assert "no request came twice" in text


def test_percentiles_are_exact(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half of the calls are at most as long as p50, and 95 of 100 as p95, to the token."""
    calls = (replace(call(str(n)), input_tokens=n * n, output_tokens=n) for n in range(1, 201))
    rows = answered(capsys, "--db", database(tmp_path, *calls), "--file", prices)["lengths"]
    [row] = rows

    assert (row["input_p50"], row["input_p95"]) == (100**2, 190**2)
    assert (row["output_p50"], row["output_p95"], row["output_max"]) == (100, 190, 200)


def test_growth_of_conversations(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 1, 2 and 3 thousand tokens three thousand were sent before; a thousand came from the cache, two could have."""
    steps = [
        replace(call(str(at), run_id="talk"), started_at=NOW + timedelta(minutes=at), input_tokens=1000 * at)
        for at in (1, 2, 3)
    ]
    equal = [call(f"e{at}", run_id="equal") for at in range(3)]
    path = database(tmp_path, *steps[:2], replace(steps[2], cached_input_tokens=1000), *equal, call("x", run_id="x"))
    [row] = answered(capsys, "--db", path, "--file", prices)["growth"]
    text = printed(capsys, "--db", path, "--file", prices)

    assert (row["conversations"], row["repeated_tokens"], row["uncached_tokens"]) == (1, 3000, 2000)
    # two thousand tokens at a dollar a million less
    assert row["cache_saves_usd"] == Decimal("0.002")
    assert "Conversations that grow" in text
    assert "50.0%" in text


def test_growth_without_a_price(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a cache saves is not known where no price is, nor where there is no model."""
    steps = [
        call(f"{model}{at}", run_id="talk", model=model, request_model=None)
        for at in (1, 2, 3)
        for model in (None, "nobody's", "wordless")
    ]
    steps = [
        replace(one, started_at=NOW + timedelta(minutes=at), input_tokens=1000 + at) for at, one in enumerate(steps)
    ]
    found = answered(capsys, "--db", database(tmp_path, *steps), "--file", prices)["growth"]

    assert [row["cache_saves_usd"] for row in found] == [None, None, None]


def test_equal_requests(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two of three equal requests cost what a cache would have saved; linked retries and failures don't count."""
    same = {"request_id": "same"}
    path = database(
        tmp_path,
        *(call(str(at), **same) for at in range(3)),
        call("retry", retry_of="1", **same),
        call("failed", outcome=Outcome.ERROR, **same),
        call("other", request_id="other"),
    )
    [row] = answered(capsys, "--db", path, "--file", prices)["repeats"]
    text = printed(capsys, "--db", path, "--file", prices)

    assert (row["requests"], row["again_calls"], row["again_usd"]) == (1, 2, Decimal(1))
    assert "Equal requests: 2 calls that asked again" in text
    assert "`cache` in the policy file" in text


def test_repeated_system_prompts(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four calls within five minutes pay a prompt four times; with a cache one writes it and three read it."""
    told = {"messages": [{"role": "system", "content": LONG}, {"role": "user", "content": "hello"}]}
    path = database(tmp_path, *(asked(str(at), told) for at in range(4)), asked("once", {"instructions": "Be brief."}))
    [prompt] = answered(capsys, "--db", path, "--file", prices)["prompts"]
    tokens = count(LONG, "gpt-4o")
    text = printed(capsys, "--db", path, "--file", prices)

    assert (prompt["calls"], prompt["tokens"]) == (4, tokens)
    assert prompt["cost_usd"] == Decimal(tokens * 4 * 2) / 1_000_000
    assert prompt["saving_usd"] == Decimal(tokens * 3) / 1_000_000
    assert str(prompt["begins"]).startswith("You answer in rhymes.")
    assert "What requests are made of: 5 captured calls" in text
    assert "no request limits the length of its answer" in text


@pytest.mark.parametrize("model", ["plain", "nobody's"])
def test_prompts_that_no_cache_makes_cheaper(
    model: str, prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model without a cheaper cached token, or without a price, saves nothing that is known."""
    told = {"system": LONG, "tools": [{"name": "look", "input_schema": {"type": "object"}}]}
    path = database(tmp_path, *(asked(str(at), told, model=model) for at in range(2)))
    [prompt] = answered(capsys, "--db", path, "--file", prices)["prompts"]

    assert prompt["saving_usd"] is None


def test_prompts_that_are_cached_already_or_too_short(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither saves anything."""
    cached = {"system": LONG}
    path = database(
        tmp_path,
        *(asked(str(at), cached, input_tokens=10_000, cached_input_tokens=9000) for at in range(2)),
        *(asked(f"s{at}", {"system": "Be brief."}) for at in range(2)),
    )
    found = {prompt["begins"]: prompt for prompt in answered(capsys, "--db", path, "--file", prices)["prompts"]}
    text = printed(capsys, "--db", path, "--file", prices)

    assert found["Be brief."]["saving_usd"] is None
    assert [prompt["saving_usd"] for begins, prompt in found.items() if begins != "Be brief."] == [0]
    assert "too short" in text
    assert "$0.00" in text


def test_results_of_tools_and_limits(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tools are told by name with their share; an answer as long as its limit was cut off."""
    told = {
        "max_tokens": 100,
        "messages": [
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "search", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "found " * 50},
            {"role": "user", "content": "so?"},
        ],
    }  # fmt: skip
    path = database(tmp_path, asked("1", told), asked("2", told | {"max_tokens": 200}))
    found = answered(capsys, "--db", path, "--file", prices)
    text = printed(capsys, "--db", path, "--file", prices, "--sample", "1")

    assert found["tools"] == [{"tool": "search", "results": 2, "tokens": 2 * count("found " * 50, "gpt-4o")}]
    assert found["captured"]["answers_at_limit"] == 1
    assert "Results of tools" in text
    assert "1 of 2 captured calls" in text
    assert "as long as their request allows" in text


def test_content_that_is_no_request(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was cut to nothing, or is no JSON object, is passed over."""
    path = database(
        tmp_path, *(replace(call(text), content=text) for text in ('{"cut":true}', "[1]", '{"request":"x"}'))
    )

    assert "No request of these was kept" in printed(capsys, "--db", path, "--file", prices)


def test_requests_without_a_word(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have no share of anything, and a prompt of tools alone begins with nothing."""
    path = database(tmp_path, asked("1", {}), asked("2", {}))
    other = tmp_path / "tools"
    other.mkdir()
    tools = database(other, *(asked(str(at), {"tools": [{"type": "web_search"}]}) for at in range(2)))

    assert "What requests are made of: 2 captured calls" in printed(capsys, "--db", path, "--file", prices)
    [prompt] = answered(capsys, "--db", tools, "--file", prices)["prompts"]
    assert (prompt["begins"], prompt["tokens"]) == ("", 0)


@pytest.mark.parametrize(
    ("told", "system", "results", "limit"),
    [
        (
            {
                "system": [{"type": "text", "text": "s"}],
                "max_tokens": 5,
                "messages": [
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "read", "input": {}}]},
                    {"content": [{"type": "tool_result", "tool_use_id": "t", "content": "r"}, {"text": "u"}]},
                ],
            },
            1, [("read", "r")], 5,
        ),
        (
            {
                "instructions": "s",
                "input": [
                    {"type": "function_call", "call_id": "c", "name": "run", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "c", "output": "r"},
                    "text",
                ],
            },
            1, [("run", "r")], None,
        ),
        (
            {
                "systemInstruction": {"parts": [{"text": "s"}]},
                "generationConfig": {"maxOutputTokens": 7},
                "contents": [{"parts": [{"functionResponse": {"name": "look", "response": {"a": "r"}}}]}],
            },
            1, [("look", {"a": "r"})], 7,
        ),
        (
            {
                "inferenceConfig": {"maxTokens": 9},
                "messages": [
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "b", "name": "ask", "input": {}}}]},
                    {"role": "user", "content": [{"toolResult": {"toolUseId": "b", "content": [{"text": "r"}]}}]},
                ],
            },
            0, [("ask", [{"text": "r"}])], 9,
        ),
        ({"prompt": "p", "max_tokens": 0}, 0, [], None),
        ({"messages": [{"role": "tool", "content": "r"}]}, 0, [("(unnamed)", "r")], None),
    ],
    ids=["anthropic", "openai responses", "gemini", "bedrock converse", "completion", "unnamed tool"],
)  # fmt: skip
def test_anatomy(told: dict[str, Any], system: int, results: list[tuple[str, object]], limit: int | None) -> None:
    """Each API's request comes apart into the same parts."""
    found = request(json.dumps({"request": told}))

    assert found is not None
    assert len(found.system) == system
    assert [(result.tool, result.value) for result in found.results] == results
    assert found.limit == limit


def test_nothing_and_no_database(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both get a sentence; --until alone means the thirty days before."""
    path = database(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    late = printed(capsys, "--db", database(old, replace(call("1"), started_at=NOW - timedelta(days=99))))

    assert "its newest is of" in late
    assert "holds no call yet" in printed(capsys, "--db", path, "--file", prices)
    assert answered(capsys, "--db", path, "--until", "2026-01-31")["since"] == "2026-01-01T00:00:00"
    assert prompts.main(["--db", str(tmp_path / "none.duckdb")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_limit(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A screen shows ten rows of each table and says how many more there are; a program gets all, or its limit."""
    models = [f"model-{at:02}" for at in range(12)]
    path = database(
        tmp_path,
        *(
            replace(
                asked(f"{model}.{at}", {"instructions": f"You are {model}. {LONG}"}, model=model, request_model=None),
                started_at=NOW + timedelta(minutes=at),
                input_tokens=1000 * at,
                run_id=model,
                request_id=model,
            )
            for model in models
            for at in (1, 2, 3)
        ),
    )
    asked_for = ("--db", path, "--file", prices)
    text = printed(capsys, *asked_for)
    found = answered(capsys, *asked_for)
    short = answered(capsys, *asked_for, "--limit", 5)

    assert text.count("2 more: --limit") == 4
    assert "Equal requests: 24 calls that asked again" in text
    assert [len(found[name]) for name in ("lengths", "growth", "repeats", "prompts")] == [12] * 4
    assert [len(short[name]) for name in ("lengths", "growth", "repeats", "prompts")] == [5] * 4
    assert len(printed(capsys, *asked_for, "--csv").splitlines()) == 13
    assert "all_rows" not in json.dumps([list(row) for row in found["repeats"]])
