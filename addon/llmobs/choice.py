"""What people write of the calls that they want, as the view `selected` takes it; it does not know where they do."""

import re
from datetime import UTC, datetime, timedelta

# How calls are named that have no such thing.
NONE = "(none)"
MOMENTS = "2026-11-20, 2026-11-20T14:30, or so long ago: 30m, 24h, 7d, 4w; UTC"
_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TOKEN = re.compile(r"\\(?P<literal>.)|(?P<sign>[*?,])|(?P<text>[^\\*?,]+|\\)", re.DOTALL)
_SIGNS = {"*": "(?s:.*)", "?": "(?s:.)"}
_NO_VALUE = re.escape(NONE)


def moment(text: str, now: datetime | None = None) -> datetime:
    """A time in UTC, without a zone; raises ValueError with what to write instead."""
    try:
        if ago := _AGO.fullmatch(text):
            end = now or datetime.now(UTC)
            return end.replace(tzinfo=None) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text} is no time; write 2026-11-20, 2026-11-20T14:30 or 7d") from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def expression(values: str) -> str:
    """Values with commas between, * and ? in them, and a backslash before a sign that is meant, for DuckDB."""
    wanted = [""]
    for token in _TOKEN.finditer(values):
        if token["sign"] == ",":
            wanted.append("")
        else:
            wanted[-1] += _said(token)
    return "|".join("" if each == _NO_VALUE else each for each in wanted)


def literal(value: str | None) -> str:
    """What `expression` reads as this value alone."""
    if value is None:
        return NONE
    escaped = re.sub(r"([\\*?,])", r"\\\1", value)
    return rf"\{escaped}" if value == NONE else escaped


def _said(token: re.Match[str]) -> str:
    if token["sign"]:
        return _SIGNS[token["sign"]]
    # In brackets it differs from the same letter that was not marked as meant.
    return f"(?:{re.escape(token['literal'])})" if token["literal"] else re.escape(token["text"])
