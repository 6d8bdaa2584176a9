"""What every decoder promises of any bytes at all; each property raises AssertionError where one is broken."""

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress

from llmobs.dialect import Dialect, read
from llmobs.event import Outcome
from llmobs.include_usage import UsageStripper, ask
from llmobs.meter import Meter
from llmobs.tap import ResponseTap
from llmobs.wire import lazy, protobuf
from llmobs.wire.content_encoding import FREE_BYTES, MAX_RATIO, Decoder
from llmobs.wire.errors import WireError
from llmobs.wire.framing import Framer
from tests.cuts import Fed, cut, messages
from tests.test_attempt import attempt

# Small enough that fuzzed bytes reach it, and more than a framing needs to be told.
LIMIT = 256


def parses(new: Callable[[], Fed], body: bytes, choice: int) -> list[bytes]:
    """A parser gives the same however the bytes are cut, raises nothing but WireError, and stays closed."""
    whole = messages(new(), [body])
    pieces = cut(body, random.Random(choice))
    parser = new()
    assert messages(parser, pieces) == whole, [len(piece) for piece in pieces]
    assert messages(parser, [body]) == []
    return whole


def decodes(header: str, body: bytes, choice: int) -> None:
    """A decoder gives the same however the bytes are cut, as far as they are sound, and never too much.

    The libraries notice damage sooner or later as it is cut, and zstd may miss it in a frame that is cut off, too.
    """
    whole, fault = _decoded(header, [body])
    parts, other = _decoded(header, cut(body, random.Random(choice)))
    assert whole == parts or ((fault or other) and (whole.startswith(parts) or parts.startswith(whole)))
    assert max(len(whole), len(parts)) <= max(2 * FREE_BYTES, MAX_RATIO * len(body))


def _decoded(header: str, pieces: Iterable[bytes]) -> tuple[bytes, bool]:
    decoder, plain = Decoder(header), b""
    try:
        for piece in pieces:
            plain += decoder.feed(piece)
        return plain + decoder.close(), False
    except WireError as fault:
        assert (decoder.feed(b"more"), decoder.close()) == (b"", b"")
        return plain + fault.data, True


def sealed(body: bytes) -> bytes:
    """Frames of an event stream with right checksums around wild headers and payloads."""
    frames = b""
    while body:
        sizes, rest = body[:2].ljust(2, b"\0"), body[2:]
        head, payload, body = rest[: sizes[0]], rest[sizes[0] : sum(sizes)], rest[sum(sizes) :]
        prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
        frame = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
        frames += frame + struct.pack(">I", zlib.crc32(frame))
    return frames


def converts(schema: protobuf.Schema, body: bytes) -> None:
    """Protobuf is JSON afterwards, or a WireError."""
    with suppress(WireError):
        json.loads(protobuf.to_json(body, schema))


def looks_up(body: bytes) -> None:
    """JSON is read where it can be, and nothing is raised where it cannot."""
    for raw in lazy.fields(body).values():
        lazy.value(raw)
    assert not (lazy.is_text(body) and body.strip(b" \t\r\n") == b"")


def meters(dialect: Dialect, body: bytes) -> None:
    """Any messages are metered without an exception, and what they bill is never negative."""
    meter = Meter(dialect)
    for message in body.split(b"\n"):
        meter.feed(message)
    readings = read(dialect, meter.usage or {}, meter.model)
    assert all(quantity >= 0 for reading in readings for quantity in reading.quantities.values())


def strips(body: bytes, choice: int) -> None:
    """What we asked for is taken out of any stream in the same way however it is cut, and asking never fails."""
    asked = ask(body)
    assert asked is None or asked != body
    whole, parts = UsageStripper(), UsageStripper()
    left = whole.feed(body) + whole.close()
    assert b"".join([*map(parts.feed, cut(body, random.Random(choice))), parts.close()]) == left
    assert len(left) <= len(body)


def taps(dialect: Dialect, headers: tuple[str, str], body: bytes, choice: int) -> None:
    """Whatever comes from a provider reaches the client as it is, and ends in a row."""
    coding, content_type = headers
    call = attempt(dialect, status=200)
    watched = ResponseTap(call, Decoder(coding), Framer(content_type, LIMIT), bank=lambda _: None, clock=lambda: 1.0)
    assert all(watched(piece) == piece for piece in cut(body, random.Random(choice)))
    watched.close()
    assert call.event(Outcome.OK).response_bytes == len(body)
