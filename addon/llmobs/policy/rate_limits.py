"""Rate limits as a guard: calls and tokens of the last minute, by customer, key, model or any other word.

It knows no database: after a restart the minute begins anew. It does not know flows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from llmobs.attempt import Attempt
from llmobs.event import CostStatus, Event
from llmobs.policy.budget_schema import RateLimit
from llmobs.policy.expected import Habits
from llmobs.policy.load import Policies
from llmobs.policy.refusal import Kind, Refusal
from llmobs.policy.scope import Scope
from llmobs.policy.sliding import WINDOW_S, Passed, Sliding

# Calls that did not go: whatever was counted for them is given back.
_NOT_SENT = frozenset({Kind.BUDGET, Kind.RATE_LIMIT, Kind.UNAVAILABLE})

# A limit's name, and the values of the words that are counted apart.
type Lane = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Limit:
    row: RateLimit
    scope: Scope

    def wait(self, lane: Sliding, now: float, tokens: int) -> float:
        """Seconds until a call fits. One that is larger than the limit goes when nothing else did for a minute."""
        most, most_tokens = self.row.requests_per_minute, self.row.tokens_per_minute
        room = None if most is None else most - 1
        return lane.wait(now, room, None if most_tokens is None else max(most_tokens - tokens, 0))

    def named(self, group: tuple[str, ...]) -> str:
        """The limit in words, with whose it is."""
        whose = ", ".join(f"{word} {value or '(none)'}" for word, value in zip(self.scope.by, group, strict=True))
        counts = (("requests", self.row.requests_per_minute), ("tokens", self.row.tokens_per_minute))
        most = " and ".join(f"{count:,} {what}" for what, count in counts if count is not None)
        return f"rate limit {self.row.name}{f' of {whose}' if whose else ''} lets {most} pass in a minute"


@dataclass(slots=True)
class RateLimits:
    """The guard of `rate_limits`."""

    habits: Habits = field(default_factory=Habits)
    clock: Callable[[], float] = time.monotonic
    _limits: tuple[_Limit, ...] = ()
    _lanes: dict[Lane, Sliding] = field(default_factory=dict)
    _running: dict[str, list[tuple[Sliding, Passed]]] = field(default_factory=dict)
    _swept: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def active(self) -> bool:
        """Whether there is a limit."""
        return bool(self._limits)

    def configure(self, policies: Policies) -> None:
        """Take the limits of the policy file; what passed in the last minute still counts."""
        self._limits = tuple(_Limit(row, Scope.of(row.where, row.by)) for row in policies.rate_limits)

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Count the call, or say when it may come back."""
        expected, now = self.habits.expect(attempt), self.clock()
        with self._lock:
            lanes = [(limit, self._lane(limit, expected.event, now)) for limit in self._fitting(expected.event)]
            waits = [(limit.wait(lane, now, expected.tokens), limit) for limit, lane in lanes]
            wait, slowest = max(waits, key=lambda found: found[0], default=(0.0, None))
            if slowest is not None and wait > 0:
                return _refusal(slowest, expected.event, wait)
            passed = [(lane, lane.add(now, 1, expected.tokens)) for _, lane in lanes]
            self._running[attempt.opening.event_id] = passed
        return None

    def settle(self, event: Event) -> None:
        """Put what the call did use in the place of what it might."""
        self.habits.learn(event)
        now = self.clock()
        with self._lock:
            for lane, passed in self._running.pop(event.event_id, ()):
                lane.look(now)
                lane.correct(now, passed, *_used(event, passed))

    def _fitting(self, event: Event) -> list[_Limit]:
        return [limit for limit in self._limits if limit.scope.fits(event)]

    def _lane(self, limit: _Limit, event: Event, now: float) -> Sliding:
        self._sweep(now)
        lane = self._lanes.setdefault((limit.row.name, limit.scope.group(event)), Sliding())
        lane.look(now)
        return lane

    def _sweep(self, now: float) -> None:
        """Once a minute, forget customers and runs that are gone."""
        if now - self._swept >= WINDOW_S:
            self._swept = now
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.look(now)}


def _used(event: Event, passed: Passed) -> tuple[int, int]:
    """Requests and tokens of a call that ended; where they are not known, what was expected."""
    if event.policy is not None and event.error_type in _NOT_SENT:
        return 0, 0
    if event.input_tokens is not None or event.output_tokens is not None:
        return 1, (event.input_tokens or 0) + (event.output_tokens or 0)
    return 1, 0 if event.cost_status is CostStatus.NOT_BILLED else passed.tokens


def _refusal(limit: _Limit, event: Event, wait: float) -> Refusal:
    text = f"LLMObserve refuses this call: {limit.named(limit.scope.group(event))}. Come back in {wait:.0f} seconds."
    return Refusal(Kind.RATE_LIMIT, f"rate_limit:{limit.row.name}", text, wait)
