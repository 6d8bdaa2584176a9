"""A row as one line of JSON for a log: a table of members; it never tells a key, a query string or a prompt."""

import re
from operator import attrgetter

import msgspec

from llmobs.event import Event, encodable

# Member of the line -> field of the row; what is not known is null.
MEMBERS = {
    "time": "started_at",
    "request_id": "request_id",
    "event_id": "event_id",
    "response_id": "response_id",
    "provider": "provider",
    "host": "host",
    "operation": "operation",
    "model": "model",
    "request_model": "request_model",
    "response_model": "response_model",
    "streamed": "streamed",
    "status_code": "status_code",
    "outcome": "outcome",
    "error_type": "error_type",
    "error_class": "error_class",
    "latency_ms": "latency_ms",
    "ttft_ms": "ttft_ms",
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cached_input_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "cost_usd": "cost_usd",
    "cost_status": "cost_status",
    "breaker": "breaker",
    "policy": "policy",
    "reason": "reason",
    "requested_provider": "requested_provider",
    "attempt": "attempt",
    "retry_of": "retry_of",
    "job_id": "job_id",
    "customer": "customer_id",
    "run": "run_id",
    "section": "section",
    "key_name": "api_key_name",
    "client": "client",
    "feature_version": "feature_version",
    "prompt_version": "prompt_version",
    "experiment": "experiment_id",
    "variant": "variant_id",
    "trace_id": "trace_id",
    "span_id": "span_id",
    "tags": "tags",
    "prompt_bytes": "request_bytes",
    "response_bytes": "response_bytes",
}

_NAMES = tuple(MEMBERS)
_VALUES = attrgetter(*MEMBERS.values())
# Digits as they are: a reader that wants to be exact reads them as decimals.
_ENCODER = msgspec.json.Encoder(decimal_format="number")
# JSON leaves these as they are, and a terminal obeys them: delete, the second set of controls, and what turns the
# direction of text or ends a line.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def line(event: Event) -> bytes:
    """The line, with its end."""
    try:
        text = _encode(event)
    except UnicodeEncodeError:
        text = _encode(encodable(event))
    if not text.isascii():
        text = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.decode()).encode()
    elif b"\x7f" in text:
        text = text.replace(b"\x7f", b"\\u007f")
    return text + b"\n"


def _encode(event: Event) -> bytes:
    told = dict(zip(_NAMES, _VALUES(event), strict=True))
    if event.tags is not None:
        told["tags"] = msgspec.Raw(event.tags)
    return _ENCODER.encode(told)
