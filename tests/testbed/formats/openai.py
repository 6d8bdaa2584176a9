"""The OpenAI formats: chat, legacy completions, Responses, embeddings, transcriptions.

Chat streams also as OpenRouter and Groq send them, who place the usage elsewhere.
"""

import base64
import struct
from typing import Any

from tests.testbed.formats import batches
from tests.testbed.formats.reply import EPOCH, Ask, Message, Reply, compact, document, refuse
from tests.testbed.scenario import Counts

DONE = Message("[DONE]")
_HEADERS = (("openai-processing-ms", "42"), ("x-ratelimit-remaining-requests", "9999"))


def answer(ask: Ask) -> Reply:
    """The reply of an OpenAI-compatible host."""
    if ask.scenario.job and (batch := batches.openai(ask)):
        return batch
    if ask.scenario.job:
        return document(_background(ask))
    stream = bool(ask.body.get("stream"))
    match ask.path.rsplit("/v1", 1)[-1]:
        case "/chat/completions":
            return _chat_stream(ask) if stream else document(_chat(ask), *_HEADERS)
        case "/completions":
            return _text_stream(ask) if stream else document(_text(ask), *_HEADERS)
        case "/responses":
            return _responses_stream(ask) if stream else document(_response(ask, "completed"), *_HEADERS)
        case "/embeddings":
            return document(_embeddings(ask), *_HEADERS)
        case "/audio/transcriptions":
            return document(_transcription(ask), *_HEADERS)
        case "/models":
            return document({"object": "list", "data": []})
    return document({"object": "something.new", "id": ask.tag})


def _background(ask: Ask) -> dict[str, Any]:
    """A response that goes on after its request."""
    known = _response(ask, ask.scenario.state) | {"id": f"resp_{ask.scenario.job}", "background": True}
    return known | {"model": "testbed-chat"} | ({} if ask.scenario.state == "completed" else {"usage": None})


def chat_usage(counts: Counts) -> dict[str, Any]:
    """Usage of chat completions: inclusive totals, details beside them."""
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning, "audio_tokens": 0},
    }


def _chat(ask: Ask) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(ask.words), "refusal": None}
    out: dict[str, Any] = {
        "id": f"chatcmpl-{ask.tag}",
        "object": "chat.completion",
        "created": EPOCH,
        "model": ask.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
    }
    if ask.scenario.usage:
        out["usage"] = chat_usage(ask.counts)
        if ask.host == "openrouter.ai":
            out["provider"] = "Testbed"
            out["usage"] |= _openrouter_cost(ask.counts)
    out["service_tier"] = "default"
    return out


def _openrouter_cost(counts: Counts) -> dict[str, Any]:
    return {"cost": round(counts.input * 1e-6 + counts.output * 4e-6, 9), "is_byok": False}


def _chat_stream(ask: Ask) -> Reply:
    asked = bool((ask.body.get("stream_options") or {}).get("include_usage"))
    if asked and ask.scenario.rejects_include_usage:
        text = {"message": "Unrecognized request argument supplied: stream_options", "type": "invalid_request_error"}
        return document({"error": {**text, "param": None, "code": None}}, status=400)
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": "", "refusal": None}, None)]
    deltas += [({"content": word}, None) for word in ask.words]
    deltas.append(({}, "stop"))
    chunks = [_chat_chunk(ask, delta, reason, asked=asked) for delta, reason in deltas]
    if ask.scenario.usage:
        _add_stream_usage(ask, chunks, asked=asked)
    messages = tuple(Message(compact(chunk)) for chunk in chunks)
    if ask.scenario.error_event:
        error = {"error": {"message": "simulated", "type": "server_error", "param": None, "code": None}}
        return _sse(ask, (*messages[: ask.scenario.after or 3], Message(compact(error))))
    return _sse(ask, (*messages, DONE))


def _chat_chunk(ask: Ask, delta: dict[str, Any], reason: str | None, *, asked: bool) -> dict[str, Any]:
    chunk = _chunk_head(ask)
    chunk["choices"] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]
    if asked and ask.host == "api.openai.com":
        chunk["usage"] = None
    # Random padding in the real thing; here it only has to be there, behind the usage field.
    chunk["obfuscation"] = "x" * (len(str(delta)) % 7)
    return chunk


def _chunk_head(ask: Ask) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{ask.tag}",
        "object": "chat.completion.chunk",
        "created": EPOCH,
        "model": ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_testbed",
    }


def _add_stream_usage(ask: Ask, chunks: list[dict[str, Any]], *, asked: bool) -> None:
    """Each host has its own place for the usage of a stream; only OpenAI insists on being asked."""
    usage = chat_usage(ask.counts)
    if ask.host == "openrouter.ai":
        chunks[-1]["usage"] = usage | _openrouter_cost(ask.counts)
        return
    if ask.host == "api.groq.com":
        chunks[-1]["x_groq"] = {"id": f"req_{ask.tag}", "usage": usage}
    if asked:
        chunks.append(_chunk_head(ask) | {"choices": [], "usage": usage, "obfuscation": ""})


