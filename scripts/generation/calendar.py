"""When made-up traffic comes: the rhythm of days and weeks, growth, and two incidents; it does not know who calls."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple

HOUR = timedelta(hours=1)
# How busy an hour of the day is, in UTC, and a day of the week from Monday on.
_HOURS = (2, 1, 1, 1, 2, 3, 6, 11, 17, 21, 22, 21, 18, 21, 24, 25, 23, 20, 16, 13, 10, 8, 6, 4)
_DAYS = (1.0, 1.08, 1.1, 1.05, 0.9, 0.38, 0.33)
_WORKDAYS, _MORNINGS = range(5), range(8, 14)
# At the end of the period there are so many times the calls of its beginning.
_GROWTH = 2.6
# Where in the period a provider fails for some hours, and where a customer's agents run wild.
_BURST, _BURST_HOURS = 0.62, 3
_SPIKE, _SPIKE_HOURS, _SPIKE_FACTOR = 0.81, 6, 3.0


class Hour(NamedTuple):
    """An hour and which share of all sessions begins in it: from `low` to `high` of 1."""

    starts_at: datetime
    low: float
    high: float
    day_share: float
    burst: bool
    spike: bool


def hours(ended: datetime, days: int) -> Iterator[Hour]:
    """The hours of so many days before a moment; incidents fall into the first working hours after their place."""
    starts = [ended - HOUR * left for left in range(24 * days, 0, -1)]
    burst = _incident(starts, _BURST, _BURST_HOURS)
    spike = _incident(starts, _SPIKE, _SPIKE_HOURS)
    busy = [_busy(at, place / len(starts)) * (_SPIKE_FACTOR if at in spike else 1) for place, at in enumerate(starts)]
    edges = [reached / sum(busy) for reached in accumulate(busy, initial=0.0)]
    for place, (at, (low, high)) in enumerate(zip(starts, pairwise(edges), strict=True)):
        yield Hour(at, low, high, place / len(starts), at in burst, at in spike)


def _busy(at: datetime, share: float) -> float:
    return _HOURS[at.hour] * _DAYS[at.weekday()] * (1 + (_GROWTH - 1) * share)


def _incident(starts: list[datetime], place: float, length: int) -> set[datetime]:
    later = starts[int(place * len(starts)) :]
    first = next((at for at in later if at.weekday() in _WORKDAYS and at.hour in _MORNINGS), later[0])
    return {first + HOUR * hour for hour in range(length)}
