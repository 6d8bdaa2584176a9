"""Cells of an export to days, counts and amounts; a ValueError says what is wrong with one."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from scripts.reconciliation.figures import EXACT

_EPOCH = re.compile(r"(\d{9,})(?:\.0*)?")
# No bill reaches it, and a number of a million digits would stop the program.
_LIMIT = Decimal(10) ** 18
# Finer than any price; OpenAI sends a zero as 0E-6176, which must not widen every sum.
_FINEST = Decimal(10) ** -60


def number(cell: object) -> Decimal | None:
    """The number in a cell; None where it is empty."""
    text = "" if cell is None else str(cell).strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not value.is_finite() or abs(value) >= _LIMIT:
        raise ValueError(f"{text!r} is no number of calls, tokens or USD")
    return value.quantize(_FINEST, context=EXACT).normalize(EXACT) if value else Decimal(0)


def count(cell: object) -> int | None:
    """A count, which spreadsheets also write as 3.0."""
    value = number(cell)
    if value is not None and (value != int(value) or value < 0):
        raise ValueError(f"{cell!s} is no count")
    return None if value is None else int(value)


def day(cell: object) -> date:
    """The UTC day of seconds since 1970 or of an ISO time; one without a zone is UTC."""
    text = str(cell).strip()
    try:
        if seconds := _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(seconds[1]), UTC).date()
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time") from None
