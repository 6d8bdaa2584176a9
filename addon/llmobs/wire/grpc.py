"""gRPC messages, each behind a flag and its length: a message is the raw bytes of one protobuf message.

It does not know what they say: `llmobs.wire.protobuf` reads them with a schema. Source: the "gRPC over HTTP2" and
"gRPC-Web" protocol descriptions.
"""

import struct

from llmobs.wire.content_encoding import FREE_BYTES, MAX_RATIO, Decoder
from llmobs.wire.errors import WireError
from llmobs.wire.frames import Frames
from llmobs.wire.parser import MAX_MESSAGE_BYTES

_PREFIX = struct.Struct(">BI")
_COMPRESSED, _TRAILERS = 0x01, 0x80
# No text begins with any of them.
FLAGS = frozenset({0, _COMPRESSED, _TRAILERS, _TRAILERS | _COMPRESSED})
# A compressed message tells by its first bytes whether it is gzip; the other coding that gRPC names is deflate.
_CODING = "deflate"


class Grpc(Frames):
    """Parser of application/grpc and application/grpc-web; a message that is cut short gives nothing."""

    __slots__ = ("_given", "_taken")

    name = "gRPC"

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        super().__init__(limit)
        self._taken = 0
        self._given = 0  # bytes that came out of compressed messages

    def _take(self, messages: list[bytes]) -> int:
        position = 0
        while len(self._pending) - position >= _PREFIX.size:
            flags, length = _PREFIX.unpack_from(self._pending, position)
            if flags not in FLAGS or length > self._limit:
                raise WireError(f"a message of {length} bytes with flags {flags:#x}")
            start = position + _PREFIX.size
            if len(self._pending) < start + length:
                break
            position = start + length
            if not flags & _TRAILERS:
                body = bytes(memoryview(self._pending)[start:position])
                messages.append(self._plain(body) if flags & _COMPRESSED else body)
        return position

    def _plain(self, body: bytes) -> bytes:
        """A compressed message; all of them together may grow no further than one body may."""
        decoder = Decoder(_CODING)
        message = decoder.feed(body) + decoder.close()
        self._taken += len(body)
        self._given += len(message)
        if len(message) > self._limit or self._given > max(FREE_BYTES, MAX_RATIO * self._taken):
            raise WireError(f"compressed messages of {self._taken} bytes decoded to more than {self._given}")
        return message
