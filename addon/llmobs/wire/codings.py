"""The codecs behind the content codings: each takes bytes and gives its output in pieces of bounded size.

It does not know headers, nor how much output is too much.
"""

import re
import zlib
from collections.abc import Callable, Iterator

import brotli

from llmobs.wire.zstd import Frame, ZstdError, new_frame

FAULTS: tuple[type[Exception], ...] = (zlib.error, brotli.error, ZstdError)

# How a member begins, as far as its decoder checks it.
GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
MAGIC_BYTES = 4

type Codec = Callable[[bytes], Iterator[bytes]]

# A piece of output stays at 4 MiB: deflate makes at most 1,032 bytes of one, zstd at most 128 KiB of four.
_DEFLATE_STEP = 4096
_ZSTD_STEP = 128
_BROTLI_PIECE = 1024 * 1024


def identity(data: bytes) -> Iterator[bytes]:
    """Bytes that are not encoded."""
    yield data


class Brotli:
    """Codec of br; what follows the end of the stream is a fault."""

    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def __call__(self, data: bytes) -> Iterator[bytes]:
        piece = self._stream.process(data, output_buffer_limit=_BROTLI_PIECE)
        yield piece
        while len(piece) >= _BROTLI_PIECE:
            piece = self._stream.process(b"", output_buffer_limit=_BROTLI_PIECE)
            yield piece


class Members:
    """Codec of formats whose members (gzip) or frames (zstd) may follow one another, each with a fresh decoder.

    What comes after a member and does not begin like one is padding, and passed over as every HTTP client does.
    """

    __slots__ = ("_beginning", "_complete", "_head", "_member", "_new", "_padding", "_step")

    def __init__(self, new: Callable[[], Frame], step: int, beginning: re.Pattern[bytes] | None = None) -> None:
        self._new = new
        self._step = step
        self._beginning = beginning  # None where only one member is allowed
        self._member: Frame | None = None
        self._head = b""  # how the open member begins
        self._complete = False  # there was a member before
        self._padding = False

    def __call__(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self._step):
            rest = data[start : start + self._step]
            while rest and not self._padding:
                piece, rest = self._decode(rest)
                yield piece

    def _decode(self, data: bytes) -> tuple[bytes, bytes]:
        """Output of the open member, and the bytes after its end."""
        if self._member is None:
            self._member, self._head = self._new(), b""
        self._head += data[: MAGIC_BYTES - len(self._head)]
        try:
            piece = self._member.decompress(data)
        except FAULTS:
            self._padding = self._complete and not self._begins()
            if not self._padding:
                raise
            return b"", b""
        if not self._member.eof:
            return piece, b""
        rest = self._member.unused_data
        self._member, self._complete, self._padding = None, True, self._beginning is None
        return piece, rest

    def _begins(self) -> bool:
        return self._beginning is not None and self._beginning.match(self._head) is not None


def gzip() -> Codec:
    """Any number of gzip members."""
    return Members(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), _DEFLATE_STEP, GZIP)


def deflate(head: bytes) -> Codec:
    """With the zlib header that the standard asks for, or without it as some servers send it."""
    wrapped = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0
    bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    return Members(lambda: zlib.decompressobj(bits), _DEFLATE_STEP)


def zstd() -> Codec:
    """Any number of zstd frames."""
    return Members(new_frame, _ZSTD_STEP, ZSTD)
