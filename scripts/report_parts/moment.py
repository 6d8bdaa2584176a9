"""Times as people write them on a command line, in UTC as the database has them."""

import argparse
import re
from datetime import UTC, datetime, timedelta

MOMENTS = "2026-11-20, 2026-11-20T14:30, or so long ago: 30m, 24h, 7d, 4w; UTC"
_AGO = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """A time in UTC, without a zone; raises what argparse prints."""
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC).replace(tzinfo=None) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no time; write 2026-11-20, 2026-11-20T14:30 or 7d") from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
