"""Server-sent events: the data of each event is a message. It does not know what the data says.

Event names are left out of the messages, as the data of every known API says the same again. The exception is an event
named `error`, whose data need not: `error` keeps the data of the first one.
"""

import re

from llmobs.wire.errors import WireError
from llmobs.wire.parser import MAX_MESSAGE_BYTES

BOM = b"\xef\xbb\xbf"
# What a chunk ends in that holds whole events only, provided that nothing was pending before it.
BLANK_LINES = (b"\n\n", b"\r\n\r\n")
# Looking for a byte as a number is ten times as fast as looking for it as bytes.
_CR, _LF = b"\r\n"
_FIELD = re.compile(rb"^(data|event): ?([^\n]*+)", re.MULTILINE)


class Sse:
    """Parser of text/event-stream that also gives the last event where the blank line after it is missing."""

    __slots__ = ("_after_cr", "_done", "_limit", "_pending", "_started", "at_boundary", "error")

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self.at_boundary = False  # a byte order mark may come
        self.error: bytes | None = None
        self._limit = limit
        self._pending = bytearray()  # the event that has begun, with LF line ends
        self._after_cr = False  # a LF that comes next belongs to the CR before it
        self._started = False
        self._done = False

    def feed(self, data: bytes) -> list[bytes]:
        if self.at_boundary and data.startswith(b"data: ") and len(data) <= self._limit:
            # By far the commonest chunk: one event of one data line.
            end = data.find(_LF)
            if end == len(data) - 2 and _CR not in data and data.endswith(b"\n") and end > 6:
                return [data[6:-2]]
            if end == len(data) - 3 and data.find(_CR) == end - 1 > 6 and data.endswith(b"\r\n"):
                return [data[6:-4]]
        if self._after_cr or _CR in data:
            data = self._with_lf(data)
        if self.at_boundary and data.endswith(b"\n\n"):
            return self._events(data)
        return [] if self._done or not data else self._feed_part(data)

    def close(self) -> list[bytes]:
        done, self._done, self.at_boundary = self._done, True, False
        rest = bytes(self._pending)
        self._pending.clear()
        return [] if done or (not self._started and BOM.startswith(rest)) else self._events(rest)

    def _with_lf(self, data: bytes) -> bytes:
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _feed_part(self, data: bytes) -> list[bytes]:
        """Bytes that do not both begin and end between two events: keep the last, unfinished one."""
        pending = self._pending
        pending += data
        if not self._started and not self._start():
            return []
        end = pending.rfind(b"\n\n", max(len(pending) - len(data) - 1, 0)) + 2
        messages: list[bytes] = []
        if end > 1:
            whole = bytes(memoryview(pending)[:end])
            del pending[:end]
            messages = self._events(whole)
        # An event may stand between two line ends that another cut would not have left here.
        if len(pending) > self._limit + 2:
            self._fail(messages)
        self.at_boundary = not pending
        return messages

    def _start(self) -> bool:
        """Take off the byte order mark; false while more bytes are needed to tell."""
        if len(self._pending) < len(BOM) and BOM.startswith(self._pending):
            return False
        if self._pending.startswith(BOM):
            del self._pending[: len(BOM)]
        self._started = True
        return True

    def _events(self, data: bytes) -> list[bytes]:
        events = data.split(b"\n\n")
        if len(data) > self._limit:
            for i, event in enumerate(events):
                if len(event.strip(b"\n")) > self._limit:
                    self._fail(self._messages(events[:i]))
        return self._messages(events)

    def _messages(self, events: list[bytes]) -> list[bytes]:
        messages = []
        for event in events:
            message = event[6:] if event.startswith(b"data: ") and _LF not in event else self._event(event)
            if message:
                messages.append(message)
        return messages

    def _event(self, event: bytes) -> bytes:
        name, found, data = event.partition(b"\ndata: ")
        if not (found and name.startswith(b"event: ") and _LF not in data and _LF not in name):
            name, data = _fields(event)
        if self.error is None and name.endswith(b"error") and name.removeprefix(b"event: ") == b"error":
            self.error = data
        return data

    def _fail(self, messages: list[bytes]) -> None:
        self._done, self.at_boundary = True, False
        self._pending.clear()
        raise WireError(f"an event of more than {self._limit} bytes", messages)


def _fields(event: bytes) -> tuple[bytes, bytes]:
    """Name and data of an event of any form; comments, ids and unknown fields are passed over."""
    name, data = b"", bytearray()  # a list of lines would take ten times the memory of an event of tiny ones
    for field in _FIELD.finditer(event):
        if field[1] == b"event":
            name = field[2]
        else:
            data += b"\n" + field[2]
    return name, bytes(data[1:])
