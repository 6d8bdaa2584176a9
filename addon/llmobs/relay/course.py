"""What is tried next when an attempt fails, and after how long; it does not know how an attempt is made.

A failure is a word of the policy file: a status, `connect`, `reset`, `timeout`, `breaker_open` ...
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from llmobs.policy.relay_schema import BREAKER, BUDGET, CONNECT, RATE_LIMIT, RESET, Fallback, Retries, Target

RETRIES = "retries"
FALLBACK = "fallback:"
# What our own rules refuse is refused again, by the same host.
_OURS = (BREAKER, BUDGET, RATE_LIMIT)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt gave no good answer. wait_s: when the provider says to come back. final: it says not to."""

    word: str
    told: str
    wait_s: float | None = None
    final: bool = False

    @property
    def unanswered(self) -> bool:
        """Whether the host itself said nothing."""
        return self.word in (CONNECT, RESET)


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt to make: at a target (None: where the client wants it), after a wait, by which rule and why."""

    number: int = 1
    target: Target | None = None
    wait_s: float = 0.0
    policy: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Course:
    """The way of one call through its attempts; targets are those that can take it."""

    retries: Retries | None = None
    fallback: Fallback | None = None
    targets: tuple[Target, ...] = ()
    chance: Callable[[], float] = random.random
    step: Step = field(default_factory=Step)
    _tries: int = 1
    _led: int = 0

    @property
    def rule(self) -> str | None:
        """The rule that the last attempt was made by, or else the one that leads the call; None where there is none."""
        led = RETRIES if self.retries else f"{FALLBACK}{self.fallback.name}" if self.fallback else None
        return self.step.policy or led

    def after(self, failure: Failure, left_s: float) -> Step | None:
        """The next attempt, where `left_s` is all the time there is; None where the failure is the client's answer."""
        if (wait_s := self._again(failure)) is not None and wait_s < left_s:
            self._tries += 1
            led = self.step.policy if self._led else RETRIES
            return self._go(self.step.target, wait_s, led, failure)
        if self.fallback and failure.word in self.fallback.on and self._led < len(self.targets) and left_s > 0:
            self._led, self._tries = self._led + 1, 1
            return self._go(self.targets[self._led - 1], 0.0, f"{FALLBACK}{self.fallback.name}", failure)
        return None

    def _go(self, target: Target | None, wait_s: float, policy: str | None, failure: Failure) -> Step:
        self.step = Step(self.step.number + 1, target, wait_s, policy, failure.told)
        return self.step

    def _again(self, failure: Failure) -> float | None:
        """How long to wait before the same host is asked again; None where it is not."""
        rule = self.retries
        if rule is None or failure.word not in rule.on or failure.word in _OURS:
            return None
        if failure.final or self._tries >= rule.attempts:
            return None
        if failure.wait_s is not None:
            return failure.wait_s if failure.wait_s <= rule.max_backoff_s else None
        most = min(rule.max_backoff_s, rule.backoff_s * 2.0 ** (self._tries - 1))
        # All of it is left to chance: clients that failed together do not come back together.
        return most * self.chance() if rule.jitter else most
