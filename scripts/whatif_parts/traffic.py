"""The traffic in groups of calls that any price list prices alike, out of the rows of its query; it prices nothing."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from llmobs.invoice import MEASURED_TWICE
from llmobs.units import UNITS, Quantities

type Row = Mapping[str, Any]

# So many lines of an invoice does the query add up.
LINES = 12
# What only the price list of the former model says: its fee for each call, and the difference to its own list price.
_NOT_USE = ("request", "adjustment")
# Which units were used together matters where two of them measure the same.
_TOGETHER = MEASURED_TWICE | {"input_audio"}


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls on the same terms. `known`: what they cost now is known; `at` has their time of day and weekday.

    planned: a plan pays for them, and what they cost is the list price.
    step: between which sizes of input, at which prices change, they lie; the largest of them stands for all.
    """

    operation: str
    tier: str
    region: str
    variant: str
    planned: bool
    known: bool
    at: datetime
    step: int
    largest_input_tokens: int
    number: int
    now_usd: Decimal
    quantities: Quantities

    @property
    def batch(self) -> bool:
        """Whether they were part of a batch."""
        return self.tier == "batch"


def traffic(rows: Iterable[Row], today: date, *, reasoning: bool) -> list[Calls]:
    """The groups of a query; without `reasoning` the other model is one that does not reason."""
    return [_calls(row, today, reasoning=reasoning) for row in rows]


def _calls(row: Row, today: date, *, reasoning: bool) -> Calls:
    used = _invoiced(row) if row["units"] else _counted(row)
    left_out = _NOT_USE if reasoning else (*_NOT_USE, "reasoning")
    return Calls(
        operation=row["operation"],
        tier=(row["tier"] or "").casefold(),
        region=row["region"] or "",
        variant=row["price_variant"] or "",
        planned=row["planned"],
        known=row["known"],
        at=_today(row["first_at"], today),
        step=row["step"],
        largest_input_tokens=row["largest_input_tokens"] or 0,
        number=row["calls"],
        now_usd=row["now_usd"] or Decimal(0),
        quantities={unit: n for unit, n in used.items() if n and unit not in left_out},
    )


def _invoiced(row: Row) -> Quantities:
    """By the invoice; two lines of one unit are added up."""
    used: Quantities = {}
    for at, unit in enumerate(row["units"][:LINES], 1):
        used[unit] = used.get(unit, 0) + row[f"quantity_{at}"]
    return used


def _counted(row: Row) -> Quantities:
    """By the columns of tokens, where there is no invoice."""
    whole, cached, written, out, hidden = (
        row[name] or 0
        for name in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    )
    return {
        "input": max(whole - cached - written, 0),
        "cached_input": cached,
        "cache_write": written,
        "output": max(out - hidden, 0),
        "reasoning": hidden,
    }


def _today(at: datetime, today: date) -> datetime:
    """The same time of day on the last such weekday up to today, whose prices hold."""
    back = timedelta((today.weekday() - at.weekday()) % 7)
    return datetime.combine(today - back, at.time(), UTC)


@dataclass(frozen=True, slots=True)
class Grain:
    """What of a call a price list tells apart, besides tier and batch."""

    size: bool = False
    clock: bool = False
    region: bool = False
    variant: bool = False


class Traffic:
    """Groups of calls, also merged as far as a price list does not tell them apart, which saves most of the work."""

    def __init__(self, calls: Iterable[Calls]) -> None:
        self.calls = list(calls)
        self._merged: dict[Grain, list[Calls]] = {}

    def merged(self, grain: Grain) -> list[Calls]:
        """The same calls in as few groups as will do."""
        if grain not in self._merged:
            groups: dict[Hashable, Calls] = {}
            for calls in self.calls:
                key = _key(calls, grain)
                groups[key] = _sum(groups[key], calls) if key in groups else calls
            self._merged[grain] = list(groups.values())
        return self._merged[grain]


def _key(calls: Calls, grain: Grain) -> Hashable:
    return (
        calls.operation,
        calls.tier,
        calls.known,
        calls.step if grain.size else None,
        calls.at if grain.clock else None,
        calls.region if grain.region else None,
        calls.variant if grain.variant else None,
        _TOGETHER.intersection(calls.quantities),
        frozenset(UNITS[unit].side for unit in calls.quantities),
    )


def _sum(one: Calls, other: Calls) -> Calls:
    units = dict.fromkeys((*one.quantities, *other.quantities))
    quantities: Quantities = {unit: one.quantities.get(unit, 0) + other.quantities.get(unit, 0) for unit in units}
    return replace(one, number=one.number + other.number, now_usd=one.now_usd + other.now_usd, quantities=quantities)


def operations(calls: Iterable[Calls]) -> list[str]:
    """The operations of the calls, the one that costs most first."""
    costs: dict[str, tuple[Decimal, int]] = {}
    for group in calls:
        usd, number = costs.get(group.operation, (Decimal(0), 0))
        costs[group.operation] = (usd + group.now_usd, number + group.number)
    return sorted(costs, key=costs.__getitem__, reverse=True)
