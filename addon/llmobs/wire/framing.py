"""Which parser fits a body: told by its first bytes, and by its content type only where they are silent.

It does not know what the messages say.
"""

import re
from collections.abc import Callable

from llmobs.wire.event_stream import PRELUDE_BYTES, EventStream, begins_frame
from llmobs.wire.grpc import FLAGS, Grpc
from llmobs.wire.json_array import JsonArray
from llmobs.wire.lazy import is_text
from llmobs.wire.ndjson import Ndjson
from llmobs.wire.parser import MAX_MESSAGE_BYTES, Parser
from llmobs.wire.passed import Passed
from llmobs.wire.sse import BOM, Sse
from llmobs.wire.whole import Whole

# What a content type promises. Binary framings are safe here: their frames begin with bytes that no text begins with,
# so that neither is taken for the other.
PROMISED: dict[str, Callable[[int], Parser]] = {
    "text/event-stream": Sse,
    "application/x-ndjson": Ndjson,
    "application/ndjson": Ndjson,
    "application/stream+json": Ndjson,
    "application/jsonl": Ndjson,
    "application/x-jsonlines": Ndjson,
    "application/json-lines": Ndjson,
    "application/vnd.amazon.eventstream": EventStream,
    "application/grpc": Grpc,
    "application/grpc+proto": Grpc,
    "application/grpc-web": Grpc,
    "application/grpc-web+proto": Grpc,
}

_BINARY = (EventStream, Grpc)
# Content types of what is no text, whatever its bytes look like: raw sound may begin like anything.
_MEDIA = ("audio/", "video/", "image/", "font/")
# What no text has at its beginning: control characters, and bytes that are not UTF-8. Every format of sound, pictures
# and archives shows one of them in so many bytes.
_NO_TEXT = re.compile(rb"\A[\x80-\xbf]|[\x00-\x08\x0e-\x1f\xc0\xc1\xf5-\xff]")
_HEAD_BYTES = 32
_SSE_BEGINNINGS = (b"data:", b"event:", b"id:", b"retry:", b":")
_LEADING = re.compile(rb"(?:[ \t\r\n]|" + BOM + rb")*+")
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")


class Framer:
    """Parser of a body of any framing.

    streamed: the body is a stream of messages, or while no byte has told, the content type promises one. An array of
        objects counts as a stream, as nothing in its bytes tells it from one.
    parser: the parser in charge, None until the first bytes have told; a caller in a hurry may feed it itself.
    """

    __slots__ = ("_head", "_limit", "_line_end", "_promised", "_searched", "parser")

    def __init__(self, content_type: str | None, limit: int = MAX_MESSAGE_BYTES) -> None:
        self.parser: Parser | None = None
        named = (content_type or "").partition(";")[0].strip().lower()
        self._promised = Passed if named.startswith(_MEDIA) else PROMISED.get(named, Whole)
        self._limit = limit
        self._head = bytearray()
        self._searched = 0  # so much of the head holds nothing that would tell
        self._line_end = -1

    @property
    def streamed(self) -> bool:
        if self.parser is None:
            return self._promised not in (Whole, Passed)
        return not isinstance(self.parser, Whole | Passed)

    @property
    def at_boundary(self) -> bool:
        return self.parser is not None and self.parser.at_boundary

    @property
    def error(self) -> bytes | None:
        return None if self.parser is None else self.parser.error

    def feed(self, data: bytes) -> list[bytes]:
        if self.parser is not None:
            return self.parser.feed(data)
        self._head += data
        fitting = self._fitting()
        if fitting is None and len(self._head) > self._limit:
            fitting = Whole
        return [] if fitting is None else self._hand_over(fitting)

    def close(self) -> list[bytes]:
        messages = [] if self.parser else self._hand_over(Whole if self._head else self._promised)
        return messages + self.parser.close() if self.parser else messages

    def _hand_over(self, fitting: Callable[[int], Parser]) -> list[bytes]:
        self.parser = fitting(self._limit)
        head = bytes(self._head)
        self._head.clear()
        return self.parser.feed(head)

    def _fitting(self) -> Callable[[int], Parser] | None:
        """The parser for what begins like this; None while more bytes may tell otherwise."""
        if self._promised is Passed:
            return Passed
        del self._head[: next(_LEADING.finditer(self._head)).end()]
        start = bytes(self._head[:8])
        if BOM.startswith(start):
            return None
        if start[0] in FLAGS:
            return self._binary()
        if start.startswith(b"{"):
            return Ndjson if self._promised is Ndjson else self._object()
        if start.startswith(b"["):
            return self._array()
        if start.startswith(_SSE_BEGINNINGS):
            return Sse
        if self._promised is Sse:
            return Whole if start.startswith((b'"', b"<")) else Sse
        if self._promised is Whole:
            return self._text()
        if any(beginning.startswith(start) for beginning in _SSE_BEGINNINGS):
            return None
        return Whole if self._promised in _BINARY else self._promised

    def _binary(self) -> Callable[[int], Parser] | None:
        """A promise of frames is kept; without one an event stream shows itself by the checksum of its first frame."""
        if self._promised in _BINARY:
            return self._promised
        if len(self._head) < PRELUDE_BYTES:
            return None
        if begins_frame(self._head):
            return EventStream
        return self._text() if self._promised is Whole else self._promised

    def _text(self) -> Callable[[int], Parser] | None:
        """A body of one message, if it is text at all."""
        enough = min(_HEAD_BYTES, self._limit)
        if len(self._head) < enough:
            return None
        return Passed if _NO_TEXT.search(self._head, 0, enough) else Whole

    def _array(self) -> Callable[[int], Parser] | None:
        first = _NOT_BLANK.search(self._head, max(self._searched, 1))
        self._searched = len(self._head)
        if first is None:
            return None
        if first[0] == b"{":
            return JsonArray
        return Ndjson if self._promised is Ndjson else Whole

    def _object(self) -> Callable[[int], Parser] | None:
        """An object is the body, unless its first line turns out to be complete and followed by another."""
        if self._line_end < 0:
            self._line_end = self._head.find(b"\n", self._searched)
        following = _NOT_BLANK.search(self._head, max(self._line_end, self._searched)) if self._line_end >= 0 else None
        self._searched = len(self._head)
        if following is None:
            return None
        return Ndjson if is_text(bytes(self._head[: self._line_end])) else Whole
