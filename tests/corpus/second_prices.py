"""What genai-prices and litellm say that the tokens of a call cost, each by its own rules; it knows none of our prices.

genai-prices is asked as a library. Of litellm only the table of models is had, so its rules are written out here: rates
above a number of tokens hold for the whole request, cached and written tokens have rates of their own.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import genai_prices

from scripts.price_sources.catalog import FEEDS
from scripts.price_sources.fetch import packages
from scripts.price_sources.litellm import rows
from tests.corpus.expected import Expected
from tests.corpus.recording import Exchange

# A folder with the wheels that `make prices ARGS="--sources FOLDER"` leaves there.
FOLDER = Path(os.environ.get("LLMOBSERVE_PRICE_SOURCES", Path(__file__).resolve().parents[2] / ".price-sources"))

type Table = Mapping[str, Mapping[str, object]]

# Our word for a count that the rules of both lists know, theirs, and litellm's key for its rate.
MODALITIES = (
    ("input_audio", "input_audio_tokens", "input_cost_per_audio_token"),
    ("input_image", "input_image_tokens", "input_cost_per_image_token"),
    ("input_video", "input_video_tokens", "input_cost_per_video_token"),
    ("output_audio", "output_audio_tokens", "output_cost_per_audio_token"),
    ("output_image", "output_image_tokens", "output_cost_per_image_token"),
)
KNOWN = {ours for ours, _, _ in MODALITIES} | {"cache_write_1h", "file_search", "code_execution", "search_unit"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The counts of a call, a rate above which holds for all of them decided by `input`."""

    input: int
    cached: int
    written: int
    written_1h: int
    output: int
    reasoning: int
    others: Mapping[str, int]


def tokens_of(expected: Expected) -> Tokens | None:
    """The counts of a call; None where something else than tokens decides what it costs."""
    if expected.input_tokens is None or not expected.quantities.keys() <= KNOWN:
        return None
    counts = {unit: int(n) for unit, n in expected.quantities.items()}
    return Tokens(
        expected.input_tokens,
        expected.cached_input_tokens or 0,
        expected.cache_write_tokens or 0,
        counts.get("cache_write_1h", 0),
        expected.output_tokens or 0,
        expected.reasoning_tokens or 0,
        {ours: counts[ours] for ours, _, _ in MODALITIES if ours in counts},
    )


def genai(exchange: Exchange, expected: Expected, tokens: Tokens) -> Decimal | None:
    """What genai-prices says, without fees; None where it does not know the model."""
    feed = FEEDS.get(expected.provider or "")
    usage = genai_prices.Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cached,
        cache_write_tokens=tokens.written,
        output_tokens=tokens.output,
        **({"cache_write_1h_tokens": tokens.written_1h} if tokens.written_1h else {}),
        **{theirs: tokens.others[ours] for ours, theirs, _ in MODALITIES if ours in tokens.others},
    )
    at = datetime.fromisoformat(exchange.started)
    for name in feed.genai if feed else ():
        try:
            price = genai_prices.calc_price(usage, expected.model or "", provider_id=name, genai_request_timestamp=at)
        except (LookupError, ValueError):
            continue
        return Decimal(price.input_price + price.output_price)
    return None


def at_hand() -> bool:
    """Whether the wheels of both lists are there."""
    return all(any(FOLDER.glob(f"{name}-*.whl")) for name in ("litellm", "genai_prices"))


@cache
def table() -> Table:
    """Litellm's table of models; its wheel has to be at hand."""
    return rows(packages(FOLDER, None, None)[1].text)


def litellm(models: Table, expected: Expected, tokens: Tokens) -> Decimal | None:
    """What litellm's table says; None where it does not know the model or a rate that is needed."""
    row = _row(models, expected)
    return None if row is None else _cost(row, tokens)


def _row(models: Table, expected: Expected) -> Mapping[str, object] | None:
    feed = FEEDS.get(expected.provider or "")
    if not feed or not feed.litellm or not expected.model:
        return None
    names = [prefix + expected.model for prefix in ("", *feed.litellm.strip)]
    found = [models[name] for name in names if name in models]
    return next((row for row in found if row.get("litellm_provider") in feed.litellm.providers), None)


def _cost(row: Mapping[str, object], tokens: Tokens) -> Decimal | None:
    rate = _rates(row, tokens.input)
    base_in, base_out = rate("input_cost_per_token"), rate("output_cost_per_token")
    if base_in is None or (base_out is None and tokens.output):
        return None
    written = rate("cache_creation_input_token_cost") or base_in
    out = base_out or Decimal(0)
    inside = {"input": tokens.input - tokens.cached - tokens.written, "output": tokens.output - tokens.reasoning}
    cost = tokens.cached * (rate("cache_read_input_token_cost") or base_in)
    cost += (tokens.written - tokens.written_1h) * written
    cost += tokens.written_1h * (rate("cache_creation_input_token_cost_above_1hr") or written)
    cost += tokens.reasoning * (rate("output_cost_per_reasoning_token") or out)
    for ours, _, key in MODALITIES:
        side = ours.partition("_")[0]
        count, special = tokens.others.get(ours, 0), rate(key)
        if special is not None:
            inside[side] -= count
            cost += count * special
    return cost + inside["input"] * base_in + inside["output"] * out


def _rates(row: Mapping[str, object], tokens: int) -> Callable[[str], Decimal | None]:
    steps = sorted({int(found[1]) * 1000 for key in row if (found := re.search(r"_above_(\d+)k_tokens$", key))})
    above = max((step for step in steps if tokens > step), default=None)

    def rate(key: str) -> Decimal | None:
        value = row.get(f"{key}_above_{above // 1000}k_tokens") if above else None
        value = row.get(key) if value is None else value
        return value if isinstance(value, Decimal) else None

    return rate
