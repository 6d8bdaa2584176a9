"""Moments, durations and numbers as headers write them; it does not know what they are about."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

# Larger numbers are no durations but moments: seconds, or milliseconds, since 1970.
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_STEP = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,18})?)(ns|us|µs|ms|s|m|h|d)")
_LONGEST = 19
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?")


def number(text: str) -> int | float | None:
    """The number that a text begins with: some add a policy behind a comma."""
    if text.isdecimal() and len(text) < _LONGEST:
        return int(text)
    found = _NUMBER.match(text)
    if found is None:
        return None
    return float(found[0]) if "." in found[0] else int(found[0])


# The same few durations come again and again.
@lru_cache(maxsize=1024)
def duration(text: str) -> float | None:
    """Seconds of a duration as Go writes it, such as `1m2s` or `6ms`; None where it is none."""
    seconds, at = 0.0, 0
    while step := _STEP.match(text, at):
        seconds, at = seconds + float(step[1]) * _UNITS[step[2]], step.end()
    return round(seconds, 9) if text and at == len(text) else None


def moment(text: str, at: float) -> datetime | None:
    """A time told as RFC 3339, as an HTTP date, since 1970, or from `at` on as seconds or a duration."""
    try:
        if (seconds := _seconds(text, at)) is not None:
            return datetime.fromtimestamp(round(seconds, 3), UTC)
        found = datetime.fromisoformat(text) if text[:4].isdecimal() else parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(text: str, at: float) -> float | None:
    """Seconds since 1970 of a number or a duration."""
    if text[-1:].isdecimal() and _NUMBER.fullmatch(text):
        told = float(text)
        if told < _EPOCH_SECONDS:
            return at + told
        return told / 1000 if told >= _EPOCH_MILLISECONDS else told
    told_from_now = duration(text)
    return None if told_from_now is None else at + told_from_now


def wait(text: str, at: float) -> float | None:
    """How long to wait: seconds, a duration, or what is left at `at` until the moment of an HTTP date."""
    if _NUMBER.fullmatch(text):
        return float(text)
    if (told := duration(text)) is not None:
        return told
    until = moment(text, at)
    return None if until is None else round(max(until.timestamp() - at, 0.0), 3)
