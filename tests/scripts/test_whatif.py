"""The same traffic at other models: exact to the proxy's own invoices, and plain about what is not comparable."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from llmobs.dialects import DIALECTS
from llmobs.event import Charge, CostStatus, Event, Outcome
from llmobs.pricing import load
from llmobs.units import UNITS
from scripts import whatif
from scripts.whatif_parts.ranking import fits
from scripts.whatif_parts.targets import named
from tests.scripts import reports
from tests.scripts.reports import stored
from tests.writer.calls import ended

NOW = datetime.now(UTC)
# No model has another price then.
_WEEKDAY = next(day for back in range(1, 4) if (day := NOW - timedelta(days=back)).weekday() < 5)
AFTERNOON = _WEEKDAY.replace(hour=18)
OWN = """
updated: 2026-11-01
providers:
  home:
    hosts: [home.test]
    models:
      plain: [{input: 1, output: 4}]
      caching: [{input: 1, cached_input: 0.5, cache_write: 2, output: 4, reasoning: 8}]
      sized: [{input: 1, output: 4}, {above: 10000, input: 2, output: 8}]
      tiered: [{input: 1, output: 4}, {tier: flex, input: 0.5, output: 2}, {batch: true, input: 0.25, output: 1}]
      nightly: [{input: 1, output: 4}, {hours: "00:00-12:00", input: 0.5, output: 2}]
      weekend: [{input: 1, output: 4}, {days: "sat,sun", input: 0.5, output: 2}]
      regional: [{input: 1, output: 4}, {region: "eu-*", input: 1.1, output: 4.4}]
      varied: [{image: 0.01}, {variant: "hd/*", image: 0.02}]
      searching: [{input: 1, output: 4, web_search: 10}]
      charging: [{input: 1, output: 4, request: 5}]
      hourly: [{input: 1, cache_write: 1.25, output: 4}]
      vectors: [{input: 0.1}]
      free: [{input: 0, output: 0}]
      wordless: [{output: 4}]
      later: [{from: 2999-01-01, input: 0.1, output: 0.1}]
      small-embedding: [{input: 0.01, output: 0.01}]
  other:
    hosts: [other.test]
    models:
      plain: [{input: 10, output: 40}]
"""


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Prices of two providers of one's own."""
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return path


def call(key: str, used: Mapping[str, int], cost: str | None = "1", **more: object) -> Event:
    """A call of some afternoon that used so much of each unit."""
    lines = tuple(Charge(unit, Decimal(n), None, UNITS[unit].per, None) for unit, n in used.items())
    told = replace(
        ended(key),
        started_at=AFTERNOON,
        charges=lines,
        input_tokens=sum(n for unit, n in used.items() if UNITS[unit].side == "input"),
        output_tokens=used.get("output", 0) + used.get("reasoning", 0),
        cost_usd=None if cost is None else Decimal(cost),
        cost_status=CostStatus.UNPRICED if cost is None else CostStatus.EXACT,
    )
    return replace(told, **more)


def database(folder: Path, *calls: Event) -> Path:
    """A file with those calls."""
    return stored(folder / "events.duckdb", calls)


printed = partial(reports.printed, whatif.main)
answered = partial(reports.answered, whatif.main)


def at(
    capsys: pytest.CaptureFixture[str],
    prices: Path,
    folder: Path,
    model: str,
    *calls: Event,
    more: tuple[str, ...] = (),
) -> dict[str, Any]:
    """One model's answer for some calls."""
    found = answered(capsys, "--db", database(folder, *calls), "--file", prices, "--model", model, *more)
    [told] = found["models"]
    answer: dict[str, Any] = told
    return answer


THOUSAND = {"input": 1000, "cached_input": 2000, "cache_write": 500, "output": 100, "reasoning": 50}


