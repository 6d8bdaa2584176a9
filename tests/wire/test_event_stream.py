"""AWS event streams, however they are cut."""

import base64
import json
import struct
import zlib
from collections.abc import Iterable

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from llmobs.wire.errors import WireError
from llmobs.wire.event_stream import MAX_FRAME_BYTES, MAX_HEADERS_BYTES, EventStream, begins_frame
from tests.cuts import however_cut, messages, pieces_at
from tests.frames import chunk, event, event_frame, exception
from tests.work import factor

HELLO = event("messageStart", {"role": "assistant"})
USAGE = event("metadata", {"usage": {"inputTokens": 3}, "p": "abc"})


def parse(body: bytes) -> tuple[list[bytes], bytes | None]:
    """Messages of a body and its first exception, the same at all cuts."""

    def run(pieces: Iterable[bytes]) -> tuple[list[bytes], bytes | None]:
        parser = EventStream()
        return messages(parser, pieces), parser.error

    return however_cut(body, run)


def sealed(head: bytes, rest: bytes) -> bytes:
    """A frame with right checksums over whatever lengths it claims."""
    frame = head + struct.pack(">I", zlib.crc32(head)) + rest
    return frame + struct.pack(">I", zlib.crc32(frame))


def test_payloads() -> None:
    """Each frame's payload is a message, as it came."""

    assert parse(HELLO + USAGE) == ([b'{"role": "assistant"}', b'{"usage": {"inputTokens": 3}, "p": "abc"}'], None)


@pytest.mark.parametrize("body", [b"", event_frame(b""), event_frame(b"", {":message-type": "event"})])
def test_nothing_said(body: bytes) -> None:
    """Frames without a payload are no messages."""

    assert parse(body) == ([], None)


def test_every_type_of_header() -> None:
    """Headers of any type are passed over, and payloads need none."""

    widths = b"\x01a\x02.\x01b\x03..\x01c\x04....\x01d\x08........\x01e\x09" + b"." * 16
    told = {"yes": True, "no": False, "n": 2**40, "raw": b"\x00", ":event-type": "x"}
    framed = event_frame(b"{}", told)
    head = widths + framed[12:-6]
    assert parse(sealed(struct.pack(">II", 16 + len(head) + 2, len(head)), head + b"{}") + HELLO)[0] == [
        b"{}",
        b'{"role": "assistant"}',
    ]


def test_chunk_gives_what_it_wraps() -> None:
    """A chunk of a model's stream gives the vendor's own JSON without the padding."""

    assert parse(chunk(b'{"generation":"a"}') + chunk(b'{"b":\n1}'))[0] == [b'{"generation":"a"}', b'{"b":\n1}']


@pytest.mark.parametrize(
    "payload",
    [
        {"bytes": base64.b64encode(b"plain text of an agent").decode()},
        {"bytes": base64.b64encode(b"42").decode()},
        {"bytes": base64.b64encode(b'{"cut').decode()},
        {"bytes": "!"},
        {"bytes": "é"},
        {"bytes": 1},
        {"other": "e30="},
        [1],
    ],
)
def test_chunk_of_no_json_object(payload: object) -> None:
    """A chunk that wraps no JSON object is given as it came."""

    assert parse(event("chunk", payload))[0] == [json.dumps(payload).encode()]


def test_wrapped_only_in_chunks() -> None:
    """`bytes` of any other event are that event's own member."""

    payload = {"bytes": base64.b64encode(b"{}").decode()}
    assert parse(event("files", payload))[0] == [json.dumps(payload).encode()]


def test_exception_in_the_middle() -> None:
    """An exception is an error message by its type, and the first one is remembered."""

    given, error = parse(HELLO + exception("throttlingException") + exception("second"))
    assert given[1:] == [b'{"error": {"type": "throttlingException"}}', b'{"error": {"type": "second"}}']
    assert error == given[1]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({":message-type": "error", ":error-code": "InternalError", ":error-message": "secret"}, "InternalError"),
        ({":message-type": "exception"}, "exception"),
        ({":message-type": "error", ":error-code": b"\xff"}, "�"),
    ],
)
def test_error_without_an_event(headers: dict[str, object], kind: str) -> None:
    """An error frame is named by its code, or else by what it is."""

    given, error = parse(event_frame(b"", headers))
    assert [json.loads(message) for message in given] == [{"error": {"type": kind}}]
    assert error == given[0]


