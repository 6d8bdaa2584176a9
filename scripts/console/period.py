"""The period of a report that looks at days, not at all there is, and the equal one before it; it asks nothing."""

import argparse
from datetime import UTC, datetime, timedelta

DAYS = 7
# No call is older; subtracting from it would leave the calendar.
_FIRST = datetime(1970, 1, 1)  # noqa: DTZ001 -- times in the database have no zone


def assume(options: argparse.Namespace, days: int = DAYS) -> None:
    """The last days, where the command line does not say since when."""
    options.since_said = options.since is not None
    if not options.since_said:
        options.since = _end(options) - timedelta(days=days)


def before(options: argparse.Namespace) -> datetime:
    """Where the period of the same length begins that ends where this one begins."""
    length = max(_end(options) - options.since, timedelta())
    first: datetime = max(_FIRST, options.since)
    start: datetime = first - min(length, first - _FIRST)
    return start


def told(options: argparse.Namespace) -> str:
    """The period in words."""
    until = f"{options.until:%Y-%m-%d %H:%M} UTC" if options.until else "now"
    return f"{options.since:%Y-%m-%d %H:%M} to {until}"


def _end(options: argparse.Namespace) -> datetime:
    until: datetime | None = options.until
    return until or datetime.now(UTC).replace(tzinfo=None)
