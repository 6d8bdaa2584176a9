"""What parsers of binary frames share: bytes wait until a frame is whole, and a fault ends it all.

It does not know what a frame looks like.
"""

from llmobs.wire.errors import WireError


class Frames:
    """Parser of frames of any kind; a frame that is cut short gives nothing. `name` says in faults what they are."""

    __slots__ = ("_done", "_limit", "_pending", "at_boundary", "error")

    name = "frames"

    def __init__(self, limit: int) -> None:
        self.at_boundary = False
        self.error: bytes | None = None
        self._limit = limit
        self._pending = bytearray()
        self._done = False

    def feed(self, data: bytes) -> list[bytes]:
        messages: list[bytes] = []
        if self._done:
            return messages
        self._pending += data
        try:
            position = self._take(messages)
        except WireError as fault:
            self.close()
            raise WireError(f"{self.name}: {fault}", messages) from fault
        del self._pending[:position]
        return messages

    def close(self) -> list[bytes]:
        self._done = True
        self._pending.clear()
        return []

    def _take(self, messages: list[bytes]) -> int:
        """Take all frames that are complete; where the first one begins that is not."""
        raise NotImplementedError  # pragma: no cover - each kind of frames has its own
