"""Makes the tap of an answer from its headers; it does not know what becomes of what the tap sees."""

from collections.abc import Mapping

from llmobs.attempt import Attempt
from llmobs.hooks.calls import Calls
from llmobs.lines import Lines
from llmobs.tap import ResponseTap
from llmobs.wire.content_encoding import Decoder
from llmobs.wire.framing import Framer

_OK = 200


def tap(named: Mapping[str, str], attempt: Attempt, calls: Calls) -> ResponseTap:
    """What sees an answer that has these headers."""
    encoding, results = named.get("content-encoding"), attempt.dialect.results
    return ResponseTap(
        attempt,
        Decoder(encoding) if encoding else None,
        Framer(named.get("content-type")),
        bank=calls.writer.begin,
        lines=Lines(attempt, results, calls.tell) if results and attempt.status_code == _OK else None,
    )
