"""What is fuzzed, by name; the first two bytes choose how the rest is cut and what is promised of it."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli
import zstandard

from llmobs.dialect import Dialect
from llmobs.dialects import DIALECTS
from llmobs.wire import protobuf
from llmobs.wire.event_stream import EventStream
from llmobs.wire.framing import PROMISED, Framer
from llmobs.wire.grpc import Grpc
from llmobs.wire.json_array import JsonArray
from llmobs.wire.ndjson import Ndjson
from llmobs.wire.parser import Parser
from llmobs.wire.protobuf import Field
from llmobs.wire.sse import Sse
from tests.frames import chunk, event, exception, grpc_frame, tagged
from tests.fuzz.properties import LIMIT, converts, decodes, looks_up, meters, parses, sealed, strips, taps

CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br", "deflate, gzip", "", "br, br, br, br, br")
TYPES = (*PROMISED, "application/json", "")
NODE: dict[int, Field] = {
    1: Field("text", protobuf.STRING),
    2: Field("number", protobuf.INT, repeated=True),
    3: Field("raw", protobuf.BYTES),
    4: Field("fraction", protobuf.DOUBLE, repeated=True),
    7: Field("signed", protobuf.SINT),
}
NODE |= {5: Field("nodes", NODE, repeated=True), 6: Field("node", NODE)}

_OPENAI = b'{"id":"x","model":"m","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}'
_ANTHROPIC = b'{"type":"message_delta","usage":{"input_tokens":3,"iterations":[{"type":"message","output_tokens":1}]}}'
_SSE = b": hi\n\nevent: error\r\ndata: {}\r\n\r\nid: 1\rdata: a\rdata: b\r\r\xef\xbb\xbfdata: " + _OPENAI + b"\n\n"
_LINES = b'{"a":"\\"}"}\n[1,2]\n, "x\\\\"{"b":\n{}} nul 1\n'
_FRAMES = event("metadata", {"usage": {}}) + chunk(_ANTHROPIC) + exception("throttlingException")
_PROTOBUF = tagged(1, 2, b"a") + tagged(5, 2, tagged(2, 0, b"\x81\x01")) + tagged(9, 3, b"") + tagged(9, 4, b"")
# How many choices a seed is tried with at first: each coding, each content type, each dialect.
_CHOICES = max(len(CODINGS), len(TYPES), len(DIALECTS))


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes a choice and any bytes whatever; the seeds lead a fuzzer into the depth of the format."""

    run: Callable[[int, bytes], object]
    seeds: tuple[bytes, ...]

    def __call__(self, data: bytes) -> None:
        """Run with bytes that hold the choice, too."""
        self.run(int.from_bytes(data[:2]), data[2:])

    def beginnings(self) -> list[bytes]:
        """The seeds with every choice before them."""
        return [choice.to_bytes(2) + seed for choice in range(_CHOICES) for seed in self.seeds]


def _parser(new: Callable[[int], Parser], *seeds: bytes) -> Target:
    return Target(lambda choice, body: parses(lambda: new(LIMIT), body, choice), seeds)


def _framer(choice: int, body: bytes) -> None:
    parses(lambda: Framer(TYPES[choice % len(TYPES)], LIMIT), body, choice)


def _dialect(choice: int) -> Dialect:
    return list(DIALECTS.values())[choice % len(DIALECTS)]


TARGETS = {
    "decoder": Target(
        lambda choice, body: decodes(CODINGS[choice % len(CODINGS)], body, choice),
        (_SSE, *(pack(_SSE) for pack in (gzip.compress, zlib.compress, brotli.compress, zstandard.compress))),
    ),
    "event_frames": Target(
        lambda choice, body: parses(lambda: EventStream(LIMIT), sealed(body), choice),
        (b"\x15\x02\x0d:message-type\x07\x00\x05error{}", b'\x13\x10\x0b:event-type\x07\x00\x05chunk{"bytes":"e30="}'),
    ),
    "event_stream": _parser(EventStream, _FRAMES),
    "framer": Target(_framer, (_SSE, _LINES, _FRAMES, b"[" + _OPENAI + b"]", grpc_frame(b"a"))),
    "grpc": _parser(Grpc, grpc_frame(b"a") + grpc_frame(gzip.compress(b"abc"), 1) + grpc_frame(b"a: b", 0x80)),
    "json": Target(lambda _, body: looks_up(body), (_OPENAI, b'{"a":"\\ud800","b":1e5,"c":[]}')),
    "json_array": _parser(JsonArray, b"[" + _OPENAI + b",\r\n" + _ANTHROPIC + b"]"),
    "meter": Target(
        lambda choice, body: meters(_dialect(choice), body),
        (_OPENAI + b"\n" + _OPENAI, _ANTHROPIC, b'{"error":{"type":"a b"}}'),
    ),
    "ndjson": _parser(Ndjson, _LINES),
    "protobuf": Target(lambda _, body: converts(NODE, body), (_PROTOBUF,)),
    "sse": _parser(Sse, _SSE),
    "tap": Target(
        lambda choice, body: taps(
            _dialect(choice), (CODINGS[choice % len(CODINGS)], TYPES[choice % len(TYPES)]), body, choice
        ),
        (_SSE, _LINES, _FRAMES, gzip.compress(_SSE), grpc_frame(_PROTOBUF) + b"\xff"),
    ),
    "usage_stripper": Target(
        lambda choice, body: strips(body, choice),
        (_SSE, b'{"stream":true,"stream_options":{"include_usage":false}}', b'data: {"choices":[],"usage":{}}\n\n'),
    ),
}
