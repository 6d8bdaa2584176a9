"""What size alone can do to a decoder: one huge event, bombs, a million tiny frames; counted, never timed."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import reduce

import brotli
import pytest
import zstandard

from llmobs.wire.content_encoding import FREE_BYTES, MAX_CALL_BYTES, MAX_RATIO, Decoder
from llmobs.wire.errors import WireError
from llmobs.wire.framing import Framer
from tests.cuts import messages
from tests.frames import event_frame, grpc_frame
from tests.work import factor, peak_bytes

MIB = 1024 * 1024
PIECE = 64 * 1024
LARGE = 16 * MIB
MILLION = 1_000_000
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
BOMBS = [*PACK, "gzip, gzip", "br, gzip", "zstd, br", "deflate, zstd", "gzip, gzip, gzip"]
# Content type, and one message around a text.
ONE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "sse": ("text/event-stream", lambda inside: b"data: " + inside + b"\n\n"),
    "sse_lines": (
        "text/event-stream",
        lambda inside: b"data: " + inside.replace(b"x" * 16, b"\ndata: 123456789") + b"\n\n",
    ),
    "ndjson": ("application/x-ndjson", lambda inside: b'{"a":"' + inside + b'"}\n'),
    "json_array": ("application/json", lambda inside: b'[{"a":"' + inside + b'"}]'),
    "json": ("application/json", lambda inside: b'{"a":"' + inside + b'"}'),
    "event_stream": ("application/vnd.amazon.eventstream", event_frame),
    "grpc": ("application/grpc", grpc_frame),
}
TINY = {
    "sse": ("text/event-stream", b"data:1\n\n", b""),
    "ndjson": ("application/x-ndjson", b"{}\n", b""),
    "json_array": ("application/json", b"{},", b"["),
    "event_stream": ("application/vnd.amazon.eventstream", event_frame(b"1"), b""),
    "grpc": ("application/grpc", grpc_frame(b"1"), b""),
}


def in_pieces(body: bytes, size: int = PIECE) -> Iterator[bytes]:
    """A body as it arrives."""
    return (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize("name", ONE)
def test_16_mib_in_one_event(name: str) -> None:
    """One event of 16 MiB in pieces is one message, and is held no more often than it takes to give it."""

    content_type, wrap = ONE[name]
    body = wrap(b"x" * LARGE)
    sizes: list[int] = []

    def run() -> None:
        sizes.extend(map(len, messages(Framer(content_type), in_pieces(body))))

    assert peak_bytes(run) < 7 * len(body)
    assert len(sizes) == 1
    assert sizes[0] >= LARGE // 2


@pytest.mark.parametrize("name", ONE)
def test_one_large_event_is_linear(name: str) -> None:
    """An event of twice the size in pieces of one size is twice the work."""

    content_type, wrap = ONE[name]
    assert factor(lambda size: messages(Framer(content_type), in_pieces(wrap(b"x" * size), 64)), 64 * 1024) < 2.2


def count(name: str, frames: int) -> int:
    """How many messages so many frames in pieces are; none of them is kept here."""
    content_type, frame, start = TINY[name]
    framer = Framer(content_type)
    given = sum(len(framer.feed(piece)) for piece in in_pieces(start + frame * frames))
    return given + len(framer.close())


@pytest.mark.parametrize("name", TINY)
def test_a_million_tiny_frames(name: str) -> None:
    """A million frames are a million messages."""

    assert count(name, MILLION) == MILLION


@pytest.mark.parametrize("name", TINY)
def test_many_frames_are_not_kept(name: str) -> None:
    """Memory is that of a piece and of the body itself, however many frames have passed."""

    frames = 50_000
    assert peak_bytes(lambda: count(name, frames)) < len(TINY[name][1]) * frames + 3 * MIB


@pytest.mark.parametrize("size", [1, 7, PIECE])
@pytest.mark.parametrize("name", TINY)
def test_many_frames_are_linear(name: str, size: int) -> None:
    """Twice as many frames are twice the work, however they are cut."""

    content_type, frame, start = TINY[name]

    def run(count: int) -> None:
        given = messages(Framer(content_type), in_pieces(start + frame * count, size))
        assert len(given) == count

    assert factor(run, 1000) < 2.2


@pytest.mark.parametrize("coding", BOMBS)
def test_bomb(coding: str) -> None:
    """A body that grows out of all proportion is refused before it fills the memory, in one piece and in many."""

    bomb = reduce(lambda body, name: PACK[name](body), coding.split(", "), bytes(64 * MIB))
    for size in (len(bomb), 16):
        assert peak_bytes(lambda: swallow(coding, in_pieces(bomb, size))) < 4 * FREE_BYTES  # noqa: B023


def swallow(coding: str, pieces: Iterator[bytes]) -> None:
    """Decode to the fault."""
    decoder = Decoder(coding)
    with pytest.raises(WireError, match=f"{MAX_RATIO} times|{MAX_CALL_BYTES} bytes"):
        list(map(decoder.feed, pieces))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstandard.compress])
def test_bomb_in_grpc(pack: Callable[[bytes], bytes]) -> None:
    """The compressed messages of a gRPC stream are bounded together, as a body is."""

    framer = Framer("application/grpc")
    frames = grpc_frame(pack(bytes(4 * MIB)), 1) * 100
    assert peak_bytes(lambda: messages(framer, [frames])) < 4 * FREE_BYTES
