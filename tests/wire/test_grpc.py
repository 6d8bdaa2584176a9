"""Length-prefixed gRPC messages, however they are cut."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.wire.errors import WireError
from llmobs.wire.grpc import Grpc
from tests.cuts import however_cut, messages, pieces_at
from tests.frames import grpc_frame
from tests.work import factor


def parse(body: bytes) -> list[bytes]:
    """Messages of a body, the same at all cuts."""
    return however_cut(body, lambda pieces: messages(Grpc(), pieces))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", []),
        (grpc_frame(b"\x08\x01"), [b"\x08\x01"]),
        (grpc_frame(b"\x08\x01") + grpc_frame(b"x" * 300), [b"\x08\x01", b"x" * 300]),
        (grpc_frame(b""), [b""]),
        (grpc_frame(gzip.compress(b"abc" * 50, mtime=0), 1), [b"abc" * 50]),
        (grpc_frame(zlib.compress(b"\x08\x01" * 50), 1), [b"\x08\x01" * 50]),
        (grpc_frame(b"", 1), [b""]),
        (grpc_frame(b"a") + grpc_frame(b"grpc-status:0\r\n", 0x80), [b"a"]),
        (grpc_frame(b"grpc-status:7\r\n", 0x80), []),
        (grpc_frame(b"a") + grpc_frame(b"cut short")[:9], [b"a"]),
        (grpc_frame(b"a") + b"\x00\x00", [b"a"]),
    ],
)
def test_messages(body: bytes, found: list[bytes]) -> None:
    """Each complete message is given plain; trailers in the body and what is cut short are none."""

    assert parse(body) == found


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"\x00\xff\xff\xff\xff", "4294967295 bytes"),
        (b"\x02\x00\x00\x00\x01x", "flags 0x2"),
        (b'{"error":1}', "flags 0x7b"),
        (grpc_frame(gzip.compress(b"abc", mtime=0)[:-6] + b"\xff" * 20, 1), "content-encoding"),
    ],
)
def test_malformed(bad: bytes, reason: str) -> None:
    """What is no message is one error, after which nothing is given; what came before it stands."""

    body = grpc_frame(b"a") + bad + grpc_frame(b"b")
    assert parse(body) == [b"a", b"WireError"]
    parser = Grpc()
    with pytest.raises(WireError, match=reason) as raised:
        parser.feed(body)
    assert raised.value.messages == [b"a"]
    assert (parser.feed(grpc_frame(b"b")), parser.close()) == ([], [])


@pytest.mark.parametrize(("body", "fits"), [(b"x" * 10, True), (b"x" * 11, False)])
@pytest.mark.parametrize("compressed", [False, True])
def test_bound(body: bytes, fits: bool, compressed: bool) -> None:
    """No message is larger than the bound, neither as it came nor decoded."""

    frame = grpc_frame(zlib.compress(body), 1) if compressed else grpc_frame(body)
    assert (messages(Grpc(max(10, len(frame) - 5 if compressed else 0)), [frame]) == [body]) == (fits or compressed)


def test_decoded_message_beyond_the_bound() -> None:
    """A small message that grows beyond the bound is refused."""

    assert messages(Grpc(100), [grpc_frame(gzip.compress(b"x" * 101), 1)]) == [b"WireError"]


def test_bomb_in_many_messages() -> None:
    """Compressed messages that each stay small may not grow without end together."""

    bomb = grpc_frame(gzip.compress(bytes(4 * 1024 * 1024)), 1)
    assert [len(message) for message in messages(Grpc(), [bomb] * 100)] == [4 * 1024 * 1024] * 4 + [len("WireError")]


def test_closed_parser_gives_nothing() -> None:
    """After its close the parser gives nothing more, and chunks are never left out."""

    parser = Grpc()
    assert (parser.at_boundary, parser.error, parser.close()) == (False, None, [])
    assert parser.feed(grpc_frame(b"a")) == []


def test_one_large_message_is_linear() -> None:
    """A large message in small pieces is looked at once."""

    def run(size: int) -> None:
        frame, parser = grpc_frame(b"x" * size), Grpc()
        assert sum(len(parser.feed(frame[at : at + 64])) for at in range(0, len(frame), 64)) == 1

    assert factor(run, 64 * 1024) < 2.1


def test_many_messages_are_linear() -> None:
    """Many tiny messages in one piece take work in proportion."""

    def run(count: int) -> None:
        assert len(Grpc().feed(grpc_frame(b"") * count)) == count

    assert factor(run, 1000) < 2.1


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans())), st.lists(st.integers(0, 500)))
def test_any_messages_at_any_cuts(written: list[tuple[bytes, bool]], at: list[int]) -> None:
    """What was written as messages is read as the same messages."""

    body = b"".join(
        grpc_frame(gzip.compress(message) if compressed else message, compressed) for message, compressed in written
    )
    assert messages(Grpc(), pieces_at(body, at)) == [message for message, _ in written]


@given(
    st.lists(st.sampled_from([b"\x00", b"\x01", b"\x05", grpc_frame(b"a"), gzip.compress(b"a", mtime=0), b"\x00" * 4]))
)
def test_any_bytes_at_any_cuts(parts: list[bytes]) -> None:
    """Any bytes whatever give the same at all cuts, and raise nothing but a WireError."""

    body = b"".join(parts)
    for limit in (4, 1000):
        however_cut(body, lambda pieces: messages(Grpc(limit), pieces), count=5)  # noqa: B023
