"""Content codings undone bit by bit: gzip, deflate, br, zstd and chains of them. It does not know what is encoded.

Recorders and some servers keep the header over plain bytes, so the first bytes are believed before the header.
"""

import codecs
import re
from collections.abc import Iterator

from llmobs.wire.codings import FAULTS, GZIP, MAGIC_BYTES, ZSTD, Brotli, Codec, deflate, gzip, identity, zstd
from llmobs.wire.errors import WireError
from llmobs.wire.parser import MAX_MESSAGE_BYTES

# One call cannot usefully give more than the largest message there is; a chunk of a stream gives a thousandth of it.
MAX_CALL_BYTES = MAX_MESSAGE_BYTES
# Real text seldom shrinks more than 30 to 1, and a stream of equal events about 100 to 1; bombs reach 1,000 and more.
MAX_RATIO = 200
# What any body may grow to whatever its ratio: a short one of blanks or zeros is no bomb.
FREE_BYTES = 16 * 1024 * 1024
# No server applies more than two.
MAX_CODINGS = 4
# That many compressed bytes look like text once in ten million million; a gzip or zstd header is told by fewer.
SNIFF_BYTES = 32
# Fewer bytes than these, cut off, are text by chance too often, unless JSON begins like them.
TEXT_BYTES = 8

_FAULTS: tuple[type[Exception], ...] = (*FAULTS, WireError)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Decoder:
    """Undoes what a Content-Encoding header says, as far as the bytes bear it out; cut-off bytes give what they hold.

    Of corrupt bytes the last piece before the fault is lost, as the libraries keep it to themselves.
    """

    __slots__ = ("_done", "_given", "_stages", "_taken", "plain")

    def __init__(self, header: str | None) -> None:
        # Nothing is encoded, further bytes come out as they go in: a caller may leave the decoder out from now on.
        self.plain = False
        # The coding that was applied last comes off first.
        self._stages = [_Stage(coding.strip().lower()) for coding in reversed((header or "").split(","))]
        self._taken = 0
        self._given = 0
        self._done = False

    def feed(self, data: bytes) -> bytes:
        if self.plain:
            return data
        if not data or self._done:
            return b""
        self._taken += len(data)
        return self._collect(self._run(data, 0))

    def close(self) -> bytes:
        """What was held back because the bytes ended before they told what they are."""
        rest = b"" if self.plain or self._done else self._collect(self._rest())
        self._done, self.plain = True, False
        return rest

    def _collect(self, pieces: Iterator[bytes]) -> bytes:
        data = bytearray()
        try:
            if len(self._stages) > MAX_CODINGS:
                raise WireError(f"more than {MAX_CODINGS} content codings")
            for piece in pieces:
                data += piece
                if len(data) > MAX_CALL_BYTES:
                    raise WireError(f"more than {MAX_CALL_BYTES} bytes decoded at once")
        except _FAULTS as fault:
            self._done = True
            raise WireError(f"content-encoding: {fault}", data=bytes(data)) from fault
        self.plain = all(stage.codec is identity for stage in self._stages)
        return bytes(data)

    def _run(self, data: bytes, first: int) -> Iterator[bytes]:
        """Bytes through the stages from the given one on."""
        if first == len(self._stages):
            yield data
            return
        for piece in self._stages[first].decode(data):
            self._given += len(piece)
            if self._given > FREE_BYTES and self._given > MAX_RATIO * self._taken:
                raise WireError(f"decoded to more than {MAX_RATIO} times its size")
            yield from self._run(piece, first + 1)

    def _rest(self) -> Iterator[bytes]:
        for i, stage in enumerate(self._stages):
            for piece in stage.close():
                yield from self._run(piece, i + 1)


class _Stage:
    """One coding of the chain; what it really is shows in the first bytes."""

    __slots__ = ("_coding", "_head", "codec")

    def __init__(self, coding: str) -> None:
        self.codec: Codec | None = None
        self._coding = coding.removeprefix("x-")
        self._head = b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self.codec is None:
            self._head += data
            self.codec = _by_magic(self._head)
            if self.codec is None and len(self._head) >= SNIFF_BYTES:
                self.codec = _by_header(self._coding, self._head)
            data = self._head
        if self.codec is not None:
            self._head = b""
            yield from self.codec(data)

    def close(self) -> Iterator[bytes]:
        if self._head:
            head, self._head = self._head, b""
            yield from _by_header(self._coding, head)(head)


def _by_magic(head: bytes) -> Codec | None:
    if GZIP.match(head):
        return gzip()
    return zstd() if ZSTD.match(head) else None


def _by_header(coding: str, head: bytes) -> Codec:
    """The codec of bytes without a magic number, which gzip and zstd lack only where they were cut off within it."""
    if (len(head) >= TEXT_BYTES or head.startswith((b"{", b"["))) and _is_text(head[:SNIFF_BYTES]):
        return identity
    if coding == "br":
        return Brotli()
    if coding == "deflate":
        return deflate(head)
    if len(head) < MAGIC_BYTES and coding in {"gzip", "zstd"}:
        return gzip() if coding == "gzip" else zstd()
    return identity


def _is_text(head: bytes) -> bool:
    if _CONTROL.search(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
