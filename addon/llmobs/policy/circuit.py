"""The state machine of one circuit breaker, fed with calls and the time; it does not know hosts, events or clocks."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from llmobs.policy.breaker_schema import BreakerRules

# A host with more calls in a window is judged by its latest ones; they are plenty.
WINDOW_CALLS = 10_000


class State(StrEnum):
    """What a breaker does with calls: let them go, refuse them, let some try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Circuit:
    """One breaker. `tries` are the calls that may find out whether a host is well again, and since when they run."""

    rules: BreakerRules
    state: State = State.CLOSED
    since: float = 0.0
    in_a_row: int = 0
    why: str = ""
    calls: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=WINDOW_CALLS))
    tries: dict[str, float] = field(default_factory=dict)

    def admit(self, key: str, now: float) -> float | None:
        """How many seconds a call has to wait; None where it may go."""
        if self.state is State.CLOSED:
            return None
        if self.state is State.OPEN:
            if (left := self.since + self.rules.open_s - now) > 0:
                return left
            self._turn(State.HALF_OPEN, now, f"{self.rules.open_s:g} s are over, a call may try")
        # A try that takes long, such as a stream that goes on, does not hold up the others for ever.
        self.tries = {tried: at for tried, at in self.tries.items() if now - at < self.rules.open_s}
        if len(self.tries) < self.rules.half_open_calls:
            self.tries[key] = now
            return None
        return min(self.tries.values()) + self.rules.open_s - now

    def ended(self, key: str, now: float, *, failed: bool | None) -> None:
        """A call ended: well, as a failure, or (None) without a word about its host."""
        tried = self.tries.pop(key, None) is not None
        if failed is None:
            return
        if self.state is State.CLOSED:
            self._count(now, failed=failed)
        elif tried and self.state is State.HALF_OPEN:
            self._judge(now, failed=failed)

    def _count(self, now: float, *, failed: bool) -> None:
        self.in_a_row = self.in_a_row + 1 if failed else 0
        self.calls.append((now, failed))
        while self.calls[0][0] <= now - self.rules.window_s:
            self.calls.popleft()
        if not failed:
            return
        bad, total = self.failures, len(self.calls)
        if self.in_a_row >= self.rules.failures:
            self._turn(State.OPEN, now, f"{self.in_a_row} failures in a row")
        elif total >= self.rules.min_calls and bad >= self.rules.error_rate * total:
            self._turn(State.OPEN, now, f"{bad} of {total} calls failed within {self.rules.window_s:g} s")

    def _judge(self, now: float, *, failed: bool) -> None:
        if failed:
            self._turn(State.OPEN, now, "the call that tried failed, too")
        else:
            self._turn(State.CLOSED, now, "a call went well")
            self.calls.clear()
            self.in_a_row = 0

    def _turn(self, state: State, now: float, why: str) -> None:
        self.state, self.since, self.why = state, now, why
        self.tries.clear()

    @property
    def failures(self) -> int:
        """How many calls of the window failed."""
        return sum(failed for _, failed in self.calls)
