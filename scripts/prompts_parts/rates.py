"""What input tokens of a model cost today: plain, from a cache, into a cache; it knows no call."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from llmobs.pricing import PriceBook, Terms


@dataclass(frozen=True, slots=True)
class Rates:
    """USD for one token."""

    input: Decimal
    cached: Decimal
    written: Decimal

    @property
    def caches(self) -> bool:
        """Whether a cached token is cheaper at all."""
        return self.cached < self.input


class RateList:
    """Rates by provider and model, asked once each."""

    def __init__(self, book: PriceBook, at: datetime) -> None:
        self._book = book
        self._at = at
        self.of = cache(self._of)

    def _of(self, provider: str | None, model: str | None) -> Rates | None:
        """The rates of a short call on ordinary terms; None where no price is known."""
        known = self._book.providers.get(provider or "")
        quote = self._book.quote(known, model, Terms(self._at, 0, None)) if known and model else None
        if quote is None or quote.price("input").rate is None:
            return None
        return Rates(*(quote.price(unit).each for unit in ("input", "cached_input", "cache_write")))
