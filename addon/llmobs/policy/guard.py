"""What every policy that may hold up a call looks like to those who ask it."""

from typing import Protocol

from llmobs.attempt import Attempt
from llmobs.event import Event
from llmobs.policy.load import Policies
from llmobs.policy.refusal import Refusal


class Judge(Protocol):
    """Asked before a call goes, on the event loop. It never waits."""

    def configure(self, policies: Policies) -> None:
        """Take the rules of the policy file, at the start and whenever it changes; counts survive."""

    @property
    def active(self) -> bool:
        """Whether there is a rule that may refuse a call, or counts it."""

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Whether the call may go: None where it may. Its request is complete: model and body are known."""


class Guard(Judge, Protocol):
    """Told of each call that ended, too, on any thread.

    What `admit` sets aside for a call is given back by `settle`, which comes for each attempt, refused ones included.
    """

    def settle(self, event: Event) -> None:
        """A call ended, with what it cost."""
