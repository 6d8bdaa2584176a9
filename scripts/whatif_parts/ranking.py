"""Which models can take over work, as far as prices and names tell, and which are the cheapest; it prints nothing.

A price list says nothing of context windows and abilities.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmobs.pricing import PriceBook
from llmobs.units import SEARCHES
from scripts.whatif_parts.pricing import WRITING, Priced, priced, takes_over
from scripts.whatif_parts.targets import Target
from scripts.whatif_parts.traffic import Calls, Traffic

# Tools that the provider runs; a model without a price for one does not have it.
TOOLS = SEARCHES | {"file_search", "code_execution"}
# Names of models that are paid for what they write, but do work of one kind only.
_OF_ONE_KIND = re.compile(
    r"guard|safety|-live|deep-research|computer-use|ocr|search-api|-search\b|-search-preview|robotics|translat"
)
_BATCH = re.compile(r"[:-]batch$")
_EMBEDS = re.compile(r"embed|\bbge-|\be5-|\bgte-|\bvoyage-|\buae-|vector")
_RANKS = re.compile(r"rerank")


@dataclass(frozen=True, slots=True)
class Ranking:
    """The cheapest models first; `free` ones are not among them, nor is what needs one of the `tools`."""

    models: Sequence[Priced]
    free: int
    tool_calls: int
    tools: Sequence[str]


def ranked(book: PriceBook, traffic: Traffic, operation: str, targets: Iterable[Target]) -> Ranking:
    """The models that have a price for all that calls of the operation used, the cheapest first.

    Calls that used a tool are left out, unless all did: few models have it, and its name does not tell which.
    """
    meant = [calls for calls in traffic.calls if calls.operation == operation]
    plain = [calls for calls in meant if not _tools([calls])]
    moved = Traffic(plain or meant)
    whole = [told for target in targets if fits(target, operation) and _whole(told := priced(book, moved, target))]
    paid = [told for told in whole if told.then_usd]
    cheapest = sorted(paid, key=lambda told: (told.then_known_usd, told.target.name))
    left = [calls for calls in meant if _tools([calls])] if plain else []
    return Ranking(cheapest, len(whole) - len(paid), sum(calls.number for calls in left), _tools(left))


def _whole(told: Priced) -> bool:
    return told.calls > told.no_usage and not told.unpriced and not told.left


def _tools(left: Iterable[Calls]) -> list[str]:
    return sorted({unit for calls in left for unit in TOOLS.intersection(calls.quantities)})


def fits(target: Target, operation: str) -> bool:
    """Whether a model is worth a look for the work; who names a model on the command line knows better."""
    name = target.model.casefold()
    if _BATCH.search(name) and operation != "batch":
        return False
    if operation == "embeddings":
        return bool(_EMBEDS.search(name)) and not _RANKS.search(name)
    return takes_over(target, operation) and not (operation in WRITING and _OF_ONE_KIND.search(name))
