"""Answers that are kept for equal requests, bounded in bytes and age; it knows no flows, nor which requests are equal.

They lie in memory only: a restart, or an edit of the rules, begins with none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache

from llmobs.attempt import Attempt
from llmobs.event import Event, Outcome
from llmobs.policy.cache_schema import CacheRules
from llmobs.policy.load import Policies
from llmobs.policy.refusal import Refusal
from llmobs.policy.scope import Scope

MB = 1024 * 1024
# Answers whose calls have not ended; more wait only where something went wrong.
_OFFERED = 64
# What an entry takes beside its body: the key, the event, the nodes of the two lists that order it.
_ENTRY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as its client got it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the row of the call that paid for it."""

    answer: Answered
    event: Event


class Cache:
    """A guard that refuses nothing: it has requests wait until they are complete, and sees how calls ended."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self.rules: CacheRules | None = None
        self.scope = Scope()
        self._timer = timer
        self._lock = Lock()
        self._kept: TTLCache[bytes, Kept] = TTLCache(0, 0)
        self._offered: dict[str, tuple[bytes, Answered]] = {}

    def configure(self, policies: Policies) -> None:
        """Take the rules; where they are other than before, what was kept by the former ones goes."""
        if (rules := policies.cache) == self.rules:
            return
        with self._lock:
            self.rules, self.scope = rules, Scope.of(rules.where, rules.by) if rules else Scope()
            most, ttl = (rules.max_mb * MB, rules.ttl_s) if rules else (0, 0)
            self._kept = TTLCache(most, ttl, self._timer, getsizeof=_size)
            self._offered.clear()

    @property
    def active(self) -> bool:
        """Whether there is a cache."""
        return self.rules is not None

    @property
    def max_answer_bytes(self) -> int:
        """A longer answer is not kept."""
        return min(self.rules.max_answer_mb, self.rules.max_mb) * MB - _ENTRY_BYTES if self.rules else 0

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Every call may go."""

    def find(self, key: bytes) -> Kept | None:
        """The answer that is kept for equal requests."""
        with self._lock:
            return self._kept.get(key)

    def offer(self, event_id: str, key: bytes, answer: Answered) -> None:
        """An answer came whole; it is kept once its call has ended well, and its cost is known."""
        with self._lock:
            if len(self._offered) >= _OFFERED:
                self._offered.clear()
            self._offered[event_id] = key, answer

    def settle(self, event: Event) -> None:
        """A call ended, with what an equal one saves from now on."""
        with self._lock:
            key, answer = self._offered.pop(event.event_id, (b"", None))
            if answer is not None and event.outcome is Outcome.OK:
                self._kept[key] = Kept(answer, event)


def _size(kept: Kept) -> int:
    return len(kept.answer.body) + _ENTRY_BYTES