def flipped(frame: bytes, place: int) -> bytes:
    """A frame with one wrong bit."""
    return frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (flipped(USAGE, 11), "checksum of a prelude"),
        (flipped(USAGE, 3), "checksum of a prelude"),
        (flipped(USAGE, 20), "checksum of a frame"),
        (flipped(USAGE, len(USAGE) - 8), "checksum of a frame"),
        (flipped(USAGE, len(USAGE) - 1), "checksum of a frame"),
        (sealed(struct.pack(">II", 0xFFFFFFFF, 0), b""), "4294967295 bytes"),
        (sealed(struct.pack(">II", MAX_FRAME_BYTES + 1, 0), b""), "25165825 bytes"),
        (sealed(struct.pack(">II", 2**20, MAX_HEADERS_BYTES + 1), b""), "131073 bytes of headers"),
        (sealed(struct.pack(">II", 15, 0), b""), "shorter than its headers"),
        (sealed(struct.pack(">II", 20, 5), b"aaaa"), "shorter than its headers"),
        (sealed(struct.pack(">II", 0, 0), b""), "shorter than its headers"),
        (sealed(struct.pack(">II", 19, 3), b"\x05ab"), "header cannot be read"),
        (sealed(struct.pack(">II", 19, 3), b"\x01a\x0a"), "header cannot be read"),
        (sealed(struct.pack(">II", 20, 4), b"\x01a\x07\x00"), "header cannot be read"),
        (sealed(struct.pack(">II", 21, 5), b"\x01a\x07\x00\x09"), "header is cut short"),
        (sealed(struct.pack(">II", 20, 4), b"\x01a\x04\x00"), "header is cut short"),
        (b"HTTP/1.1 500 Oops", "checksum of a prelude"),
    ],
)
def test_malformed(bad: bytes, reason: str) -> None:
    """A frame that cannot be trusted is one error, after which nothing is given; what came before it stands."""

    body = HELLO + bad + HELLO
    assert parse(body)[0] == [b'{"role": "assistant"}', b"WireError"]
    parser = EventStream()
    with pytest.raises(WireError, match=reason) as raised:
        parser.feed(body)
    assert raised.value.messages == [b'{"role": "assistant"}']
    assert (parser.feed(HELLO), parser.close()) == ([], [])


@pytest.mark.parametrize("length", [1, 11, 12, 13, len(USAGE) - 1])
def test_cut_short(length: int) -> None:
    """A frame that never ends gives nothing, as its checksum is missing."""

    assert parse(HELLO + USAGE[:length])[0] == [b'{"role": "assistant"}']


def test_absurd_length_is_refused_at_once() -> None:
    """The prelude is enough to refuse a frame: none of it is waited for."""

    with pytest.raises(WireError, match="a frame of 99 bytes"):
        EventStream(98).feed(sealed(struct.pack(">II", 99, 0), b"")[:12])


def test_bound() -> None:
    """A frame up to the bound is read."""

    frame = event_frame(b"x" * 10)
    assert messages(EventStream(len(frame)), [frame]) == [b"x" * 10]
    assert messages(EventStream(len(frame) - 1), [frame]) == [b"WireError"]


def test_frame_is_given_as_soon_as_it_is_complete() -> None:
    """A message waits for its own last byte only, and a closed parser gives nothing more."""

    parser = EventStream()
    assert parser.feed(HELLO[:-1]) == []
    assert parser.feed(HELLO[-1:] + USAGE[:5]) == [b'{"role": "assistant"}']
    assert (parser.close(), parser.feed(USAGE[5:]), parser.at_boundary) == ([], [], False)


def test_beginning() -> None:
    """A sound prelude tells a frame from anything else."""

    assert begins_frame(HELLO)
    assert not begins_frame(HELLO[:11])
    assert not begins_frame(bytes(12))


def test_one_large_frame_is_linear() -> None:
    """A large frame in small pieces is looked at once."""

    def run(size: int) -> None:
        frame, parser = event_frame(b"x" * size), EventStream()
        assert sum(len(parser.feed(frame[at : at + 64])) for at in range(0, len(frame), 64)) == 1

    assert factor(run, 64 * 1024) < 2.1


def test_many_frames_are_linear() -> None:
    """Many tiny frames in one piece take work in proportion."""

    def run(count: int) -> None:
        assert len(EventStream().feed(HELLO * count)) == count

    assert factor(run, 1000) < 2.1


TEXT = st.text("aé😀-", max_size=20)
HEADERS = st.dictionaries(
    st.text("abc:-", min_size=1, max_size=20),
    TEXT | st.binary(max_size=20) | st.booleans() | st.integers(-(2**63), 2**63 - 1),
    max_size=4,
)


@given(st.lists(st.tuples(st.binary(max_size=60), HEADERS)), st.lists(st.integers(0, 500)))
def test_any_frames_at_any_cuts(frames: list[tuple[bytes, dict[str, object]]], at: list[int]) -> None:
    """What was written as frames is read as the same payloads, and AWS's own reader agrees."""

    body = b"".join(event_frame(payload, headers) for payload, headers in frames)
    reference = EventStreamBuffer()
    reference.add_data(body)
    theirs = [bytes(message.payload) for message in reference]
    assert theirs == [payload for payload, _ in frames]
    assert messages(EventStream(), pieces_at(body, at)) == [payload for payload in theirs if payload]


@given(st.binary(), st.integers(0, 200), st.binary(max_size=3))
def test_any_damage_at_any_cuts(junk: bytes, at: int, patch: bytes) -> None:
    """Damaged frames and any bytes give the same at all cuts, and raise nothing but a WireError."""

    body = HELLO + chunk(b"{}") + USAGE
    for damaged in (junk, body[:at] + patch + body[at + len(patch) :], body + junk):
        however_cut(damaged, lambda pieces: messages(EventStream(), pieces), count=5, bytewise=False)
