"""Asks for usage on OpenAI-style streams whose client did not, and has the answer to it taken out again."""

import logging

from mitmproxy import http

from llmobs.attempt import Attempt
from llmobs.dialects.openai_chat import OPENAI_CHAT
from llmobs.include_usage import UsageStripper, ask
from llmobs.tap import RequestTap, ResponseTap, is_small
from llmobs.wire.content_encoding import Decoder

LOG = logging.getLogger("llmobserve")

# A body is held back until it is complete, as its length changes; text stays far below this, media are above it.
HELD_BYTES = 4 * 1024 * 1024
BAD_REQUEST = 400
OK = 200
_OPERATIONS = ("chat", "text_completion")


class Asking:
    """Remembers the hosts that refuse to be asked; what it knows of one flow rides on the flow's own tap."""

    def __init__(self) -> None:
        self.refusing: set[str] = set()

    def tap(self, headers: dict[str, str], attempt: Attempt, *, allowed: bool, held: bool = False) -> RequestTap:
        """The tap of a request: it holds back what is small, what we may want to ask in, and what may not go."""
        encoding = headers.get("content-encoding")
        wanted = (
            allowed
            and attempt.provider.include_usage
            and attempt.dialect is OPENAI_CHAT
            and attempt.opening.operation in _OPERATIONS
            and attempt.opening.host not in self.refusing
            and encoding is None
            and is_small(headers, HELD_BYTES)
        )
        decoder = Decoder(encoding) if encoding else None
        return RequestTap(attempt, decoder, held=held or wanted or is_small(headers), may_ask=wanted)

    def ask(self, flow: http.HTTPFlow) -> None:
        """Ask, if the request is a stream without usage; for an answer that can be stripped, it must not be encoded."""
        tap = flow.request.stream
        body = flow.request.raw_content
        if isinstance(tap, RequestTap) and tap.may_ask and body and (edited := ask(body)) is not None:
            flow.request.raw_content = edited
            flow.request.headers["content-length"] = str(len(edited))
            flow.request.headers["accept-encoding"] = "identity"
            tap.asked = True

    def strip(self, flow: http.HTTPFlow, tap: ResponseTap) -> None:
        """Have the answer to our asking taken out, on its way to the client."""
        response = flow.response
        if response is None or not _asked(flow) or response.status_code != OK:
            return
        if (encoding := response.headers.pop("content-encoding", None)) is not None:
            tap.plain = Decoder(encoding)
        if response.headers.pop("content-length", None) is not None and not flow.request.is_http2:
            response.headers["transfer-encoding"] = "chunked"
        tap.stripper = UsageStripper()

    def learn(self, flow: http.HTTPFlow, messages: list[bytes]) -> None:
        """Leave a host alone whose answer, in these messages, refuses because of what we asked."""
        if not _asked(flow) or flow.response is None or flow.response.status_code != BAD_REQUEST:
            return
        if any(b"stream_options" in message or b"include_usage" in message for message in messages):
            self.refusing.add(flow.request.host)
            LOG.warning(
                "%s refuses stream_options.include_usage: it is left alone from now on, and its streams are estimated. "
                "Set `include_usage: false` for it in your pricing file, and repeat the call.",
                flow.request.host,
            )


def _asked(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.request.stream, RequestTap) and flow.request.stream.asked
