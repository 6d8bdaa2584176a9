"""Both sides beside each other, per day, model and key; it neither reads nor prints."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from scripts.reconciliation.export import TOOLS, ExportError, Record
from scripts.reconciliation.figures import COST, COUNTS, MEASURES, Figure, Figures, minus
from scripts.reconciliation.metered import Metered
from scripts.reconciliation.names import Keys, Models

BY = ("day", "model", "key")


class Place(NamedTuple):
    """Where calls belong; None for what the comparison does not tell apart, or what has no name."""

    day: date | None
    model: str | None
    key: str | None


@dataclass(slots=True)
class Row:
    """Both sides of one place; None where a side has nothing. `paid`: what our calls cost, compared or not."""

    place: Place
    here: Figures | None = None
    paid: Decimal | None = None
    there: Figures | None = None
    doubts: Counter[str] = field(default_factory=Counter)
    rounding: Decimal = Decimal(0)
    mapped: bool = True

    def add_theirs(self, figures: Figures, rounding: Decimal, mapped: bool) -> None:
        """Add what a record of an export tells."""
        self.there = figures + (self.there or Figures())
        self.rounding += rounding
        self.mapped = self.mapped and mapped

    def add_ours(self, figures: Figures, measures: tuple[str, ...]) -> None:
        """Add what was metered of some measures, and what it cost."""
        self.here = figures.only(measures) + (self.here or Figures())
        self.paid = (figures + Figures(cost_usd=self.paid)).cost_usd

    def difference(self, measure: str) -> Figure:
        """The provider's figure less ours, a missing side as 0; None where the export does not tell it."""
        there = getattr(self.there, measure, None)
        here = getattr(self.here, measure, None)
        if there is None and (self.there is not None or here is None):
            return None
        if measure == COST:
            return minus(there or Decimal(0), here or Decimal(0))
        return (there or 0) - (here or 0)


@dataclass(frozen=True, slots=True)
class View:
    """A comparison of one provider's measures, told apart by day, model and key as far as both sides can."""

    provider: str
    by: tuple[str, ...]
    measures: tuple[str, ...]
    rows: list[Row]


class Sides(NamedTuple):
    """What is compared, of one provider and one period."""

    provider: str
    theirs: Sequence[Record]
    ours: Sequence[Metered]


def views(sides: Sides, models: Models, keys: Keys, by: Sequence[str]) -> Iterator[View]:
    """Usage and cost together where both are told apart alike, else each on its own; raises ExportError."""
    _told_once(sides, models)
    told = frozenset().union(*(record.figures.known for record in sides.theirs)) or frozenset(MEASURES)
    parts = [tuple(name for name in names if name in told) for names in (COUNTS, (COST,))]
    found = [(part, _by(sides, part, keys, by)) for part in parts if part]
    if len({how for _, how in found}) == 1:
        found = [(tuple(name for part, _ in found for name in part), found[0][1])]
    for measures, how in found:
        yield View(sides.provider, how, measures, _rows(sides, measures, how, models, keys))


def _told_once(sides: Sides, models: Models) -> None:
    """Two forms of one export would count twice."""
    tellers: dict[tuple[str, date, str | None], Record] = {}
    for record in sides.theirs:
        model = models.name(sides.provider, record.model)
        for measure in record.figures.known:
            first = tellers.setdefault((measure, record.day, model), record)
            if first.origin != record.origin:
                raise ExportError(
                    f"{record.file}: {record.origin} tells {measure} of {model or 'all models'} on {record.day}, "
                    f"as does {first.origin} in {first.file}; expected one of them, as both would count twice"
                )


def _by(sides: Sides, measures: tuple[str, ...], keys: Keys, wanted: Sequence[str]) -> tuple[str, ...]:
    """What the records of these measures can be told apart by."""
    telling = [record for record in sides.theirs if record.figures.known.intersection(measures)]
    able = {
        "day": True,
        "model": not telling or any(record.model is not None for record in telling),
        "key": any(keys.known(record) for record in telling),
    }
    return tuple(name for name in BY if name in wanted and able[name])


def _rows(sides: Sides, measures: tuple[str, ...], by: tuple[str, ...], models: Models, keys: Keys) -> list[Row]:
    rows: dict[Place, Row] = {}

    def at(day: date, model: str | None, key: str | None) -> Row:
        name = models.name(sides.provider, model)
        place = Place(day if "day" in by else None, name if "model" in by else None, key if "key" in by else None)
        return rows.setdefault(place, Row(place))

    for record in sides.theirs:
        if some := _some(record.figures, measures):
            at(record.day, record.model, keys.key(record)).add_theirs(some, record.kind.rounding, keys.known(record))
    apart = any(record.kind.fee for record in sides.theirs)
    for metered in sides.ours:
        for model, figures in _split(metered, apart=apart):
            if figures.calls or _some(figures, measures):
                at(metered.day, model, metered.key).add_ours(figures, measures)
        at(metered.day, metered.model, metered.key).doubts.update(metered.doubts)
    _fill_costs([row for row in rows.values() if row.there])
    return [row for row in rows.values() if row.here or row.there]


def _some(figures: Figures, measures: tuple[str, ...]) -> Figures | None:
    """These measures; None where none of them is known."""
    some = figures.only(measures)
    return some if some.known else None


def _split(metered: Metered, *, apart: bool) -> Iterator[tuple[str | None, Figures]]:
    """What was metered by model; the fees of tools on their own where the provider bills them so."""
    cost, tools = metered.figures.cost_usd, metered.tools_usd
    if not apart or cost is None or not tools:
        yield metered.model, metered.figures
        return
    yield metered.model, replace(metered.figures, cost_usd=minus(cost, tools))
    yield TOOLS, Figures(cost_usd=tools)


def _fill_costs(rows: Sequence[Row]) -> None:
    """On a day for which costs are told, usage without a cost cost nothing."""
    days = {row.place.day for row in rows if row.there and row.there.cost_usd is not None}
    for row in rows:
        if row.there and row.there.cost_usd is None and row.place.day in days:
            row.there = replace(row.there, cost_usd=Decimal(0))
