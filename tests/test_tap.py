import gzip
import logging

import pytest

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.include_usage import UsageStripper
from llmobs.tap import RequestTap, ResponseTap, is_small
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.framing import Framer
from tests.cuts import cuttings
from tests.frames import grpc_frame
from tests.test_attempt import attempt

WORD = b'data: {"id":"c","model":"gpt-x","choices":[{"delta":{"content":" word"}}]}\n\n'
NULL = WORD.replace(b"}]}", b'}],"usage": null}')
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}\n\n'
STREAM = WORD * 5 + USAGE + b"data: [DONE]\n\n"


class Banked(list[Event]):
    """Takes the snapshots of a running call."""

    def __call__(self, event: Event) -> None:
        self.append(event)


def tap(call: Attempt, content_type: str | None = "text/event-stream", encoding: str | None = None) -> ResponseTap:
    """A tap on the answer of a call, with a clock that stands still."""

    decoder = Decoder(encoding) if encoding else None
    return ResponseTap(call, decoder, Framer(content_type), bank=Banked(), clock=lambda: 1.0)


def passed(watched: ResponseTap, pieces: list[bytes]) -> bytes:
    """What the client gets of these pieces."""

    got = [watched(piece) for piece in [*pieces, b""]]
    watched.close()
    return b"".join(part if isinstance(part, bytes) else b"".join(part) for part in got)


