"""Rows to charts as plotly.js draws them, and to the tables that say the same; knows no colours and no queries."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from llmobs.dashboard import timeline, words

# So many colours can be told apart; the rest is one.
MOST_SERIES = 8

type Number = Decimal | float | int | None


@dataclass(frozen=True, slots=True)
class Series:
    """A name and a number for each step; None where there is none."""

    name: str
    values: Sequence[Number]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and what it is called; `unit` is usd, ms, calls or tokens, and `kind` bar or line."""

    id: str
    title: str
    unit: str
    kind: str
    steps: Sequence[datetime]
    step: str
    series: Sequence[Series]

    @property
    def drawn(self) -> dict[str, Any]:
        """What the page's script draws; plotly reads markup in names, so that none may be left."""
        named = [
            {
                "name": html.escape(each.name, quote=False),
                "y": [None if value is None else float(value) for value in each.values],
                "rest": each.rest,
            }
            for each in self.series
        ]
        steps = [at.isoformat(timespec="minutes") for at in self.steps]
        return {"kind": self.kind, "unit": self.unit, "step": self.step, "x": steps, "series": named}

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for each in self.series for value in each.values)

    @property
    def rows(self) -> list[tuple[datetime, list[Number]]]:
        """The table of the same: the steps in which something was, the newest first."""
        filled = [(at, [each.values[index] for each in self.series]) for index, at in enumerate(self.steps)]
        return [(at, values) for at, values in reversed(filled) if any(values)]


def stacked(
    rows: Iterable[Mapping[str, Any]], steps: Sequence[datetime], step: str, stack: str, measure: str
) -> list[Series]:
    """A series for each of the largest values of a dimension, the largest first, and one for all others."""
    place = {at: index for index, at in enumerate(steps)}
    found: dict[object, list[Any]] = {}
    for row in rows:
        at, value = place.get(timeline.moment(row[step])), row[measure]
        if at is not None and value:
            found.setdefault(row[stack], [0] * len(steps))[at] = value
    ordered = sorted(found.items(), key=lambda item: (-sum(item[1]), str(item[0])))
    # One more fits in the place of the rest.
    most = MOST_SERIES if len(ordered) > MOST_SERIES + 1 else len(ordered)
    series = [Series(words.name(key), values) for key, values in ordered[:most]]
    if rest := [values for _, values in ordered[most:]]:
        sums = [sum(column) for column in zip(*rest, strict=True)]
        series.append(Series(f"{len(rest)} others", sums, rest=True))
    return series


def lines(
    rows: Iterable[Mapping[str, Any]], steps: Sequence[datetime], step: str, names: Mapping[str, str]
) -> list[Series]:
    """A series for each column, with gaps where nothing was."""
    by_step = {timeline.moment(row[step]): row for row in rows}
    return [
        Series(title, [by_step[at][name] if at in by_step else None for at in steps]) for name, title in names.items()
    ]


def kinds(rows: Iterable[Mapping[str, Any]], steps: Sequence[datetime], step: str, counts: str) -> list[Series]:
    """A series for each kind that a column of counts by kind names, the most frequent first."""
    by_step = {timeline.moment(row[step]): row[counts] for row in rows}
    sums: dict[str, int] = {}
    for counted in by_step.values():
        for kind, number in counted.items():
            sums[kind] = sums.get(kind, 0) + number
    order = sorted(sums, key=lambda kind: (-sums[kind], kind))[:MOST_SERIES]
    return [
        Series(words.name(kind).replace("_", " "), [by_step.get(at, {}).get(kind, 0) for at in steps]) for kind in order
    ]
