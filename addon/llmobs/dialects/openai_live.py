"""OpenAI Live: a WebSocket that is billed by the second, and delegates to ordinary responses that bill tokens.

Source: the OpenAI API reference (Live server events). `usage.seconds` is the total of the session so far; the events of
a delegated response come as they are, inside `event`.
"""

import re

from llmobs.dialect import Dialect, Turns
from llmobs.dialects.openai_responses import OPENAI_RESPONSES

OPENAI_LIVE = Dialect(
    name="openai_live",
    roots=("event", ""),
    usage=("response.usage", "usage"),
    counts=OPENAI_RESPONSES.counts,
    total="total_tokens",
    model=("response.model",),
    response_id=("response.id",),
    tier=("response.service_tier",),
    error=("error.code", "error.type", "error"),
    text=("event",),
    turns=Turns(
        begin=re.compile(rb'"type"\s*:\s*"response\.created"'),
        end=re.compile(rb'"type"\s*:\s*"response\.(?:completed|incomplete|failed|cancelled)"'),
        alone=re.compile(rb'"type"\s*:\s*"session\.(?:usage\.updated|closed)"'),
        alone_operation="realtime",
        text=re.compile(rb'"type"\s*:\s*"response\.[a-z_.]+\.delta"'),
        media=(b'"session.output_audio.delta"', b'"session.input_audio.append"'),
        key=("delegation_id",),
        lane=re.compile(rb'"delegation_id"\s*:\s*"([^"\\]{1,200})"'),
        session=re.compile(rb'"type"\s*:\s*"session\.(?:start|started|update|updated)"'),
        alone_model=("session.model",),
        status="event.response.status",
        reason=("event.response.error.code",),
        running=("seconds",),
    ),
)
