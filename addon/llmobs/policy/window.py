"""Calendar windows that budgets count in; it does not know what is counted."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Period(StrEnum):
    """How long a budget lasts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    RUN = "run"
    TOTAL = "total"


# A run that began longer ago counts from then on: its rows need not be looked for among all that were ever stored.
RUN_DAYS = 30


def starts(period: Period, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the window began that holds a moment, UTC; None for a run and for the budget of all times."""
    if period in (Period.RUN, Period.TOTAL):
        return None
    day = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.WEEK:
        day -= timedelta(days=day.weekday())
    if period is Period.MONTH:
        day = day.replace(day=1)
    return day.astimezone(UTC)


def ends(period: Period, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the window is over that holds a moment; None where it never is."""
    began = starts(period, at, zone)
    if began is None:
        return None
    # Longer than any month; what follows it is cut to its own start.
    days = {Period.DAY: 1, Period.WEEK: 7}.get(period, 32)
    noon = began.astimezone(zone).replace(hour=12) + timedelta(days=days)
    return starts(period, noon, zone)


def oldest(period: Period, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Since when rows count for what is spent now; None where all do."""
    return at - timedelta(days=RUN_DAYS) if period is Period.RUN else starts(period, at, zone)