@pytest.mark.parametrize(
    ("model", "then"),
    [
        # All input at the price of input, reasoning at that of output: (3500 x 1 + 150 x 4) / 1M
        ("home/plain", "0.0041"),
        # 1000 x 1 + 2000 x 0.5 + 500 x 2 + 100 x 4 + 50 x 8
        ("home/caching", "0.0038"),
        ("other/plain", "0.041"),
        # one fee a call, 5 USD for a thousand
        ("home/charging", "0.0091"),
    ],
)
def test_what_it_would_cost(
    model: str, then: str, prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The units of the call at the rates of the other model, the cached share kept."""
    told = at(capsys, prices, tmp_path, model, call("1", THOUSAND))

    assert told["then_usd"] == Decimal(then)
    assert told["difference_usd"] == Decimal(then) - 1
    assert told["now_usd"] == 1


def test_without_reasoning(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tokens that were spent on reasoning are left out on request."""
    told = at(capsys, prices, tmp_path, "home/plain", call("1", THOUSAND), more=("--no-reasoning",))

    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain")

    assert told["then_usd"] == Decimal("0.0039")
    assert "no price for cached input, so that 2,000 tokens cost as much as others" in " ".join(text.split())


def test_sizes_are_those_of_each_call(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A long call pays the price of long calls, three short ones of the same sum don't."""
    short = [call(f"s{at}", {"input": 10_000, "output": 10}) for at in range(3)]
    told = at(capsys, prices, tmp_path, "home/sized", *short, call("long", {"input": 10_001, "output": 10}))

    assert told["then_usd"] == Decimal("0.03012") + Decimal("0.020082")


def test_tiers_and_batches(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tier that the other has is kept, one that it has not is priced as ordinary, and named."""
    used = {"input": 1_000_000}
    calls = [call(tier, used, service_tier=tier) for tier in ("flex", "batch", "priority", "default")]
    kept = at(capsys, prices, tmp_path, "home/tiered", *calls)
    plain = answered(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain")
    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain")

    assert kept["then_usd"] == Decimal("2.75")
    assert kept["at_ordinary_price"] == {"priority": 1}
    assert plain["models"][0]["at_ordinary_price"] == {"flex": 1, "batch": 1, "priority": 1}
    assert "1 flex calls at its ordinary price, as it has none for that tier" in " ".join(text.split())


def test_times_of_day_and_weekdays(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The time of the call decides, on any day."""
    monday = (NOW - timedelta(days=NOW.weekday() + 7)).replace(hour=11, minute=59)
    used = {"input": 1_000_000}
    calls = [
        call("morning", used, started_at=monday),
        call("noon", used, started_at=monday + timedelta(minutes=1)),
        call("saturday", used, started_at=monday + timedelta(days=5, hours=2)),
    ]

    assert at(capsys, prices, tmp_path, "home/nightly", *calls)["then_usd"] == Decimal("2.5")
    found = answered(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/weekend")
    assert found["models"][0]["then_usd"] == Decimal("2.5")


def test_regions_and_variants(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They count where the other's prices know them."""
    used = {"input": 1_000_000}
    calls = [call("eu", used, region="eu-central-1"), call("us", used, region="us-east-1")]
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shown = [
        call(size, {"image": 2}, operation="image_generation", variant=f"{size}/1024x1024") for size in ("hd", "low")
    ]

    assert at(capsys, prices, tmp_path, "home/regional", *calls)["then_usd"] == Decimal("2.1")
    plain = answered(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain")
    assert plain["models"][0]["then_usd"] == 2
    assert at(capsys, prices, pictures, "home/varied", *shown)["then_usd"] == Decimal("0.06")


def test_what_it_does_not_price_is_named(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fee without a price makes the amount a lower bound; tokens without one leave no amount at all."""
    calls = [call("1", {"input": 1_000_000, "output": 1000, "web_search": 3})]
    told = at(capsys, prices, tmp_path, "home/plain", *calls)
    both = ("--model", "home/plain", "--model", "home/searching")
    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, *both)

    assert told["unpriced"] == {"web_search": 3}
    assert told["then_usd"] == Decimal("1.004")
    assert "≥$1.00" in text
    assert "home/plain: no price for 3 web_search." in text


def test_tokens_without_a_price(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then the amount is unknown."""
    calls = [call("1", {"input": 10, "output": 1000}, operation="realtime")]
    told = at(capsys, prices, tmp_path, "home/wordless", *calls)
    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/wordless")

    assert (told["then_usd"], told["unpriced"]) == (None, {"input": 10})
    assert "no price for 10 input tokens" in text
    assert "?" in text


def test_other_work_stays(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model that writes takes over no embeddings, and the other way round."""
    calls = [call("1", {"input": 1_000_000, "output": 1}), call("2", {"input": 1_000_000}, operation="embeddings")]
    told = at(capsys, prices, tmp_path, "home/plain", *calls)
    vectors = answered(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/vectors")
    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain")

    assert (told["calls"], told["not_taken_over"]) == (1, {"embeddings": 1})
    assert vectors["models"][0]["then_usd"] == Decimal("0.1")
    assert "does not take over 1 of embeddings calls, which stay as they are" in " ".join(text.split())


def test_unknown_costs(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only calls whose cost is known are compared; what the others would cost is told apart."""
    used = {"input": 1_000_000}
    calls = [call("1", used), call("2", used, None), call("3", {}, None)]
    told = at(capsys, prices, tmp_path, "home/plain", *calls)
    text = " ".join(
        printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/plain").split()
    )

    assert (told["compared_calls"], told["then_usd"], told["then_of_all_usd"]) == (1, 1, 2)
    assert (told["unknown_calls"], told["calls_without_usage"]) == (1, 1)
    assert "≥$1.00 now; of 2 the cost is not known" in text
    assert "1 call whose cost is not known now would come to $1.00 there" in text
    assert "what 1 call used is not known" in text


def test_only_unknown_costs(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be compared with what is not known."""
    told = at(capsys, prices, tmp_path, "home/plain", call("1", {"input": 1_000_000}, None))

    assert (told["now_usd"], told["then_usd"], told["then_of_all_usd"]) == (None, None, 1)


def test_rates_that_are_assumed(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A one-hour cache is priced like a short one where it has no price, which is about right."""
    told = at(capsys, prices, tmp_path, "home/hourly", call("1", {"cache_write_1h": 1_000_000}))
    text = printed(capsys, "--db", tmp_path / "events.duckdb", "--file", prices, "--model", "home/hourly")

    assert told["estimated"]
    assert "≈$1.25" in text
    assert "≈ a rate had to be assumed" in text


def test_what_a_plan_pays_counts_at_list_price(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its calls have no invoice: tokens count."""
    plan = replace(
        call("1", {}, "0"),
        cost_status=CostStatus.NOT_BILLED,
        list_cost_usd=Decimal(2),
        input_tokens=1_000_000,
        cached_input_tokens=400_000,
        cache_write_tokens=100_000,
        output_tokens=1000,
        reasoning_tokens=400,
    )
    told = at(capsys, prices, tmp_path, "home/caching", plan)
    whole = answered(capsys, "--db", database(tmp_path, call("2", {"input": 10}, "3")), "--file", prices, "--all")

    # 0.5 x 1 + 0.4 x 0.5 + 0.1 x 2 + 0.0006 x 4 + 0.0004 x 8
    assert (told["now_usd"], told["then_usd"]) == (2, Decimal("0.9056"))
    assert (whole["calls"], whole["now_usd"], whole["planned_calls"], whole["planned_usd"]) == (2, 5, 1, 2)


def test_calls_that_nobody_bills_are_left_out(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures, the cache's answers, refusals and what is pending cost nothing anywhere."""
    used = {"input": 1_000_000}
    free = {"cost_status": CostStatus.NOT_BILLED, "list_cost_usd": Decimal(0)}
    calls = [
        call("1", used),
        call("2", used, "0", outcome=Outcome.ERROR, **free),
        call("3", used, "0", policy="cache", cost_status=CostStatus.NOT_BILLED, list_cost_usd=Decimal(1)),
        call("4", used, None, cost_status=CostStatus.PENDING),
        call("5", used, "0", policy="budget:all", outcome=Outcome.ERROR, **free),
        call("6", used, started_at=NOW - timedelta(days=31)),
    ]

    assert at(capsys, prices, tmp_path, "home/plain", *calls)["calls"] == 1


def test_two_lines_of_one_unit(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A call whose models used the same unit has both quantities."""
    twice = call("1", {"input": 1_000_000})
    told = at(capsys, prices, tmp_path, "home/plain", replace(twice, charges=twice.charges * 2))

    assert told["then_usd"] == 2


def test_all_models(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cheapest for the dearest work first, without free ones, embeddings and what has no price for tokens."""
    used = {"input": 1_000_000, "cached_input": 1_000_000, "output": 1000}
    path = database(
        tmp_path,
        call("1", used, service_tier="flex"),
        call("2", used, None),
        call("4", used | {"web_search": 3}),
        call("3", {"input": 10}, "0.1", operation="embeddings"),
    )
    arguments = ("--db", path, "--file", prices, "--all", "--among", "home, other")
    found = answered(capsys, *arguments)
    names = [f"{told['provider']}/{told['model']}" for told in found["models"]]
    text = " ".join(printed(capsys, *arguments, "--top", "4").split())

    others = printed(capsys, "--db", path, "--file", prices, "--all", "--among", "oth*")

    assert names[0] == "home/tiered"
    assert "other/plain" in others
    assert "home/" not in others
    assert "of price 0" not in others
    assert names[-1] == "other/plain"
    assert not {
        "home/free",
        "home/later",
        "home/vectors",
        "home/wordless",
        "home/small-embedding",
        "home/varied",
    } & set(names)
    assert "The cheapest models for chat calls" in text
    assert "1 model of price 0 left out" in text
    assert "other work (embeddings) is not looked at" in text
    assert "nor are 1 call whose cost is not known now" in text
    assert "1 call with web_search left out, which few models have" in text
    assert "as much as the largest call here (2,000,000 input tokens), is not." in text
    assert (found["left_out_tool_calls"], found["largest_input_tokens"]) == (1, 2_000_000)
    assert "flex as ordinary" in text
    assert "cached at full price" in text


def test_all_models_for_calls_with_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where each call used a tool, only models with a price for it are ranked."""
    path = database(tmp_path, call("1", {"input": 1_000_000, "output": 1000, "web_search": 2}))
    found = answered(capsys, "--db", path, "--all", "--among", "openai,groq,anthropic", "--top", "1000")

    assert found["left_out_tool_calls"] == 0
    assert {told["provider"] for told in found["models"]} >= {"openai", "anthropic"}
    assert not any(told["unpriced"] for told in found["models"])


@pytest.mark.parametrize(
    ("name", "operation", "there"),
    [
        ("openai/gpt-5.4-mini", "chat", True),
        ("openai/text-embedding-3-small", "chat", False),
        ("openai/text-embedding-3-small", "embeddings", True),
        ("cloudflare/@cf/baai/bge-reranker-base", "embeddings", False),
        ("perplexity/pplx-decider-v1.2", "embeddings", False),
        ("groq/llama-guard-3-8b", "chat", False),
        ("groq/llama-guard-3-8b", "moderation", True),
        ("openrouter/anthropic/claude-opus-5:batch", "chat", False),
        ("openrouter/anthropic/claude-opus-5:batch", "batch", True),
        ("openai/o3-deep-research", "chat", False),
    ],
)
def test_what_is_worth_a_look(name: str, operation: str, *, there: bool) -> None:
    """Chat is ranked among models that write, embeddings among models that embed, by their prices and names."""
    book = load(whatif.PRICES, dialects=DIALECTS)

    assert fits(named(book, name, NOW.date()), operation) is there


def test_all_models_of_one_kind_of_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every provider of pricing.yaml is compared; twenty models are shown, and CSV has them as rows."""
    path = database(tmp_path, call("1", {"input": 1_000_000, "output": 1000}))
    text = printed(capsys, "--db", path, "--all")
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", path, "--all", "--csv"))))

    assert "other work" not in text
    assert len(rows) == 20
    assert sorted(Decimal(row["then_usd"]) for row in rows) == [Decimal(row["then_usd"]) for row in rows]


def test_free_traffic_has_no_share(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What costs nothing now changes by no share."""
    path = database(tmp_path, call("1", {"input": 1_000_000}, "0"))
    text = printed(capsys, "--db", path, "--file", prices, "--model", "home/plain")

    assert "+$1.00" in text


def test_names(tmp_path: Path, prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bare name does where one provider has it; else the message says what to write."""
    path = database(tmp_path, call("1", {"input": 1_000_000, "output": 1}))

    def refused(name: str) -> str:
        assert whatif.main(["--db", str(path), "--file", str(prices), "--model", name]) == 2
        return capsys.readouterr().err

    assert answered(capsys, "--db", path, "--file", prices, "--model", "caching")["models"][0]["provider"] == "home"
    assert "plain has several prices; write home/plain or other/plain" in refused("plain")
    assert "home has no price for cachin today; did you mean caching?" in refused("home/cachin")
    assert "no price list has gtp-5.4-mini" in refused("gtp-5.4-mini")


def test_providers_that_are_not_there(tmp_path: Path, prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A provider that no price list has is a mistake, also beside one that is there."""
    path = database(tmp_path, call("1", {"input": 1_000_000, "output": 1}))

    assert whatif.main(["--db", str(path), "--file", str(prices), "--all", "--among", "home,hom"]) == 2
    assert "no provider fits hom; did you mean home?" in capsys.readouterr().err


def test_too_many_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More sizes than the query tells apart are refused."""
    rules = ", ".join(f"{{above: {at}, input: {at}}}" for at in range(1, 14))
    prices = tmp_path / "own.yaml"
    models = f"models: {{many: [{{input: 1, output: 1}}, {rules}]}}"
    prices.write_text(f"updated: 2026-11-01\nproviders: {{home: {{hosts: [home.test], {models}}}}}\n")

    assert whatif.main(["--db", str(database(tmp_path)), "--file", str(prices), "--model", "home/many"]) == 2
    assert "prices change at 13 sizes of the input" in capsys.readouterr().err


def test_nothing_and_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both get a sentence; --until alone means the thirty days before."""
    path = database(tmp_path)

    assert "holds no call yet" in printed(capsys, "--db", path, "--all", "--until", "2026-01-01")
    assert answered(capsys, "--db", path, "--all", "--until", "2026-01-31")["since"] == "2026-01-01T00:00:00"
    assert whatif.main(["--db", str(tmp_path / "none.duckdb"), "--all"]) == 1
    assert "does not exist" in capsys.readouterr().err
