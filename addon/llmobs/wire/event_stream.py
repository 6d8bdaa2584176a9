"""AWS event streams: the JSON payload of each frame is a message. It does not know what the payload says.

Source: the "Amazon Event Stream" specification of Smithy. A frame is its length, the length of its headers and a CRC of
both, then headers, payload and a CRC of it all. What a model says may sit in base64 inside of the payload.
"""

import binascii
import json
import struct
import zlib
from collections.abc import Mapping

from llmobs.wire.errors import WireError
from llmobs.wire.frames import Frames
from llmobs.wire.lazy import fields, is_text, value
from llmobs.wire.parser import MAX_MESSAGE_BYTES

# What AWS's own client libraries (aws-c-event-stream) take at most: payloads are documented to end at 16 MiB, and grow
# to 24 MiB with their frame.
MAX_FRAME_BYTES = 24 * 1024 * 1024
MAX_HEADERS_BYTES = 128 * 1024
PRELUDE_BYTES = 12
_CRC_BYTES = 4

_PRELUDE = struct.Struct(">III")
_LENGTH = struct.Struct(">H")
# How many bytes the value of a header takes, by its type; types 6 (bytes) and 7 (text) say their length themselves.
_VALUE_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_WITH_LENGTH = (6, 7)
_FAILED = ("exception", "error")


def begins_frame(data: bytes | bytearray) -> bool:
    """Whether these bytes start with a sound prelude, which no other bytes do but by a chance of one in 2**32."""
    return len(data) >= PRELUDE_BYTES and zlib.crc32(data[:8]) == int.from_bytes(data[8:PRELUDE_BYTES])


class EventStream(Frames):
    """Parser of application/vnd.amazon.eventstream; a frame that is cut short gives nothing.

    An exception is given as `{"error": {"type": ...}}`; the first one is `error`.
    """

    __slots__ = ("_total",)

    name = "event stream"

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        super().__init__(min(limit, MAX_FRAME_BYTES))
        self._total = 0  # length of the frame that has begun; 0 until its prelude is read

    def _take(self, messages: list[bytes]) -> int:
        position = 0
        while len(self._pending) - position >= (self._total or PRELUDE_BYTES):
            self._total = self._total or self._frame_bytes(position)
            if len(self._pending) - position < self._total:
                break
            frame = bytes(memoryview(self._pending)[position : position + self._total])
            position, self._total = position + self._total, 0
            if message := self._message(frame):
                messages.append(message)
        return position

    def _frame_bytes(self, position: int) -> int:
        """The length of the frame that begins here, as its prelude says; checked before any of it is kept."""
        total, headers, crc = _PRELUDE.unpack_from(self._pending, position)
        if crc != zlib.crc32(memoryview(self._pending)[position : position + 8]):
            raise WireError("the checksum of a prelude is wrong")
        if total > self._limit or headers > MAX_HEADERS_BYTES:
            raise WireError(f"a frame of {total} bytes with {headers} bytes of headers")
        if total < PRELUDE_BYTES + headers + _CRC_BYTES:
            raise WireError("a frame is shorter than its headers")
        return int(total)

    def _message(self, frame: bytes) -> bytes:
        if zlib.crc32(frame[:-_CRC_BYTES]) != int.from_bytes(frame[-_CRC_BYTES:]):
            raise WireError("the checksum of a frame is wrong")
        end = PRELUDE_BYTES + _PRELUDE.unpack_from(frame)[1]
        headers = _headers(frame[PRELUDE_BYTES:end])
        payload = frame[end:-_CRC_BYTES]
        if headers.get(b":message-type", b"").decode(errors="replace") in _FAILED:
            return self._exception(headers)
        return _inner(payload) if headers.get(b":event-type") == b"chunk" else payload

    def _exception(self, headers: Mapping[bytes, bytes]) -> bytes:
        kind = headers.get(b":exception-type") or headers.get(b":error-code") or headers[b":message-type"]
        message = json.dumps({"error": {"type": kind.decode(errors="replace")}}).encode()
        self.error = self.error or message
        return message


def _headers(data: bytes) -> dict[bytes, bytes]:
    """Headers by name as the bytes of their values."""
    headers = {}
    position = 0
    try:
        while position < len(data):
            start = position + 1
            position = start + data[position] + 1
            name, kind = data[start : position - 1], data[position - 1]
            if kind in _WITH_LENGTH:
                length = _LENGTH.unpack_from(data, position)[0]
                position += _LENGTH.size
            else:
                length = _VALUE_BYTES[kind]
            headers[name] = data[position : position + length]
            position += length
    except (IndexError, KeyError, struct.error) as fault:
        raise WireError("a header cannot be read") from fault
    if position != len(data):
        raise WireError("a header is cut short")
    return headers


def _inner(payload: bytes) -> bytes:
    """The JSON object in base64 inside of a chunk; the chunk itself where it holds anything else."""
    raw = fields(payload).get("bytes")
    encoded = value(raw) if raw else None
    try:
        inner = binascii.a2b_base64(encoded) if isinstance(encoded, str) else b""
    except ValueError:
        return payload
    return inner if inner.startswith(b"{") and is_text(inner) else payload
