"""What both sides of a reconciliation count: calls, tokens, USD; unknown is None, never 0."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Context, Decimal
from functools import reduce
from typing import Any

COUNTS = ("calls", "input_tokens", "cached_input_tokens", "output_tokens")
COST = "cost_usd"
MEASURES = (*COUNTS, COST)
# Amounts are below 1e18 and have at most 60 decimals: no sum of them is rounded.
EXACT = Context(prec=100)

type Figure = int | Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of one side; `input_tokens` are all of them, cached and written ones included."""

    calls: int | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None

    def __add__(self, other: "Figures") -> "Figures":
        """The sums of both; what only one of them knows is what it knows."""
        return Figures(*(_plus(getattr(self, f.name), getattr(other, f.name)) for f in fields(Figures)))

    def only(self, measures: tuple[str, ...]) -> "Figures":
        """The same without other measures."""
        return Figures(**{name: getattr(self, name) for name in measures})

    @property
    def known(self) -> frozenset[str]:
        """The measures that are told."""
        return frozenset(name for name in MEASURES if getattr(self, name) is not None)


def plus(a: Decimal, b: Decimal) -> Decimal:
    """The exact sum of two amounts."""
    return EXACT.add(a, b)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts."""
    return reduce(plus, amounts, Decimal(0))


def minus(a: Decimal, b: Decimal) -> Decimal:
    """The exact difference of two amounts."""
    return EXACT.subtract(a, b)


def _plus(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return plus(a, b) if isinstance(a, Decimal) else a + b
