"""Amazon Bedrock's formats: Converse, and Claude behind InvokeModel; streams are binary frames."""

import json
from typing import Any

from tests.frames import chunk, event, exception
from tests.testbed.formats.reply import Ask, Reply, document

HOST = "bedrock-runtime.us-east-1.amazonaws.com"
_FAULT = "throttlingException"
_STREAM = "application/vnd.amazon.eventstream"


def answer(ask: Ask) -> Reply:
    """The reply of bedrock-runtime."""
    match ask.path.rpartition("/")[2]:
        case "converse":
            return document(_converse(ask))
        case "converse-stream":
            return _frames(ask, [event(kind, payload) for kind, payload in _converse_events(ask)])
        case "invoke":
            return document(_claude(ask), *_headers(ask))
        case _:
            return _frames(ask, [chunk(json.dumps(payload).encode()) for payload in _claude_events(ask)])


def refusal(ask: Ask) -> Reply:
    """The error document, whose kind is in a header."""
    return document({"message": "simulated"}, ("x-amzn-errortype", "ThrottlingException"), status=ask.scenario.status)


def _frames(ask: Ask, frames: list[bytes]) -> Reply:
    if ask.scenario.error_event:
        frames = [*frames[: ask.scenario.after or 3], exception(_FAULT)]
    return Reply(content_type=_STREAM, pieces=tuple(frames))


def _fresh(ask: Ask) -> int:
    counts = ask.counts
    return counts.input - counts.cached - counts.written - counts.written_1h


def _usage(ask: Ask) -> dict[str, Any]:
    counts = ask.counts
    written = counts.written + counts.written_1h
    return {
        "inputTokens": _fresh(ask),
        "outputTokens": counts.output,
        "totalTokens": counts.input + counts.output,
        "cacheReadInputTokens": counts.cached,
        "cacheWriteInputTokens": written,
        "cacheDetails": [
            {"ttl": "5m", "inputTokens": counts.written},
            {"ttl": "1h", "inputTokens": counts.written_1h},
        ],
    }


def _converse(ask: Ask) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": "".join(ask.words)}]}
    metrics = {"latencyMs": 700}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": _usage(ask), "metrics": metrics}


def _converse_events(ask: Ask) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("messageStart", {"role": "assistant", "p": "abc"}),
        *(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}, "p": "ab"}) for word in ask.words),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": _usage(ask), "metrics": {"latencyMs": 700}, "p": "abcdef"}),
    ]


def _headers(ask: Ask) -> tuple[tuple[str, str], ...]:
    counts = ask.counts
    told = {
        "input": _fresh(ask),
        "output": counts.output,
        "cache-read-input": counts.cached,
        "cache-write-input": counts.written + counts.written_1h,
    }
    latency = ("x-amzn-bedrock-invocation-latency", "700")
    return (latency, *((f"x-amzn-bedrock-{kind}-token-count", str(number)) for kind, number in told.items()))


def _claude(ask: Ask) -> dict[str, Any]:
    return {
        "id": f"msg_bdrk_{ask.tag}",
        "type": "message",
        "role": "assistant",
        "model": "claude-testbed",
        "content": [{"type": "text", "text": "".join(ask.words)}],
        "stop_reason": "end_turn",
        "usage": _claude_usage(ask) | {"output_tokens": ask.counts.output},
    }


def _claude_usage(ask: Ask) -> dict[str, Any]:
    counts = ask.counts
    return {
        "input_tokens": _fresh(ask),
        "cache_read_input_tokens": counts.cached,
        "cache_creation_input_tokens": counts.written + counts.written_1h,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.written,
            "ephemeral_1h_input_tokens": counts.written_1h,
        },
    }


def _claude_events(ask: Ask) -> list[dict[str, Any]]:
    counts = ask.counts
    metrics = {
        "inputTokenCount": _fresh(ask),
        "outputTokenCount": counts.output,
        "cacheReadInputTokenCount": counts.cached,
        "cacheWriteInputTokenCount": counts.written + counts.written_1h,
        "invocationLatency": 700,
        "firstByteLatency": 70,
    }
    start = _claude(ask) | {"content": [], "usage": _claude_usage(ask) | {"output_tokens": 1}}
    return [
        {"type": "message_start", "message": start},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": w}} for w in ask.words),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": counts.output}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": metrics},
    ]
