"""How a period is cut into steps, and all the steps of it; it does not know what happened in them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

# Up to this length -> how a period is cut; each gives a few dozen to a few hundred steps.
_STEPS = (
    (timedelta(hours=4), "minute"),
    (timedelta(days=8), "hour"),
    (timedelta(days=800), "day"),
)
_LENGTHS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTH = "month"
# What a clock of another machine may make of a period; nobody draws more.
MOST = 2500


def step(begin: datetime, end: datetime) -> str:
    """The column that calls of a period are grouped by."""
    return next((name for most, name in _STEPS if end - begin <= most), MONTH)


def begins(begin: datetime, end: datetime, name: str) -> list[datetime]:
    """The beginnings of all steps from `begin` to `end`, the oldest left out where there are too many."""
    return list(_steps(_floor(begin, name), end, name))[-MOST:]


def moment(cell: object) -> datetime:
    """A step as a query gives it, a date or a time."""
    if isinstance(cell, datetime):
        return cell
    assert isinstance(cell, date)
    return datetime.combine(cell, time())


def _floor(at: datetime, name: str) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    floors = {"minute": at.replace(second=0, microsecond=0), "hour": hour, "day": hour.replace(hour=0)}
    return floors.get(name, hour.replace(hour=0, day=1))


def _steps(at: datetime, end: datetime, name: str) -> Iterator[datetime]:
    while at < end:
        yield at
        at = at + _LENGTHS[name] if name in _LENGTHS else (at + timedelta(days=32)).replace(day=1)
