"""One client's call on its way through the relay, and each attempt at it; it does not know how they are sent."""

from collections.abc import Callable
from dataclasses import dataclass, field

from llmobs.attempt import Attempt
from llmobs.failure import FAILED, TIMED_OUT
from llmobs.policy.refusal import Kind
from llmobs.policy.relay_schema import BREAKER, BUDGET, CONNECT, RATE_LIMIT, RESET, Target, Timeouts
from llmobs.relay.aim import Request
from llmobs.relay.course import Course, Failure, Step
from llmobs.relay.told import final, wait_s

TIMEOUTS = "timeouts"
_REFUSED = {Kind.UNAVAILABLE: BREAKER, Kind.BUDGET: BUDGET, Kind.RATE_LIMIT: RATE_LIMIT}


@dataclass(slots=True)
class Trial:
    """One attempt; `attempt` is that of its row, once it is under way, and `connected` tells if its host is reached."""

    step: Step
    request: Request
    asked: Attempt
    before: Attempt | None
    taken: bool = False
    attempt: Attempt | None = None
    connected: Callable[[], bool] = lambda: False

    def give_up(self, phase: str, told: str) -> None:
        """Say in the row that it was left for its slowness."""
        if self.attempt is not None:
            self.attempt.trouble = f"{TIMED_OUT}{phase}"
            self.attempt.policy, self.attempt.reason = TIMEOUTS, told
            # Nothing reached the host, so that nothing can be billed.
            self.attempt.sent = self.attempt.sent and self.connected()

    def failure(self, status: int, headers: dict[str, str]) -> Failure | None:
        """Why an answer is none; None where it is the client's, whatever it says."""
        attempt = self.attempt
        if attempt is not None and attempt.status_code is None:
            reached = self.connected()
            return Failure(RESET, "connection lost") if reached else Failure(CONNECT, "not reached")
        for kind, word in _REFUSED.items():
            if attempt is not None and attempt.trouble == kind:
                return Failure(word, word.replace("_", " "))
        if status < FAILED:
            return None
        return Failure(str(status), f"status {status}", wait_s(headers), final(headers))


@dataclass(slots=True)
class Passage:
    """A call: the client's `request`, what was begun for it (`asked`), and how a target wants it (`aimed`)."""

    asked: Attempt
    request: Request
    course: Course
    timeouts: Timeouts
    aimed: Callable[[Target], Request | None]
    trials: list[Trial] = field(default_factory=list)

    def trial(self, step: Step) -> Trial:
        """The attempt of a step."""
        request = self.request if step.target is None else self.aimed(step.target)
        assert request is not None, "a target that can't take a call is not on its course"
        trial = Trial(step, request, self.asked, self.trials[-1].attempt if self.trials else None)
        self.trials.append(trial)
        return trial
