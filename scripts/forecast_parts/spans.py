"""What a projection says, in any shape; it does not know how it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from llmobs.pricing.rate import USD_STEP
from scripts.forecast_parts.history import History

VOLUMES = (1_000, 10_000, 100_000, 1_000_000)
HORIZONS = {"day": 1, "month": 30, "year": 365}
# One day says nothing of the next; two say nothing of how days differ.
FEWEST = 3
# Less than two weeks have seen each weekday once at most.
FEWEST_FOR_YEAR = 14


@dataclass(frozen=True, slots=True)
class Amount:
    """An expected amount and the bounds that it lies in with the confidence that was asked for."""

    usd: Decimal
    low_usd: Decimal
    high_usd: Decimal


@dataclass(frozen=True, slots=True)
class Projection:
    """What days, months and years cost.

    kind: `now` is at the calls a day of the last week, `given` at others, `trend` if spend goes on changing as it did.
    """

    kind: str
    calls_per_day: int | None
    amounts: Mapping[str, Amount]

    def flat(self) -> dict[str, object]:
        """One row of a table."""
        cells: dict[str, object] = {"kind": self.kind, "calls_per_day": self.calls_per_day}
        for name, amount in self.amounts.items():
            cells |= zip(_columns(name), (amount.usd, amount.low_usd, amount.high_usd), strict=True)
        return cells


def _columns(horizon: str) -> tuple[str, str, str]:
    return f"{horizon}_usd", f"{horizon}_low_usd", f"{horizon}_high_usd"


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the calls by the columns that were asked for."""

    names: Mapping[str, Any]
    history: History
    projection: Projection

    def flat(self) -> dict[str, object]:
        """One row of a table."""
        return {**self.names, **told(self.history), **self.projection.flat()}


@dataclass(frozen=True, slots=True)
class Forecast:
    """All that is told; without projections where too few days are known. `hidden` groups are not among `groups`."""

    history: History
    confidence: float
    projections: Sequence[Projection] = ()
    groups: Sequence[Group] = ()
    hidden: int = 0
    method: str = ""

    def flat(self) -> list[dict[str, object]]:
        """The rows of a table: of the groups, where it was asked for some."""
        return [group.flat() for group in self.groups] or [told.flat() for told in self.projections]

    def columns(self, by: Sequence[str]) -> list[str]:
        """What that table calls its cells, without a row, too."""
        if rows := self.flat():
            return list(rows[0])
        measured = [*by, *told(self.history)] if by else []
        return [*measured, *Projection("now", None, {}).flat(), *(name for at in HORIZONS for name in _columns(at))]

    def answer(self) -> dict[str, object]:
        """All of it as one object."""
        days = self.history.days
        return {
            "days": len(days),
            "first_day": days[0].day if days else None,
            "last_day": days[-1].day if days else None,
            "measured": told(self.history),
            "confidence": self.confidence,
            "method": self.method,
            "projections": [projection.flat() for projection in self.projections],
            "groups": [group.flat() for group in self.groups],
            "more_groups": self.hidden,
        }


def told(history: History) -> dict[str, object]:
    """What was measured."""
    return {
        "calls": history.calls,
        "cost_usd": history.cost_usd,
        "usd_per_call": (history.cost_usd / history.calls).quantize(USD_STEP) if history.calls else None,
        "unknown_calls": history.unknown_calls,
        "partial_calls": sum(day.partial_calls for day in history.days),
        "estimated_calls": sum(day.estimated_calls for day in history.days),
    }
