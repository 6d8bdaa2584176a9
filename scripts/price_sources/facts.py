"""Price facts in one shape, whatever source they come from; it knows neither a source's spelling nor a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Context, Decimal

from llmobs.units import UNITS, Side

# Sources carry binary floats and quotients (an hour in seconds); ten digits and twelve decimals keep every listed rate.
_DIGITS = Context(prec=10)
_SMALLEST = Decimal("1e-12")

TOKEN_UNITS = tuple(name for name, unit in UNITS.items() if unit.side is not Side.FEE)
PRIMARY = ("input", "output")


@dataclass(frozen=True, slots=True)
class When:
    """The conditions under which a rate holds."""

    above: int | None = None
    tier: str | None = None
    batch: bool = False
    region: str | None = None
    variant: str | None = None
    hours: str | None = None
    days: str | None = None

    def order(self) -> tuple[bool, str, str, str, str, str, int]:
        """Sort key: list price first, then long context, hours and days, variants, regions, tiers, batch."""
        texts = (self.tier, self.region, self.variant, self.hours, self.days)
        tier, region, variant, hours, days = (text or "" for text in texts)
        return (self.batch, tier, region, variant, hours, days, self.above or 0)

    def __str__(self) -> str:
        words = (self.above and f"above {self.above}", self.tier, self.batch and "batch")
        return ", ".join(str(word) for word in (*words, self.region, self.variant, self.hours, self.days) if word)


# What one price list says at one time: rates of the units under each set of conditions; a factor is `multiply`.
type Sheet = dict[When, dict[str, Decimal]]

LIST = When()


@dataclass(slots=True)
class Listing:
    """One model in one source: its price sheets by start date, oldest first, and the names it goes by."""

    name: str
    source: str
    sheets: list[tuple[date | None, Sheet]]
    aliases: tuple[str, ...] = ()
    matches: Callable[[str], bool] = field(default=lambda name: False)

    def at(self, day: date) -> Sheet:
        """The sheet in force on a day; the first one before any start."""
        started = [sheet for start, sheet in self.sheets if start is None or start <= day]
        return started[-1] if started else self.sheets[0][1]


def rate(value: Decimal) -> Decimal:
    """A rate without a source's float noise."""
    return _DIGITS.plus(value).quantize(_SMALLEST).normalize()


def cells(sheet: Sheet) -> Iterator[tuple[When, str, Decimal]]:
    """Every rate of a sheet with its place, factors applied to the token rates they scale."""
    named = ((when, unit, value) for when, units in sheet.items() for unit, value in units.items())
    rates = {(when, unit): value for when, unit, value in named if unit != "multiply"}
    for when, units in sheet.items():
        if "multiply" in units:
            rates = {**_scaled(sheet, when, units["multiply"]), **rates}
    for (when, unit), value in rates.items():
        yield when, unit, value


def _scaled(sheet: Sheet, when: When, factor: Decimal) -> dict[tuple[When, str], Decimal]:
    base = replace(when, above=None)
    return {
        (replace(base, above=under.above), unit): value * factor
        for under, units in sheet.items()
        if replace(under, above=None) == LIST
        for unit, value in units.items()
        if unit in TOKEN_UNITS
    }


def flat(sheet: Sheet) -> dict[tuple[When, str], Decimal]:
    """A sheet as one mapping from place to rate."""
    return {(when, unit): value for when, unit, value in cells(sheet)}


def agree(left: Mapping[str, Decimal], right: Mapping[str, Decimal], units: tuple[str, ...] = PRIMARY) -> bool:
    """True where two price lists name the same rates for what most of a bill consists of."""
    shared = [unit for unit in units if unit in left and unit in right]
    return bool(shared) and all(same(left[unit], right[unit]) for unit in shared)


def same(left: Decimal, right: Decimal) -> bool:
    """True where two rates differ by rounding only."""
    return abs(left - right) <= max(abs(left), abs(right)) * Decimal("0.006")


def without_repeats(sheet: Sheet) -> Sheet:
    """The sheet without units that cost what their parent costs under every condition that names them.

    Were they kept, a tier that names only the parent would leave them at the list price.
    """
    units = {unit for rates in sheet.values() for unit in rates}
    idle = {unit for unit in units if unit in UNITS and _repeats_parent(sheet, unit)}
    brief = {when: {unit: value for unit, value in rates.items() if unit not in idle} for when, rates in sheet.items()}
    return {when: rates for when, rates in brief.items() if rates}


def _repeats_parent(sheet: Sheet, unit: str) -> bool:
    parent = UNITS[unit].parent
    naming = [rates for rates in sheet.values() if unit in rates]
    return parent is not None and not UNITS[unit].assumed and all(rates.get(parent) == rates[unit] for rates in naming)


def factored(sheet: Sheet) -> Sheet:
    """The sheet with each discount that halves (or scales) every token rate alike written as one factor."""
    brief = dict(sheet)
    for group in {replace(when, above=None) for when in sheet} - {LIST}:
        factor = _factor(sheet, group)
        if factor is not None:
            brief = {when: units for when, units in brief.items() if replace(when, above=None) != group}
            fees = {unit: value for unit, value in sheet.get(group, {}).items() if unit not in TOKEN_UNITS}
            brief[group] = {**fees, "multiply": factor}
    return brief


def _factor(sheet: Sheet, group: When) -> Decimal | None:
    """The one factor between all token rates of a group of conditions and the list price, if there is one."""
    base = _tokens(sheet, LIST)
    if (
        group.region
        or group.variant
        or group.hours
        or group.days
        or not base
        or any("multiply" in sheet[when] for when in sheet if when == group)
    ):
        return None
    discounted = _tokens(sheet, group)
    if base.keys() != discounted.keys() or not any(base.values()):
        return None
    ratios = {discounted[place] / value for place, value in base.items() if value}
    free = all(not discounted[place] for place, value in base.items() if not value)
    ratio = ratios.pop()
    return ratio if not ratios and free and ratio == ratio.quantize(Decimal("0.001")) else None


def _tokens(sheet: Sheet, group: When) -> dict[tuple[int | None, str], Decimal]:
    return {
        (when.above, unit): value
        for when, units in sheet.items()
        if replace(when, above=None) == group
        for unit, value in units.items()
        if unit in TOKEN_UNITS
    }
