"""Makes the tap of an answer from its headers; it does not know what becomes of what the tap sees."""

from collections.abc import Mapping

from mitmproxy import http

from llmobs.attempt import Attempt
from llmobs.hooks.calls import Calls
from llmobs.hooks.replay import Replay
from llmobs.tap import ResponseTap
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.framing import Framer


def tap(flow: http.HTTPFlow, named: Mapping[str, str], attempt: Attempt, calls: Calls, replay: Replay) -> ResponseTap:
    """What sees an answer that has these headers."""
    encoding, kind = named.get("content-encoding"), named.get("content-type")
    return ResponseTap(
        attempt,
        Decoder(encoding) if encoding else None,
        Framer(kind),
        bank=calls.writer.begin,
        lines=calls.lines(attempt),
        given=replay.recorder(flow),
        decoded=attempt.content.collects(kind) if attempt.content else None,
    )
