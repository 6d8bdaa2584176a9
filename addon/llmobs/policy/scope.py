"""Whom a rule is about: calls that fit all its conditions, counted together or apart by some of their words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import Any

import msgspec

from llmobs.event import Event

# How a policy file names the columns of an event. A key is known by its name, or by its id where it has none.
WORDS: dict[str, Callable[[Event], str | None]] = {
    "customer": lambda event: event.customer_id,
    "run": lambda event: event.run_id,
    "key": lambda event: event.api_key_name or event.api_key_id,
    "provider": lambda event: event.provider,
    "host": lambda event: event.host,
    "model": lambda event: event.model or event.request_model,
    "section": lambda event: event.section,
    "client": lambda event: event.client,
}
TAG = "tag:"
# What a call says to a word.
type Say = Callable[[str], str | None]


def known(word: str) -> bool:
    """Whether a policy file may use a word."""
    return word in WORDS or (word.startswith(TAG) and len(word) > len(TAG))


def said(event: Event, word: str) -> str | None:
    """What an event says to a word: `customer`, or `tag:NAME` for any tag."""
    if word.startswith(TAG):
        tags = _tags(event.tags) if event.tags else {}
        found = tags.get(word.removeprefix(TAG))
        return None if found is None else str(found)
    return WORDS[word](event)


@lru_cache(256)
def _tags(text: str) -> dict[str, Any]:
    found = msgspec.json.decode(text)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Scope:
    """`where`: word -> pattern with * and ?, all of which must fit. `by`: words whose values are counted apart."""

    where: tuple[tuple[str, str], ...] = ()
    by: tuple[str, ...] = ()

    @classmethod
    def of(cls, where: Mapping[str, str], by: Iterable[str] = ()) -> "Scope":
        """A scope as a policy file writes it."""
        return cls(tuple(where.items()), tuple(by))

    def fits(self, event: Event) -> bool:
        """Whether the rule is about this call."""
        return self.fits_words(partial(said, event))

    def group(self, event: Event) -> tuple[str, ...]:
        """Under which values this call is counted; a word that it does not say counts as empty."""
        return self.group_of_words(partial(said, event))

    def fits_words(self, say: Say) -> bool:
        """The same of calls of which only the words are known."""
        return all(fnmatchcase(say(word) or "", pattern) for word, pattern in self.where)

    def group_of_words(self, say: Say) -> tuple[str, ...]:
        """The same of calls of which only the words are known."""
        return tuple(say(word) or "" for word in self.by)

    @property
    def words(self) -> tuple[str, ...]:
        """All words that have to be known of a call."""
        return (*(word for word, _ in self.where), *self.by)
