"""The parser that fits a body, whatever its content type says."""

import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.wire.framing import Framer
from llmobs.wire.passed import Passed
from tests.cuts import cuttings, growth, however_cut, messages
from tests.frames import event, exception, grpc_frame

SSE = "text/event-stream; charset=utf-8"
JSON = "application/json"
NDJSON = "application/x-ndjson"
EVENTS = "application/vnd.amazon.eventstream"
GRPC = "application/grpc"
TYPES = [SSE, JSON, NDJSON, EVENTS, GRPC, None, "application/octet-stream"]

type Framed = tuple[list[bytes], bool, bytes | None]


def frame(content_type: str | None, body: bytes) -> Framed:
    """Messages of a body, whether it was streamed and its first error event, the same at all cuts."""

    def run(pieces: Iterable[bytes]) -> Framed:
        framer = Framer(content_type)
        return messages(framer, pieces), framer.streamed, framer.error

    return however_cut(body, run)


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n\n"])
@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b'data: {"a":1}\n\ndata: [DONE]\n\n', [b'{"a":1}', b"[DONE]"]),
        (b'data:{"a":1}\r\n\r\n', [b'{"a":1}']),
        (b': hi\n\nevent: x\ndata: {"a":1}\n\n', [b'{"a":1}']),
        (b'id: 1\ndata: {"a":1}\n\n', [b'{"a":1}']),
        (b'retry: 1\ndata: {"a":1}\n\n', [b'{"a":1}']),
        (b'event: x\ndata: {"a":1}', [b'{"a":1}']),
        (b'[{"a":1}\n,\r\n{"a":2}]', [b'{"a":1}', b'{"a":2}']),
        (b'[\n  {\n"a":1}]', [b'{\n"a":1}']),
        (b'{"a":1}\n{"a":2}\n', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1}\r\n\r\n{"a":2}', [b'{"a":1}', b'{"a":2}']),
    ],
)
def test_stream_under_any_type(content_type: str | None, start: bytes, body: bytes, texts: list[bytes]) -> None:
    """A stream is known by its bytes under every content type."""

    assert frame(content_type, start + body) == (texts, True, None)


@pytest.mark.parametrize("content_type", [JSON, SSE, EVENTS, GRPC, None])
@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}',
        b'{"a":1}\n',
        b'{\n  "a": {\n    "b": 1\n  }\n}\n',
        b'{"a":\n1}',
        b'{"a":1',
        b"[[0.1,0.2],[0.3]]",
        b'["a"]',
        b"[]",
        b"[",
        b"<html>\n<p>data: no</html>",
        b'"data: no"',
        b"{",
    ],
)
def test_body_that_is_no_stream(content_type: str | None, body: bytes) -> None:
    """An ordinary body is one message and not streamed, also where the type promises events."""

    [message], streamed, _ = frame(content_type, body)
    assert (message.strip(), streamed) == (body.strip(), False)


@pytest.mark.parametrize("content_type", [NDJSON, "application/stream+json", "application/jsonl; charset=utf-8"])
@pytest.mark.parametrize("body", [b'{"a":1}', b'{\n"a":1}', b"[1,2]", b"1"])
def test_promised_lines(content_type: str, body: bytes) -> None:
    """Under a type of JSON lines a single text is a stream of one."""

    assert frame(content_type, body) == ([body], True, None)


@pytest.mark.parametrize("body", [b"1 data: {}", b"date: x", b"data", b"upstream error"])
@pytest.mark.parametrize("content_type", [JSON, None, EVENTS, GRPC])
def test_neither_json_nor_events(content_type: str | None, body: bytes) -> None:
    """What begins like no stream is kept whole."""

    assert frame(content_type, body) == ([body], False, None)


@pytest.mark.parametrize("content_type", [JSON, SSE, NDJSON, EVENTS, None, "**REDACTED**"])
def test_event_stream_under_any_type(content_type: str | None) -> None:
    """Frames of an event stream are known by the checksum of the first one, whatever the type says."""

    body = event("a", {}) + exception("late")
    error = b'{"error": {"type": "late"}}'
    assert frame(content_type, body) == ([b"{}", error], True, error)


