"""Kinds of values that several sections of a policy file hold; it does not know the sections."""

from typing import Annotated

from pydantic import PlainValidator

from llmobs.config import value as plain
from llmobs.config.problem import did_you_mean
from llmobs.config.value import wrong
from llmobs.policy.scope import TAG, WORDS, known


def word(value: object) -> str:
    """A word that `where` and `by` may use."""
    if isinstance(value, str) and known(value):
        return value
    raise wrong(f"{plain.shown(value)} is not known here", did_you_mean(str(value), [*WORDS, f"{TAG}NAME"]))


def whole(low: int, high: int) -> PlainValidator:
    """A whole number within limits."""

    def read(value: object) -> int:
        found = plain.number(value)
        if found != int(found) or not low <= found <= high:
            raise wrong(f"{value} is out of range", f"write a whole number from {low} to {high}")
        return int(found)

    return PlainValidator(read)


def share(value: object) -> float:
    """A part of a whole."""
    found = plain.number(value)
    if found > 1:
        raise wrong(f"{value} is more than all", "write a number from 0 to 1, such as 0.1 for a tenth")
    return float(found)


Text = Annotated[str, PlainValidator(plain.text)]
Flag = Annotated[bool, PlainValidator(plain.flag)]
Word = Annotated[str, PlainValidator(word)]
Share = Annotated[float, PlainValidator(share)]
