"""Tokens of the text that went up and came down, where no usage object told them; it knows no price and no API."""

from collections.abc import Iterable

from llmobs import tokens
from llmobs.dialect import Dialect, Json
from llmobs.units import Quantities
from llmobs.wire.lazy import fields, value

# What the markup around a message costs with OpenAI's models, whose recorded prompts it explains to 2 %.
MESSAGE_TOKENS = 4


def estimate(dialect: Dialect, asked: bytes, answered: Iterable[bytes], model: str) -> Quantities | None:
    """Input and output tokens, counted by a tokenizer; None where there was no text."""
    prompt = _members(asked, dialect.prompt)
    messages = next((part for part in prompt if isinstance(part, list)), [])
    answer = [part for message in answered for part in _members(message, dialect.text)]
    said = _count(prompt, model)
    found: Quantities = {
        "input": said + len(messages) * MESSAGE_TOKENS if said else 0,
        "output": _count(answer, model),
    }
    return found if any(found.values()) else None


def _members(message: bytes, names: tuple[str, ...]) -> list[Json]:
    members = fields(message)
    return [value(members[name]) for name in names if name in members]


def _count(texts: list[Json], model: str) -> int:
    return tokens.count("".join(tokens.text_of(texts)), model)
