"""What a policy file may hold, as pydantic models whose errors say what to write; frozen, they are the rules, too."""

from typing import Annotated

from pydantic import PlainValidator

from llmobs.config import Row
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


class PolicyFile(Row):
    """A whole policy file; what it does not mention is off.

    keys: `api_key_id` -> what the key is called in reports.
    """

    keys: dict[Text, Text] = {}
