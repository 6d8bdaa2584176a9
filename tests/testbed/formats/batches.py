"""Batches and background work as OpenAI and Anthropic tell of them: how far they are is the scenario's `state`."""

import json
from typing import Any

from tests.testbed.formats.reply import Ask, Reply, document

# What the scenario's counts are shared by; a third line fails.
LINES = 2


def openai(ask: Ask) -> Reply | None:
    """The batch object, or the lines of its output file; None for any other path."""
    if ask.path == "/v1/batches" or ask.path.startswith("/v1/batches/"):
        return document(_batch(ask))
    return _lines(ask, _openai_line) if ask.path.endswith("/content") else None


def anthropic(ask: Ask) -> Reply | None:
    """The message batch, or its results; None for any other path."""
    if ask.path.endswith("/results"):
        return _lines(ask, _anthropic_line)
    return document(_message_batch(ask)) if ask.path.startswith("/v1/messages/batches") else None


def _batch(ask: Ask) -> dict[str, Any]:
    done = ask.scenario.state == "completed"
    counts = ask.counts
    used = (counts.input * LINES, counts.output * LINES) if done else (0, 0)
    return {
        "id": f"batch_{ask.scenario.job}",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file-input",
        "completion_window": "24h",
        "status": ask.scenario.state,
        "output_file_id": f"file-{ask.scenario.job}" if done else None,
        "created_at": 1_790_000_000,
        "model": "testbed-chat",
        "usage": {
            "input_tokens": used[0],
            "input_tokens_details": {"cached_tokens": counts.cached * LINES if done else 0},
            "output_tokens": used[1],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sum(used),
        },
    }


def _message_batch(ask: Ask) -> dict[str, Any]:
    ended = ask.scenario.state == "ended"
    name = f"msgbatch_{ask.scenario.job}"
    results = f"https://api.anthropic.com/v1/messages/batches/{name}/results"
    return {
        "id": name,
        "type": "message_batch",
        "processing_status": ask.scenario.state,
        "request_counts": {"processing": 0, "succeeded": LINES, "errored": 1, "canceled": 0, "expired": 0},
        "ended_at": "2026-11-20T12:00:00Z" if ended else None,
        "created_at": "2026-11-20T11:00:00Z",
        "expires_at": "2026-11-21T11:00:00Z",
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": results if ended else None,
    }


def _lines(ask: Ask, line: Any) -> Reply:
    text = "".join(json.dumps(line(ask, number)) + "\n" for number in range(LINES + 1))
    return Reply(content_type="application/octet-stream", body=text.encode())


def _openai_line(ask: Ask, number: int) -> dict[str, Any]:
    counts, failed = ask.counts, number == LINES
    usage = {"prompt_tokens": counts.input, "completion_tokens": counts.output}
    details = {"prompt_tokens_details": {"cached_tokens": counts.cached}, "total_tokens": counts.input + counts.output}
    good = {"id": "c", "object": "chat.completion", "model": "testbed-chat", "usage": usage | details}
    body = {"error": {"type": "invalid_request_error", "message": "simulated"}} if failed else good
    response = {"status_code": 400 if failed else 200, "request_id": "r", "body": body}
    return {"id": f"batch_req_{number}", "custom_id": str(number), "response": response, "error": None}


def _anthropic_line(ask: Ask, number: int) -> dict[str, Any]:
    if number == LINES:
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": "simulated"}}
        return {"custom_id": str(number), "result": {"type": "errored", "error": error}}
    counts = ask.counts
    usage = {"input_tokens": counts.input, "output_tokens": counts.output, "service_tier": "batch"}
    message = {"id": "msg", "type": "message", "role": "assistant", "model": "testbed-claude", "content": []}
    stop = {"stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    return {"custom_id": str(number), "result": {"type": "succeeded", "message": message | stop}}
