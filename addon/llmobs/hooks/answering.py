"""Makes the tap of an answer from its headers; it does not know what becomes of what the tap sees."""

from collections.abc import Mapping

from mitmproxy import http

from llmobs.attempt import Attempt
from llmobs.event import Outcome
from llmobs.hooks.calls import Calls
from llmobs.hooks.replay import Replay
from llmobs.tap import ResponseTap, is_small
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.framing import Framer


def tap(flow: http.HTTPFlow, named: Mapping[str, str], attempt: Attempt, calls: Calls, replay: Replay) -> ResponseTap:
    """What sees an answer that has these headers."""
    encoding, kind = named.get("content-encoding"), named.get("content-type")
    framer = Framer(kind)
    return ResponseTap(
        attempt,
        Decoder(encoding) if encoding else None,
        framer,
        bank=calls.writer.begin,
        lines=calls.lines(attempt),
        given=replay.recorder(flow),
        decoded=attempt.content.collects(kind) if attempt.content else None,
        held=is_small(named) and not framer.streamed,
    )


def cut(flow: http.HTTPFlow, outcome: Outcome) -> None:
    """Cut the client off whose answer was cut upstream while it was held: mitmproxy would make up a 502."""
    held = flow.response is not None and isinstance(flow.response.stream, ResponseTap) and not flow.response.stream
    if held and outcome is Outcome.UPSTREAM_ABORTED:
        flow.kill()