def _text(ask: Ask) -> dict[str, Any]:
    choice = {"text": "".join(ask.words), "index": 0, "logprobs": None, "finish_reason": "stop"}
    out: dict[str, Any] = _text_head(ask) | {"choices": [choice]}
    if ask.scenario.usage:
        out["usage"] = _text_usage(ask.counts)
    return out


def _text_head(ask: Ask) -> dict[str, Any]:
    return {"id": f"cmpl-{ask.tag}", "object": "text_completion", "created": EPOCH, "model": ask.model}


def _text_usage(counts: Counts) -> dict[str, Any]:
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
    }


def _text_stream(ask: Ask) -> Reply:
    asked = bool((ask.body.get("stream_options") or {}).get("include_usage"))
    null: dict[str, Any] = {"usage": None} if asked else {}
    chunks = [
        _text_head(ask) | {"choices": [{"text": word, "index": 0, "logprobs": None, "finish_reason": None}]} | null
        for word in ask.words
    ]
    if asked and ask.scenario.usage:
        chunks.append(_text_head(ask) | {"choices": [], "usage": _text_usage(ask.counts)})
    return _sse(ask, (*(Message(compact(chunk)) for chunk in chunks), DONE))


def _response(ask: Ask, status: str) -> dict[str, Any]:
    done = status == "completed"
    counts = ask.counts
    usage = {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.cached, "cache_write_tokens": counts.written},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.input + counts.output,
    }
    return {
        "id": f"resp_{ask.tag}",
        "object": "response",
        "created_at": EPOCH,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": ask.model,
        "output": [_output_item(ask, "completed")] if done else [],
        "parallel_tool_calls": True,
        "service_tier": "default" if done else "auto",
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if done and ask.scenario.usage else None,
    }


def _output_item(ask: Ask, status: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": "".join(ask.words), "annotations": [], "logprobs": []}
    content = [part] if status == "completed" else []
    return {"id": f"msg_{ask.tag}", "type": "message", "status": status, "role": "assistant", "content": content}


def _responses_stream(ask: Ask) -> Reply:
    place = {"item_id": f"msg_{ask.tag}", "output_index": 0, "content_index": 0}
    text = "".join(ask.words)
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": _response(ask, "in_progress")}),
        ("response.in_progress", {"response": _response(ask, "in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": _output_item(ask, "in_progress")}),
        ("response.content_part.added", {**place, "part": part | {"text": ""}}),
        *(("response.output_text.delta", {**place, "delta": word, "logprobs": []}) for word in ask.words),
        ("response.output_text.done", {**place, "text": text, "logprobs": []}),
        ("response.content_part.done", {**place, "part": part}),
        ("response.output_item.done", {"output_index": 0, "item": _output_item(ask, "completed")}),
        ("response.completed", {"response": _response(ask, "completed")}),
    ]
    if ask.scenario.error_event:
        fault = {"code": "server_error", "message": "simulated", "param": None}
        events = [*events[: ask.scenario.after or 3], ("error", fault)]
    messages = (
        Message(compact({"type": name, "sequence_number": number, **payload}), name)
        for number, (name, payload) in enumerate(events)
    )
    return _sse(ask, tuple(messages))


def _embeddings(ask: Ask) -> dict[str, Any]:
    vector = [0.25, -0.5, 0.125]
    packed = base64.b64encode(struct.pack("<3f", *vector)).decode()
    embedding = packed if ask.body.get("encoding_format") == "base64" else vector
    usage = {"prompt_tokens": ask.counts.input, "total_tokens": ask.counts.input}
    data = [{"object": "embedding", "index": 0, "embedding": embedding}]
    return {"object": "list", "data": data, "model": ask.model} | ({"usage": usage} if ask.scenario.usage else {})


def _transcription(ask: Ask) -> dict[str, Any]:
    counts = ask.counts
    usage = {
        "type": "tokens",
        "total_tokens": counts.input + counts.output,
        "input_tokens": counts.input,
        "input_token_details": {"text_tokens": 0, "audio_tokens": counts.input},
        "output_tokens": counts.output,
    }
    return {"text": "".join(ask.words), "usage": usage}


def _sse(ask: Ask, messages: tuple[Message, ...]) -> Reply:
    comment = "OPENROUTER PROCESSING" if ask.host == "openrouter.ai" else "keepalive"
    headers = () if ask.host == "openrouter.ai" else _HEADERS
    return Reply(content_type="text/event-stream; charset=utf-8", messages=messages, comment=comment, headers=headers)


def failure(ask: Ask) -> Reply:
    """The error document, with the retry hints that OpenAI sends beside a 429."""
    reply = refuse(ask)
    hints = (("retry-after", "0"), ("retry-after-ms", "1")) if ask.scenario.status == 429 else ()
    return Reply(status=reply.status, body=reply.body, headers=hints)
