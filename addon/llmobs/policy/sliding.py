"""Calls and tokens of the last 60 seconds, which may be corrected and given back; it does not know whose they are."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 60.0


@dataclass(slots=True)
class Passed:
    """One call that passed, and when."""

    at: float
    requests: int
    tokens: int


@dataclass(slots=True)
class Sliding:
    """What passed in the last minute; times come from one clock and never go back."""

    requests: int = 0
    tokens: int = 0
    _passed: deque[Passed] = field(default_factory=deque)

    def add(self, now: float, requests: int, tokens: int) -> Passed:
        """A call passes; the answer is to be kept by who wants to correct it."""
        passed = Passed(now, requests, tokens)
        self._passed.append(passed)
        self.requests += requests
        self.tokens += tokens
        return passed

    def correct(self, now: float, passed: Passed, requests: int, tokens: int) -> None:
        """It was so much instead; what is older than the window counts no more."""
        if passed.at + WINDOW_S > now:
            self.requests += requests - passed.requests
            self.tokens += tokens - passed.tokens
            passed.requests, passed.tokens = requests, tokens

    def look(self, now: float) -> bool:
        """Forget what is older than the window; False where nothing is left."""
        while self._passed and self._passed[0].at + WINDOW_S <= now:
            gone = self._passed.popleft()
            self.requests -= gone.requests
            self.tokens -= gone.tokens
        return bool(self._passed)

    def wait(self, now: float, requests: int | None, tokens: int | None) -> float:
        """Seconds until at most so many requests and tokens of those that passed still count; 0 where it is so now."""
        left, left_tokens, wait = self.requests, self.tokens, 0.0
        for passed in self._passed:
            if (requests is None or left <= requests) and (tokens is None or left_tokens <= tokens):
                break
            left -= passed.requests
            left_tokens -= passed.tokens
            wait = passed.at + WINDOW_S - now
        return wait
