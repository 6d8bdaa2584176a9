"""Bytes that go by and are kept up to a limit; it does not know what they are kept for."""


class Bounded:
    """Keeps the first `limit` bytes that it is given; `whole` is False once there were more."""

    __slots__ = ("_limit", "data", "whole")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.whole = True
        self._limit = limit

    def __call__(self, data: bytes) -> None:
        room = self._limit - len(self.data)
        if len(data) > room:
            self.whole = False
            data = data[:room]
        self.data += data