@pytest.mark.parametrize("content_type", [GRPC, "application/grpc+proto", "application/grpc-web+proto"])
@pytest.mark.parametrize("flags", [0, 0x80])
def test_grpc_by_its_type_alone(content_type: str, flags: int) -> None:
    """gRPC has no beginning of its own, so that its type decides."""

    body = grpc_frame(b"trailers", flags) + grpc_frame(event("a", {}))
    assert frame(content_type, body) == ([*([] if flags else [b"trailers"]), event("a", {})], True, None)


@pytest.mark.parametrize("body", [b"\x00\x00\x01\x02", b"\x00", grpc_frame(b"not told to be gRPC"), bytes(12)])
@pytest.mark.parametrize("content_type", [JSON, None, "application/octet-stream"])
def test_bytes_of_no_known_framing(content_type: str | None, body: bytes) -> None:
    """Binary bytes without a promise and without a checksum are kept whole."""

    assert frame(content_type, body) == ([body], False, None)


@pytest.mark.parametrize("content_type", [EVENTS, GRPC])
@pytest.mark.parametrize("body", [b"\x00", b"\x00\x00\x01\x02"])
def test_promised_frames_that_are_cut_short(content_type: str, body: bytes) -> None:
    """The first bytes of a promised frame are no message, however few they are."""

    assert frame(content_type, body) == ([], True, None)


def test_promised_frames_that_are_damaged() -> None:
    """A promised event stream without a sound prelude is an error and no text."""

    assert frame(EVENTS, bytes(12)) == ([b"WireError"], True, None)


def test_unknown_field_under_event_stream() -> None:
    """The type is believed where the bytes are silent."""

    assert frame(SSE, b'foo: 1\ndata: {"a":1}\n\n') == ([b'{"a":1}'], True, None)


@pytest.mark.parametrize(
    ("content_type", "streamed"),
    [(SSE, True), (NDJSON, True), (EVENTS, True), (GRPC, True), (JSON, False), (None, False)],
)
@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_empty_body(content_type: str | None, streamed: bool, body: bytes) -> None:
    """An empty body is no message, and as streamed as its type promises."""

    assert Framer(content_type).streamed == streamed
    assert frame(content_type, body) == ([], streamed, None)


def test_error_event() -> None:
    """The parser's error event shows through."""

    assert frame(SSE, b"event: error\ndata: {}\n\n") == ([b"{}"], True, b"{}")
    assert Framer(SSE).error is None


def test_boundary() -> None:
    """A chunk may be left out only in an event stream, between two events."""

    def after(content_type: str, data: bytes) -> bool:
        framer = Framer(content_type)
        framer.feed(data)
        return framer.at_boundary

    assert after(SSE, b"data: 1\n\n")
    assert not after(SSE, b"")
    assert not after(SSE, b"data: 1\n")
    assert not after(NDJSON, b"{}\n\n")


def test_first_object_of_a_mislabelled_stream_is_not_lost() -> None:
    """Under application/json the first line waits for the second to begin, and no longer."""

    framer = Framer(JSON)
    assert framer.feed(b'{"a":1}\n') == []
    assert framer.feed(b'{"a":2}\n') == [b'{"a":1}', b'{"a":2}']


def test_feed_after_close() -> None:
    """A closed framer gives nothing more, whether or not it had seen a byte."""

    for body in (b"", b"data: 1\n\n", b"{"):
        framer = Framer(SSE)
        framer.feed(body)
        framer.close()
        assert (framer.feed(b"data: 1\n\n"), framer.close()) == ([], [])


