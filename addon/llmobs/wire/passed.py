"""A body that is no text, such as speech or a picture: it is passed over, as nothing of it says what it costs."""


class Passed:
    """Parser of a body that has no messages; it keeps nothing, whatever the length."""

    __slots__ = ("at_boundary", "error")

    def __init__(self, limit: int = 0) -> None:  # noqa: ARG002 - parsers are made with a limit, and this one has no use for it
        self.at_boundary = False
        self.error: bytes | None = None

    def feed(self, data: bytes) -> list[bytes]:  # noqa: ARG002 - what is passed over is not looked at
        return []

    def close(self) -> list[bytes]:
        return []
