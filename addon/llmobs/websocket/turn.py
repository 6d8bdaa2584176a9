"""One response of a socket, while it waits or runs; it does not know the others."""

from collections.abc import Callable
from dataclasses import dataclass

from llmobs.attempt import Attempt

SWITCHING_PROTOCOLS = 101


@dataclass(slots=True)
class Turn:
    """`key` tells a response from those beside it, `over` says that only its usage may still follow."""

    attempt: Attempt
    key: str
    clock: Callable[[], float]
    over: bool = False

    def start(self, key: str) -> None:
        """The server has taken it up."""
        self.key = key
        self.attempt.status_code, self.attempt.streamed = SWITCHING_PROTOCOLS, True

    def count(self, message: bytes) -> None:
        """A piece of the answer, whatever is in it."""
        self.attempt.response_bytes += len(message)
        if self.attempt.first_byte_at is None:
            self.attempt.first_byte_at = self.clock()

    def learn(self, message: bytes) -> None:
        """A message that tells something of the answer, or text of it for an estimate."""
        self.attempt.meter.feed(message)
