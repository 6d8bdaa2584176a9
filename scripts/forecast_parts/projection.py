"""What coming days cost, if they are like past ones, with the bounds that a bootstrap gives; it prints nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from llmobs.pricing.rate import USD_STEP
from scripts.forecast_parts.history import Day, History, within
from scripts.forecast_parts.spans import FEWEST_FOR_YEAR, HORIZONS, Amount, Forecast, Group, Projection
from scripts.inference.bootstrap import REPLICATES, WEEK, Past, at_volume, block_of, going_on

type Row = Mapping[str, Any]

# What is no name of a group.
_FIGURES = {*Day.__slots__, "place", "groups"}


def forecast(past: History, parts: Sequence[Row], volumes: Sequence[int], confidence: float) -> Forecast:
    """Everything that can be said of the coming days; `parts` are the days of groups, the dearest group first."""
    whole = Projector(past, confidence)
    divided = [_group([*rows], past, confidence) for _, rows in groupby(parts, key=itemgetter("place"))]
    groups = [group for group in divided if group]
    block = "weeks" if block_of(len(past.days)) > 1 else "days"
    return Forecast(
        past,
        confidence,
        [whole.now(), *whole.trend(), *(whole.at(volume) for volume in volumes)],
        groups,
        (parts[0]["groups"] if parts else 0) - len(divided),
        f"{REPLICATES:,} bootstrap samples of {block}",
    )


def _group(rows: Sequence[Row], past: History, confidence: float) -> Group | None:
    """The forecast of a group; None where its only calls came on the day that is left out."""
    names = {name: cell for name, cell in rows[0].items() if name not in _FIGURES}
    part = within(rows, past)
    if not part.calls:
        return None
    return Group(names, part, Projector(part, confidence).now())


@dataclass(frozen=True, slots=True)
class Projector:
    """Projects from one history."""

    history: History
    confidence: float

    def now(self) -> Projection:
        """At the volume of the last seven days."""
        last = self.history.days[-WEEK:]
        return replace(self.at(round(sum(day.calls for day in last) / len(last))), kind="now")

    def at(self, volume: int) -> Projection:
        """At a number of calls a day."""
        each = self.history.cost_usd / self.history.calls * volume
        amounts = {
            name: _amount(each * days, *at_volume(self._past(), volume, days, self.confidence))
            for name, days in self._horizons()
        }
        return Projection("given", volume, amounts)

    def trend(self) -> Iterator[Projection]:
        """If spend goes on changing as it did; nothing where too few days are known to see a change."""
        if len(self.history.days) >= 2 * WEEK:
            found = {name: going_on(self._past(), days, self.confidence) for name, days in self._horizons()}
            amounts = {name: _amount(_usd(told), low, high) for name, (told, low, high) in found.items()}
            yield Projection("trend", None, amounts)

    def _horizons(self) -> Iterator[tuple[str, int]]:
        enough = len(self.history.days) >= FEWEST_FOR_YEAR
        return ((name, days) for name, days in HORIZONS.items() if name != "year" or enough)

    def _past(self) -> Past:
        days = self.history.days
        return Past([float(day.cost_usd) for day in days], [day.calls for day in days], self.history.variance)


def _amount(usd: Decimal, low: float, high: float) -> Amount:
    return Amount(usd.quantize(USD_STEP), _usd(low), _usd(high))


def _usd(amount: float) -> Decimal:
    """A figure out of statistics in whole millionths: it is not exact."""
    return Decimal(amount).quantize(Decimal("0.000001"))
