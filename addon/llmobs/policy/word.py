"""Texts of a policy file that its sections share, and what to write where one is wrong; it does not know sections."""

from typing import Annotated

from pydantic import PlainValidator

from llmobs.config import value as plain
from llmobs.config.problem import did_you_mean
from llmobs.config.value import wrong
from llmobs.policy.scope import TAG, WORDS, known


def _word(value: object) -> str:
    """A word that `where` and `by` may use."""
    if isinstance(value, str) and known(value):
        return value
    raise wrong(f"{plain.shown(value)} is not known here", did_you_mean(str(value), [*WORDS, f"{TAG}NAME"]))


Text = Annotated[str, PlainValidator(plain.text)]
Flag = Annotated[bool, PlainValidator(plain.flag)]
Word = Annotated[str, PlainValidator(_word)]
