"""What can be billed: every unit a charge may count, as one table that knows no provider and no price.

Units are disjoint: a token is counted under exactly one of them, so a cost is the plain sum of quantity x rate.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# How much of each unit one call used, by unit name; counts of tokens are whole numbers, seconds may not be.
type Quantities = dict[str, int | Decimal]

MILLION = 1_000_000
THOUSAND = 1_000


class Side(StrEnum):
    """Which total of a call a unit belongs to."""

    INPUT = "input"
    OUTPUT = "output"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Unit:
    """One billable thing: a rate is USD per `per` of it; where a price lists none, the rate of `parent` holds.

    `assumed` marks a parent whose rate is known to differ, so a cost that had to use it is only an estimate.
    """

    name: str
    side: Side
    per: int
    meaning: str
    parent: str | None = None
    assumed: bool = False


_TABLE = (
    Unit("input", Side.INPUT, MILLION, "input tokens that were neither cached nor of another modality"),
    Unit("cached_input", Side.INPUT, MILLION, "input tokens read from a cache", "input"),
    Unit("cache_write", Side.INPUT, MILLION, "input tokens written to a cache (5 minutes, or the default)", "input"),
    Unit("cache_write_1h", Side.INPUT, MILLION, "input tokens written to a one-hour cache", "cache_write", True),
    Unit("input_audio", Side.INPUT, MILLION, "audio input tokens", "input"),
    Unit("input_image", Side.INPUT, MILLION, "image input tokens", "input"),
    Unit("input_video", Side.INPUT, MILLION, "video input tokens", "input"),
    Unit("cached_input_audio", Side.INPUT, MILLION, "audio input tokens read from a cache", "cached_input"),
    Unit("cached_input_image", Side.INPUT, MILLION, "image input tokens read from a cache", "cached_input"),
    Unit("cached_input_video", Side.INPUT, MILLION, "video input tokens read from a cache", "cached_input"),
    Unit("output", Side.OUTPUT, MILLION, "output tokens that were neither reasoning nor of another modality"),
    Unit("reasoning", Side.OUTPUT, MILLION, "output tokens spent on reasoning", "output"),
    Unit("output_audio", Side.OUTPUT, MILLION, "audio output tokens", "output"),
    Unit("output_image", Side.OUTPUT, MILLION, "image output tokens", "output"),
    Unit("request", Side.FEE, THOUSAND, "calls that carry a fee of their own"),
    Unit("web_search", Side.FEE, THOUSAND, "web searches that the provider ran"),
    Unit("file_search", Side.FEE, THOUSAND, "searches of stored files that the provider ran"),
    Unit("code_execution", Side.FEE, THOUSAND, "code-execution containers or calls that the provider ran"),
    Unit("search_unit", Side.FEE, THOUSAND, "rerank search units"),
    Unit("page", Side.FEE, THOUSAND, "pages read by OCR"),
    Unit("image", Side.FEE, 1, "images made or read at a price per image"),
    Unit("pixel", Side.FEE, MILLION, "pixels of pictures that were read"),
    Unit("audio_second", Side.FEE, 1, "seconds of audio"),
    Unit("video_second", Side.FEE, 1, "seconds of video"),
    Unit("character", Side.FEE, MILLION, "characters of text"),
    Unit("video", Side.FEE, 1, "videos made at a price per video"),
    Unit("compute_second", Side.FEE, 1, "seconds of rented hardware"),
    Unit("credit", Side.FEE, THOUSAND, "credits of the provider's own currency"),
    Unit("grounded_prompt", Side.FEE, THOUSAND, "prompts that were answered with web searches, however many"),
    Unit("source_read", Side.FEE, THOUSAND, "sources that were read for an answer"),
    Unit("text_unit", Side.FEE, THOUSAND, "units of text that a guardrail looked at"),
    Unit("cache_storage", Side.FEE, MILLION, "tokens kept in a cache for an hour"),
    Unit("read_unit", Side.FEE, MILLION, "read units of a vector database"),
    Unit("write_unit", Side.FEE, MILLION, "write units of a vector database"),
    Unit("message_segment", Side.FEE, 1, "segments of text messages"),
    Unit("payment", Side.FEE, 1, "payments that carry a fixed fee"),
    Unit("payment_volume", Side.FEE, 1, "USD that were paid, at a share of the amount"),
    Unit("adjustment", Side.FEE, 1, "USD between the list price and what the provider says it charged"),
)

UNITS = {unit.name: unit for unit in _TABLE}
# Different measures of one thing, of which a price list charges one: a picture is tokens or a piece, a search is
# charged by the query or by the prompt that led to it.
PIECES = frozenset(("image", "audio_second", "video_second", "video", "character", "page", "compute_second"))
SEARCHES = frozenset(("web_search", "grounded_prompt", "source_read"))
CACHED = frozenset(name for name in UNITS if name.startswith("cached_input"))
WRITTEN = frozenset(name for name in UNITS if name.startswith("cache_write"))


def total(quantities: Quantities, side: Side) -> int:
    """Tokens of one side of a call, whichever unit they were counted under."""
    return sum(int(n) for name, n in quantities.items() if UNITS[name].side is side)