@pytest.mark.parametrize(
    ("body", "fits"),
    [(b'{"a":"1234"}', True), (b'{"a":"12345"}', False), (b'{"a":1}\n{"b":"1234"}\n{"c":"12345"}', False)],
)
def test_bound(body: bytes, fits: bool) -> None:
    """No framing keeps more than the bound."""

    given = however_cut(body, lambda pieces: messages(Framer(JSON, 12), pieces))
    assert (b"WireError" not in given) == fits


@pytest.mark.parametrize("piece", [b" ", b"\n", b"x", b'{"a":1}\n'])
@pytest.mark.parametrize("start", [b"", b"{", b"[", b'{"a":1}\n', b"\xef\xbb\xbf", b"data: "])
def test_any_beginning_is_linear(start: bytes, piece: bytes) -> None:
    """No beginning keeps the framer looking at the same bytes again."""

    def run(count: int) -> None:
        framer = Framer(JSON)
        framer.feed(start)
        for _ in range(count):
            framer.feed(piece)
        framer.close()

    assert growth(run, 4_000) < 12


@given(
    st.sampled_from(TYPES),
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"}",
                b"[",
                b"]",
                b'{"a":1}',
                b"\n",
                b"\r",
                b" ",
                b"da",
                b"ta:",
                b"\xef\xbb\xbf",
                b":",
                b"1",
                b'"',
                b"\xff",
                b"\x00",
                event("a", {}),
            ]
        )
    ),
)
def test_any_bytes_at_any_cuts(content_type: str | None, parts: list[bytes]) -> None:
    """Any bytes under any type give the same at all cuts, and raise nothing but a WireError."""

    body = b"".join(parts)
    for limit in (12, 1000):
        however_cut(body, lambda pieces: messages(Framer(content_type, limit), pieces), count=5)  # noqa: B023


SOUNDS = {
    "MP3 with a title": b"ID3\x04\x00\x00\x00\x00\x00#TSSE" + b"\xff\xfb\x90\x44" * 9,
    "MP3": b"\xff\xf3\xe4\xc4" * 9,
    "WAV": b"RIFF\x24\x60\x61\x62WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + b"a" * 20,
    "Ogg": b"OggS\x00\x02" + b"b" * 40,
    "FLAC": b"fLaC\x00\x00\x00\x22" + b"c" * 40,
    "MP4": b"\x00\x00\x00\x20ftypisom" + b"d" * 40,
    "PNG": b"\x89PNG\r\n\x1a\n" + b"e" * 40,
}


@pytest.mark.parametrize("content_type", ["audio/mpeg", "application/octet-stream", None])
@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_text_is_passed_over(name: str, content_type: str | None) -> None:
    """Speech and pictures are no message, whatever they are called and however they are cut."""
    for pieces in cuttings(SOUNDS[name]):
        framer = Framer(content_type)

        assert [message for piece in pieces for message in framer.feed(piece)] + framer.close() == []
        assert isinstance(framer.parser, Passed)
        assert not framer.streamed


def test_raw_sound_is_told_by_its_type() -> None:
    """Samples may look like anything, such as a line of an event stream."""
    framer = Framer("audio/pcm;rate=24000")

    assert not framer.streamed
    assert framer.feed(b": {data") + framer.close() == []
    assert not framer.at_boundary


def test_a_long_answer_of_sound_keeps_memory_flat() -> None:
    """Nothing of it is kept, and no length is too long."""
    framer = Framer("audio/mpeg", limit=1000)
    tracemalloc.start()
    chunk = bytes(1024 * 1024)
    for _ in range(64):
        framer.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert framer.close() == []
    assert peak < 4 * len(chunk)


@pytest.mark.parametrize(
    "text", ["plain words, and more of them than the head", "Überschrift: größer als der Anfang", "no"]
)
def test_plain_text_is_one_message(text: str) -> None:
    """Text of any language is a body, also one that is shorter than what is looked at."""
    for pieces in cuttings(text.encode()):
        framer = Framer("text/plain")

        assert [message for piece in pieces for message in framer.feed(piece)] + framer.close() == [text.encode()]
