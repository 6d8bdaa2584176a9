"""Counts, amounts, shares and durations as short text; it does not know where they stand."""

from decimal import Decimal

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_SMALLEST_USD = Decimal("0.0001")


def count(number: int | None) -> str:
    """A count in at most six characters; a dash where none is known."""
    if number is None:
        return "-"
    for step, letter in _STEPS:
        if abs(number) >= step * (10 if step == 1000 else 1):
            scaled = number / step
            return f"{scaled:.{2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0}f}{letter}"
    return f"{number:,}"


def usd(amount: Decimal | None, *, more: bool = False, roughly: bool = False) -> str:
    """An amount; a question mark where it is unknown, never 0. `more`: a part is not known. `roughly`: estimated."""
    if amount is None:
        return "?"
    sign = "≥" if more else "≈" if roughly else ""
    if 0 < abs(amount) < _SMALLEST_USD:
        return f"{'≥' if more else '<'}${0 if more else _SMALLEST_USD}"
    digits = 2 if abs(amount) >= 1 or not amount else 4
    return f"{sign}{'-' if amount < 0 else ''}${abs(amount):,.{digits}f}"


def percent(share: float | None) -> str:
    """A share of 1; a dash where there is none."""
    return "-" if share is None else f"{share:.1%}"


def duration(ms: float | None) -> str:
    """A time in at most six characters, in the unit that suits it; a dash where none is known."""
    if ms is None:
        return "-"
    if ms < 999.5:
        return f"{ms:.0f} ms" if ms >= 9.95 or not ms else f"{ms:.1f} ms"
    seconds = ms / 1000
    if seconds < 99.95:
        return f"{seconds:.{2 if seconds < 9.995 else 1}f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60:,}h{minutes % 60:02d}m"


def plural(number: int, noun: str) -> str:
    """A count with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