@pytest.mark.parametrize("pieces", list(cuttings(STREAM)))
def test_bytes_pass_unchanged_and_are_metered_however_they_are_cut(pieces: list[bytes]) -> None:
    """Usage, bytes and text are the same for every cut, and the client gets each byte as it came."""

    call = attempt()

    assert passed(tap(call), pieces) == STREAM
    assert call.meter.usage == {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    assert (call.response_bytes, call.first_byte_at, call.streamed) == (len(STREAM), 1.0, True)


@pytest.mark.parametrize("pieces", [*cuttings(WORD * 9), *cuttings(NULL * 9), *cuttings((WORD + NULL + WORD) * 3)])
def test_text_that_was_passed_over_is_estimated(pieces: list[bytes]) -> None:
    """Where no usage comes, the words of the events that were not parsed are counted all the same."""

    call = attempt()
    passed(tap(call), pieces)

    event = call.event(Outcome.CLIENT_ABORTED)
    assert (event.cost_status, event.output_tokens) == (CostStatus.ESTIMATED, 9)


@pytest.mark.parametrize("pieces", list(cuttings(gzip.compress(STREAM, mtime=0))))
def test_compressed_answers(pieces: list[bytes]) -> None:
    """A compressed stream passes as it is and is metered from a decoded copy."""

    call = attempt()

    assert passed(tap(call, encoding="gzip"), pieces) == b"".join(pieces)
    assert call.event(Outcome.OK).input_tokens == 10


def test_what_we_asked_for_is_taken_out() -> None:
    """With a stripper the extra chunk is metered and does not reach the client; no empty chunk ends the body early."""

    call = attempt()
    watched = tap(call)
    watched.stripper = UsageStripper()

    assert watched(WORD) == [WORD]
    assert watched(USAGE) == []
    assert watched(b"data: [DONE]\n\n") == [b"data: [DONE]\n\n"]
    assert watched(b"") == []
    assert call.meter.usage is not None


def test_usage_is_banked_when_it_is_seen() -> None:
    """A snapshot is taken with the first usage, and not again for every chunk of a running total."""

    call = attempt(DIALECTS["gemini"], provider="gcp.gemini", path="/v1beta/models/gemini-x:streamGenerateContent")
    call.ask(b"{}", 2)
    watched = tap(call)
    for _ in range(3):
        watched(b'data: {"usageMetadata":{"promptTokenCount":10}}\r\n\r\n')

    assert isinstance(watched.bank, Banked)
    (event,) = watched.bank
    assert (event.outcome, event.cost_status) == (Outcome.INTERRUPTED, CostStatus.PARTIAL)


@pytest.mark.parametrize("data", [b'{"status_code":400}', b"no JSON at all"])
def test_an_error_event_without_an_error_is_an_error(data: bytes) -> None:
    """An event that is named `error` is one, whatever its data look like."""

    call = attempt()
    passed(tap(call), [WORD, b"event: error\ndata: " + data + b"\n\n"])

    assert call.event(Outcome.OK).error_type == "error"


def test_text_is_not_kept_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is passed over is kept for an estimate up to a bound."""

    monkeypatch.setattr("llmobs.tap.KEPT_BYTES", len(WORD))
    call = attempt()
    passed(tap(call), [WORD] * 5)

    assert call.event(Outcome.CLIENT_ABORTED).output_tokens == 2


def test_messages_before_a_fault_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event too large to read ends the metering; the usage that came before it holds."""

    call = attempt()
    watched = tap(call)
    watched.framer = Framer("text/event-stream", limit=200)
    passed(watched, [USAGE + b"data: " + b"x" * 300 + b"\n\n"])

    assert (call.trouble, call.meter.usage is not None) == ("wire_error", True)


def test_fault_upon_a_fault() -> None:
    """What a broken encoding gave up to its fault may be too large to read, too; what fits of it counts."""

    body = gzip.compress(USAGE + b"data: " + b"x" * 300, mtime=0)
    for pieces in cuttings(body + gzip.compress(b"more")[:10] + b"\xff" * 90):
        call = attempt()
        watched = tap(call, encoding="gzip")
        watched.framer = Framer("text/event-stream", limit=200)

        assert b"".join(pieces) == passed(watched, pieces)
        assert (call.trouble, call.meter.usage is not None) == ("wire_error", True)


def test_broken_encoding_never_breaks_the_call(caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that cannot be decoded pass all the same; the row says that they were not metered."""

    call = attempt()
    garbage = gzip.compress(WORD)[:12] + b"\xff" * 40

    with caplog.at_level(logging.WARNING):
        assert passed(tap(call, encoding="gzip"), [garbage, WORD]) == garbage + WORD
    assert call.event(Outcome.OK).error_type == "wire_error"


def test_a_fault_of_ours_never_breaks_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in metering, the bytes pass, at each chunk and at the end."""

    call = attempt()
    monkeypatch.setattr(type(call.meter), "feed", lambda *_: 1 / 0)

    assert passed(tap(call), [WORD, WORD]) == WORD * 2
    assert call.trouble == "metering_error"
    assert passed(tap(attempt(), "application/json"), [b"{}"]) == b"{}"


def test_requests_pass_and_are_read() -> None:
    """A request body passes as it comes and names its model, also when it is compressed."""

    call = attempt()
    body = gzip.compress(b'{"model":"gpt-x"}')
    up = RequestTap(call, Decoder("gzip"))

    assert b"".join(up(piece) for piece in (body[:7], body[7:], b"")) == body
    up.close()
    assert (call.request_model, call.request_bytes) == ("gpt-x", len(body))


def test_a_request_that_cannot_be_read_passes() -> None:
    """A broken encoding of a request leaves its model unknown and the call alone."""

    call = attempt()
    body = gzip.compress(b'{"model":"gpt-x"}')[:10] + b"\xff" * 4000
    up = RequestTap(call, Decoder("gzip"))

    assert up(body) + up(b"more") == body + b"more"
    up.close()
    assert call.request_model is None


def test_a_fault_in_reading_a_request_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault at the end of a request is a warning."""

    monkeypatch.setattr(Attempt, "ask", lambda *_: 1 / 0)
    RequestTap(attempt()).close()

    assert "could not be read" in caplog.text


@pytest.mark.parametrize("held", [True, False])
def test_a_held_tap_makes_mitmproxy_buffer(held: bool) -> None:
    """Being false is what tells mitmproxy not to stream."""

    assert bool(RequestTap(attempt(), held=held)) is not held


@pytest.mark.parametrize(
    ("length", "small"), [("0", True), ("65536", True), ("65537", False), ("", False), ("-1", False), ("x", False)]
)
def test_small_bodies(length: str, small: bool) -> None:
    """A body is small only if its length is announced."""

    assert is_small({"content-length": length}) is small


@pytest.mark.parametrize("bad", [grpc_frame(b"\xff"), grpc_frame(b"\xff") + b"\xff" * 5])
def test_protobuf_that_cannot_be_read_passes(bad: bytes) -> None:
    """Messages that are no protobuf tell nothing, and a broken frame after them does no more harm."""

    for pieces in cuttings(bad):
        assert passed(tap(attempt(DIALECTS["xai_grpc"]), "application/grpc"), pieces) == bad
