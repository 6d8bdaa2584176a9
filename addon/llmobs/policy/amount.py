"""Numbers of a policy file: counts, seconds, shares, and what to write where one is wrong; it knows no keys."""

from typing import Annotated

from pydantic import PlainValidator

from llmobs.config import value as plain
from llmobs.config.value import wrong


def _count(value: object) -> int:
    """A whole number from 1 on."""
    if isinstance(value, str) and value.isdecimal() and int(value):
        return int(value)
    raise wrong(f"{plain.shown(value)} is not a whole number from 1 on", "write one such as 3")


def _seconds(value: object) -> float:
    """A time that is longer than nothing."""
    found = plain.number(value)
    if not found:
        raise wrong("0 seconds is no time", "write more, such as 0.5, or leave the key out")
    return float(found)


def whole(low: int, high: int) -> PlainValidator:
    """A whole number within limits."""

    def read(value: object) -> int:
        found = plain.number(value)
        if found != int(found) or not low <= found <= high:
            raise wrong(f"{value} is out of range", f"write a whole number from {low} to {high}")
        return int(found)

    return PlainValidator(read)


def _part(value: object) -> float:
    """A part of a whole, above 0 and up to 1."""
    found = plain.number(value)
    if not 0 < found <= 1:
        raise wrong(f"{found} is no part of a whole", "write one above 0 and up to 1, such as 0.5")
    return float(found)


Count = Annotated[int, PlainValidator(_count)]
Seconds = Annotated[float, PlainValidator(_seconds)]
Part = Annotated[float, PlainValidator(_part)]
