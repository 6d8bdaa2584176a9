"""Models and keys by the names of both sides: by the rules of the price list, and by the user's map of keys."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

from llmobs.pricing import PriceBook, Terms, charges
from llmobs.pricing.name import find
from llmobs.units import Quantities
from scripts.reconciliation.export import TOOLS, Record
from scripts.reconciliation.figures import total

# Anthropic's Console writes Claude Haiku 3.5 for claude-3-5-haiku, OpenRouter claude-4.5-sonnet for claude-sonnet-4.5.
_FAMILY_FIRST = re.compile(r"(.*claude)-([a-z]+)-(\d+(?:[.-]\d+)?)((?:-.*)?)")
_VERSION_FIRST = re.compile(r"(.*claude)-(\d+(?:[.-]\d+)?)-([a-z]+)((?:-.*)?)")


class Models:
    """Names and list prices of models."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self.name = cache(self._name)

    def _name(self, provider: str, told: str | None) -> str | None:
        """The name in the price list of what a provider calls a model; its own name where no list holds it."""
        if told is None or told == TOOLS:
            return told
        at = self._book.providers[provider]
        plain = re.sub(r"\s+", "-", told.strip())
        others = [self._book.providers[other].prices for other in at.prices_from]
        for name in _spellings(plain.casefold()):
            if found := find(name, at.prices, others):
                return found[1].name
        return at.prices.stripped(plain)

    def list_price(self, provider: str, model: str, day: date, tokens: Quantities) -> Decimal | None:
        """What tokens cost at the day's list price, below 0 for tokens that are too many; None without a price."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        quote = self._book.quote(self._book.providers[provider], model, Terms(noon, 0, None))
        amounts = [line.amount_usd for line in charges(quote, tokens)]
        known = [amount for amount in amounts if amount is not None]
        return total(known) if len(known) == len(amounts) else None


def _spellings(name: str) -> Iterable[str]:
    for spelling in (name, name.replace(".", "-")):
        yield spelling
        if swapped := _FAMILY_FIRST.fullmatch(spelling) or _VERSION_FIRST.fullmatch(spelling):
            yield f"{swapped[1]}-{swapped[3]}-{swapped[2]}{swapped[4]}"


class Keys:
    """Our ids of keys by the ids and names that exports know them by."""

    def __init__(self, ours: Mapping[str, str]) -> None:
        self._ours = ours

    def known(self, record: Record) -> bool:
        """True where the key of a record is on the map."""
        return any(name in self._ours for name in record.keys)

    def key(self, record: Record) -> str | None:
        """Our id of the key, else the provider's, else None."""
        return next((self._ours[name] for name in record.keys if name in self._ours), next(iter(record.keys), None))


def key_map(text: str) -> dict[str, str]:
    """`theirs=ours`, or a YAML file of such pairs; raises ValueError."""
    theirs, equals, ours = text.partition("=")
    if equals:
        if not theirs.strip() or not ours.strip():
            raise ValueError(f"{text}: write key_abc=HASH...wxyz")
        return {theirs.strip(): ours.strip()}
    try:
        pairs = yaml.safe_load(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{text}: {error}") from None
    if not isinstance(pairs, dict) or not all(isinstance(item, str) for pair in pairs.items() for item in pair):
        raise ValueError(f"{text}: expected lines such as key_abc: HASH...wxyz, each a text")
    return pairs
