"""The Anthropic Messages format: exclusive input counts, cumulative usage in two events, the cache-write split."""

from typing import Any

from tests.testbed.formats import batches
from tests.testbed.formats.reply import Ask, Message, Reply, compact, document

_HEADERS = (("anthropic-organization-id", "testbed"), ("anthropic-ratelimit-requests-remaining", "999"))
_PLACEHOLDER_OUTPUT = 1


def answer(ask: Ask) -> Reply:
    """The reply of api.anthropic.com."""
    if ask.path.endswith("/count_tokens"):
        return document({"input_tokens": ask.counts.input})
    if ask.scenario.job and (batch := batches.anthropic(ask)):
        return batch
    if ask.path != "/v1/messages":
        return document({"id": ask.tag})
    return _stream(ask) if ask.body.get("stream") else document(_message(ask), *_HEADERS)


def _usage(ask: Ask) -> dict[str, Any]:
    counts = ask.counts
    return {
        "input_tokens": counts.input - counts.cached - counts.written - counts.written_1h,
        "cache_creation_input_tokens": counts.written + counts.written_1h,
        "cache_read_input_tokens": counts.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.written,
            "ephemeral_1h_input_tokens": counts.written_1h,
        },
        "output_tokens": counts.output,
        "service_tier": "standard",
    }


def _message(ask: Ask) -> dict[str, Any]:
    out: dict[str, Any] = {
        "id": f"msg_{ask.tag}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [{"type": "text", "text": "".join(ask.words)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
    }
    return out | ({"usage": _usage(ask)} if ask.scenario.usage else {})


def _stream(ask: Ask) -> Reply:
    start = _message(ask) | {"content": [], "stop_reason": None}
    delta: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    if ask.scenario.usage:
        start["usage"] = _usage(ask) | {"output_tokens": _PLACEHOLDER_OUTPUT}
        delta["usage"] = _delta_usage(ask)
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": w}} for w in ask.words),
        {"type": "content_block_stop", "index": 0},
        delta,
        {"type": "message_stop"},
    ]
    if ask.scenario.error_event:
        fault = {"type": "error", "error": {"type": "overloaded_error", "message": "simulated"}}
        events = [*events[: ask.scenario.after or 4], fault]
    messages = tuple(Message(compact(event), event["type"]) for event in events)
    return Reply(content_type="text/event-stream; charset=utf-8", messages=messages, headers=_HEADERS)


def _delta_usage(ask: Ask) -> dict[str, Any]:
    """The old shape repeats nothing of the input side; the new one does, but never the cache split."""
    usage = _usage(ask)
    if ask.scenario.legacy_delta:
        return {"output_tokens": usage["output_tokens"]}
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    return {name: usage[name] for name in names}
