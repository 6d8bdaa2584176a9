"""Past days in a row, out of the rows of a query that leaves out empty ones; it projects nothing."""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

type Row = Mapping[str, Any]

DAYS = 28
_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Day:
    """What was spent on a day, over how many calls; `doubtful` are those whose cost is not, or not wholly, known."""

    day: date
    calls: int = 0
    cost_usd: Decimal = Decimal(0)
    square_usd: float = 0.0
    unknown_calls: int = 0
    partial_calls: int = 0
    estimated_calls: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Whole UTC days, one after the other."""

    days: tuple[Day, ...]

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(day.calls for day in self.days)

    @property
    def cost_usd(self) -> Decimal:
        """All that is known to have been spent."""
        return sum((day.cost_usd for day in self.days), Decimal(0))

    @property
    def unknown_calls(self) -> int:
        """Calls of unknown cost, which the sums lack."""
        return sum(day.unknown_calls for day in self.days)

    @property
    def more(self) -> bool:
        """Whether more was spent than is known."""
        return any(day.unknown_calls or day.partial_calls for day in self.days)

    @property
    def roughly(self) -> bool:
        """Whether a part is an estimate."""
        return any(day.estimated_calls for day in self.days)

    @property
    def variance(self) -> float:
        """Of the cost of single calls; there is one at least."""
        mean = float(self.cost_usd) / self.calls
        return max(0.0, sum(day.square_usd for day in self.days) / self.calls - mean**2)


def window(options: argparse.Namespace, now: datetime) -> tuple[datetime, datetime]:
    """The whole UTC days that are meant: those asked for, or the last four weeks up to yesterday."""
    today = datetime.combine(now.astimezone(UTC).date(), time())
    until = min(_midnight(options.until), today) if options.until else today
    if not options.since:
        return until - DAYS * _DAY, until
    since = _midnight(options.since)
    return (since if since == options.since else since + _DAY), until


def history(rows: Iterable[Row], since: datetime, until: datetime) -> History:
    """All days of the window, empty ones too, from the first with a call on.

    Where the window begins before that, the first day is left out, because it may have begun in its middle.
    """
    found = {row["day"]: _day(row) for row in rows}
    first = min(found, default=until.date())
    begin = since.date() if first == since.date() else first + _DAY
    length = (until.date() - begin).days
    days = (begin + at * _DAY for at in range(length))
    return History(tuple(found.get(day, Day(day)) for day in days))


def within(rows: Iterable[Row], whole: History) -> History:
    """A part of the calls on the same days."""
    found = {row["day"]: _day(row) for row in rows}
    return History(tuple(found.get(day.day, Day(day.day)) for day in whole.days))


def _day(row: Row) -> Day:
    return Day(**{name: row[name] for name in Day.__slots__})


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time())
