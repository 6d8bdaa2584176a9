"""From a request to what the server writes, where it waits, how it ends; it knows no clock and no socket."""

import functools
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import brotli

from tests.testbed.formats import anthropic, bedrock, gemini, openai
from tests.testbed.formats.reply import Ask, Message, Reply, refuse
from tests.testbed.scenario import Ending, Framing, Scenario, parse

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Comments come before this many events.
_COMMENTED = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire, framing apart: `pieces` are written one by one, `gate_at` waits before that piece."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...]
    framing: Framing
    ending: Ending
    gate: str
    gate_at: int
    pause_ms: int


@functools.lru_cache(maxsize=64)
def answer(host: str, target: str, scenario_text: str, content_type: str, accept_encoding: str, raw: bytes) -> Answer:
    """The answer to one request; the same request always gets the same bytes."""
    scenario = parse(scenario_text)
    if accept_encoding == "identity" and not scenario.insists:
        scenario = replace(scenario, encoding="")
    path, _, query = target.partition("?")
    body = _json(raw) if "json" in content_type else {}
    return _shape(_reply(Ask(host, path, query, body, raw, scenario)), scenario)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _reply(ask: Ask) -> Reply:
    if ask.scenario.status >= 400:
        refusals = {"api.openai.com": openai.failure, bedrock.HOST: bedrock.refusal}
        return refusals.get(ask.host, refuse)(ask)
    if ask.scenario.body:
        return Reply(status=ask.scenario.status, body=ask.scenario.body.encode())
    match ask.host:
        case "api.anthropic.com":
            return anthropic.answer(ask)
        case "generativelanguage.googleapis.com":
            return gemini.answer(ask)
        case bedrock.HOST:
            return bedrock.answer(ask)
        case "example.org":
            return Reply(content_type="text/plain", body=b"not a provider\n")
    return openai.answer(ask)


def _shape(reply: Reply, scenario: Scenario) -> Answer:
    pieces = [reply.body] if reply.body else list(reply.pieces or _events(reply, scenario))
    if scenario.malformed:
        pieces = [_break(piece) for piece in pieces]
    streamed = not reply.body
    if scenario.ending != "clean":
        after = len(pieces) // 2 if scenario.after is None else scenario.after
        pieces = pieces[:after] if streamed else [pieces[0][: len(pieces[0]) // 2]]
    if scenario.encoding:
        pieces = list(_encode(pieces, scenario.encoding, finish=scenario.ending == "clean"))
    gate_at = scenario.gate_after if scenario.gate else -1
    if scenario.cut:
        gate_at = -1 if gate_at < 0 else sum(-(-len(p) // scenario.cut) for p in pieces[:gate_at])
        pieces = [piece[n : n + scenario.cut] for piece in pieces for n in range(0, len(piece), scenario.cut)]
    return Answer(
        status=reply.status,
        headers=_headers(reply, scenario),
        pieces=tuple(pieces),
        framing=scenario.framing or ("chunked" if streamed else "length"),
        ending=scenario.ending,
        gate=scenario.gate,
        gate_at=gate_at,
        pause_ms=scenario.pause_ms,
    )


def _headers(reply: Reply, scenario: Scenario) -> tuple[tuple[str, str], ...]:
    encoding = (("Content-Encoding", scenario.encoding),) if scenario.encoding else ()
    kind = ("Content-Type", scenario.content_type or reply.content_type)
    return (kind, *encoding, *reply.headers, ("x-request-id", "req_testbed"), *scenario.headers)


def _events(reply: Reply, scenario: Scenario) -> Iterator[bytes]:
    newline = b"\r\n" if scenario.crlf else reply.newline
    last = len(reply.messages) - 1
    for number, message in enumerate(reply.messages):
        out = _event(message, newline, b"" if scenario.no_space else b" ")
        # Not before the last events: whether a usage chunk is among those depends on the request.
        if scenario.comments and number < _COMMENTED:
            out = b": " + reply.comment.encode() + 2 * newline + out
        if scenario.bom and number == 0:
            out = b"\xef\xbb\xbf" + out
        yield out.rstrip() if scenario.no_final_blank and number == last else out


def _event(message: Message, newline: bytes, space: bytes) -> bytes:
    name = b"event:" + space + message.event.encode() + newline if message.event else b""
    return name + b"data:" + space + message.data.encode() + newline + newline


def _break(piece: bytes) -> bytes:
    """JSON with its braces gone: framed as before, no longer parseable."""
    return piece.replace(b"}", b"")


def _encode(pieces: list[bytes], name: str, *, finish: bool) -> Iterator[bytes]:
    """Each piece compressed and flushed, as a server does that wants its events to arrive; the tail ends the format."""
    write, flush, end = _compressor(name)
    for piece in pieces:
        if out := write(piece) + flush():
            yield out
    if finish and (tail := end()):
        yield tail


def _compressor(name: str) -> tuple[Callable[[bytes], bytes], Callable[[], bytes], Callable[[], bytes]]:
    if name == "br":
        br = brotli.Compressor()
        return br.process, br.flush, br.finish
    if name == "zstd":
        z = zstd.ZstdCompressor()
        return z.compress, lambda: z.flush(z.FLUSH_BLOCK), z.flush
    d = zlib.compressobj(wbits=31 if name == "gzip" else 15)
    return d.compress, lambda: d.flush(zlib.Z_SYNC_FLUSH), d.flush
