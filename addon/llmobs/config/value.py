"""Texts of a file as values; each reader says what to write where the text is wrong. It knows no other text."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from pydantic_core import PydanticCustomError

from llmobs.config.problem import did_you_mean

# With nine decimals per million every amount is exact in USD_SCALE; three more are room for a multiplier.
_MOST_DECIMALS = 12


def wrong(what: str, fix: str) -> PydanticCustomError:
    """The error that carries a finished message through pydantic."""
    text = f"{what}; {fix}"
    return PydanticCustomError("wrong", "{text}", {"text": text})


def text(value: object) -> str:
    """A non-empty text."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise wrong("is empty" if value == "" else "must be a single text", "write the text after the colon")


def number(value: object) -> Decimal:
    """A finite decimal number that is not negative."""
    try:
        found = Decimal(value) if isinstance(value, str) and "_" not in value else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise wrong(f"{shown(value)} is not a number", "write a plain decimal number such as 2.5")
    if found < 0:
        raise wrong(f"{value} is negative", f"write {-found:f} or leave the key out")
    places = found.as_tuple().exponent
    if isinstance(places, int) and places < -_MOST_DECIMALS:
        raise wrong(f"{value} has more than {_MOST_DECIMALS} decimals", f"write {plain(round(found, 9))}")
    return found


def day(value: object) -> date:
    """A date written as 2026-11-20."""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise wrong(f"{shown(value)} is not a date", "write year-month-day such as 2026-11-20")


def flag(value: object) -> bool:
    """`true` or `false`."""
    found = {"true": True, "false": False}.get(value.casefold()) if isinstance(value, str) else None
    if found is None:
        raise wrong(f"{shown(value)} is neither true nor false", "write true or false")
    return found


def one_of(value: object, known: Iterable[str]) -> str:
    """One of some known words."""
    words = list(known)
    if value in words:
        return str(value)
    raise wrong(f"{shown(value)} is not known here", did_you_mean(str(value), words))


def plain(value: Decimal) -> str:
    """A number as people write it, without an exponent."""
    return f"{value.normalize():f}"


def shown(value: object) -> str:
    """A value as an error message shows it."""
    return f"{value!r}" if isinstance(value, str) else f"a {'list' if isinstance(value, list) else 'mapping'}"
