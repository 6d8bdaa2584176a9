"""Streams as the one answer that they are, API by API."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs.content.assembly import assembled
from llmobs.dialects import DIALECTS


def whole(dialect: str, *events: dict[str, Any]) -> Any:
    """The answer of these events."""
    return assembled(DIALECTS[dialect], [json.dumps(event).encode() for event in events])


def test_chat() -> None:
    """Text, thoughts, calls of tools and choices of a chat are put together; null says nothing."""

    def chunk(index: int, reason: str | None = None, **delta: Any) -> dict[str, Any]:
        return {"id": "c", "model": "m", "choices": [{"index": index, "delta": delta, "finish_reason": reason}]}

    def call(at: int, arguments: str, **more: Any) -> list[dict[str, Any]]:
        return [{"index": at, "function": {"arguments": arguments}, **more}]

    answer = whole(
        "openai_chat",
        chunk(0, role="assistant", content="", reasoning_content="Hm"),
        chunk(0, content="Hel", reasoning_content="m."),
        chunk(1, content="Other"),
        chunk(0, content="lo", tool_calls=call(0, '{"a":', id="t", type="function")),
        chunk(0, tool_calls=call(0, "1}", id="", type="function")),
        chunk(0, tool_calls=call(1, "{}", id="u")),
        chunk(0, "stop"),
        {"id": "c", "choices": [], "usage": {"prompt_tokens": 1}},
    )

    first, second = answer["choices"]
    assert answer["id"] == "c"
    assert second["message"] == {"content": "Other"}
    assert (first["finish_reason"], first["message"]["content"]) == ("stop", "Hello")
    assert (first["message"]["reasoning_content"], first["message"]["role"]) == ("Hmm.", "assistant")
    assert [(t["id"], t["function"]["arguments"]) for t in first["message"]["tool_calls"]] == [
        ("t", '{"a":1}'),
        ("u", "{}"),
    ]


def test_text_completion() -> None:
    """Legacy completions are put together."""
    events = [{"choices": [{"index": 0, "text": text}]} for text in ("Hel", "lo")]

    assert whole("openai_chat", *events) == {"choices": [{"index": 0, "text": "Hello"}]}


def test_anthropic() -> None:
    """Blocks of text, thinking and tools are put together, the tool's input as the object that it is."""
    answer = whole(
        "anthropic",
        {"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "name": "f", "input": {}}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a"'}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ":1}"}},
        {"type": "content_block_start", "index": 3, "content_block": {"type": "tool_use", "name": "g", "input": {}}},
        {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": '{"cut'}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {}},
    )

    assert (answer["id"], answer["role"], answer["stop_reason"]) == ("m", "assistant", "tool_use")
    assert answer["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "name": "g", "input": '{"cut'},
    ]


def test_responses() -> None:
    """The last event brings the whole response; of one that was cut, what came of its items is kept."""
    message = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "r", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "lo"},
    ]
    done = {"type": "response.completed", "response": {"id": "r", "output": [message]}}

    assert whole("openai_responses", *events, done) == done["response"]
    assert whole("openai_responses", *events)["output"] == [{"type": "message", "content": [], "text": "Hello"}]
    assert whole("openai_responses", {"type": "error", "code": "c", "message": "m"}) == {"code": "c", "message": "m"}


@pytest.mark.parametrize("wrapped", [False, True])
def test_gemini(wrapped: bool) -> None:
    """Parts of text become one, thoughts apart from it, calls of functions apart from both."""

    def chunk(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
        event = {"candidates": [{"content": {"parts": list(parts), "role": "model"}, **more}], "responseId": "r"}
        return {"response": event} if wrapped else event

    answer = whole(
        "gemini",
        chunk({"text": "Hm", "thought": True}),
        chunk({"text": "Hel"}),
        chunk({"text": "lo"}, {"functionCall": {"name": "f", "args": {"a": 1}}}),
        chunk({"text": "."}, finishReason="STOP"),
    )

    (candidate,) = answer["candidates"]
    assert candidate["finishReason"] == "STOP"
    assert candidate["content"]["parts"] == [
        {"text": "Hm", "thought": True},
        {"text": "Hello"},
        {"functionCall": {"name": "f", "args": {"a": 1}}},
        {"text": "."},
    ]


def test_bedrock() -> None:
    """Blocks of Converse are put together."""
    answer = whole(
        "bedrock_converse",
        {"role": "assistant", "p": "x"},
        {"contentBlockIndex": 0, "delta": {"text": "Hel"}},
        {"contentBlockIndex": 0, "delta": {"text": "lo"}},
        {"contentBlockIndex": 1, "start": {"toolUse": {"name": "f"}}},
        {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"a":'}}},
        {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "1}"}}},
        {"stopReason": "tool_use"},
    )

    assert answer == {
        "role": "assistant",
        "stopReason": "tool_use",
        "content": [{"text": "Hello"}, {"toolUse": {"name": "f", "input": '{"a":1}'}}],
    }


def test_cohere() -> None:
    """Version 2 is put together from its deltas; version 1 brings the whole at its end."""
    events: list[dict[str, Any]] = [
        {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant", "content": []}}},
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hel"}}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "lo"}}}},
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "Look"}}},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "t"}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    ]
    answer = whole("cohere", *events)

    assert answer["content"] == [{"type": "text", "text": "Hello"}]
    assert (answer["tool_plan"], answer["tool_calls"], answer["finish_reason"]) == ("Look", [{"id": "t"}], "COMPLETE")
    assert whole("cohere", {"text": "Hel"}, {"response": {"text": "Hello"}}) == {"text": "Hello"}


def test_ollama() -> None:
    """Chats and completions are put together."""
    chat = [{"message": {"role": "assistant", "content": text}} for text in ("Hel", "lo")]

    assert whole("ollama", *chat) == {"message": {"role": "assistant", "content": "Hello"}}
    assert whole("ollama", {"response": "a"}, {"response": "b", "done": True}) == {"response": "ab"}


def test_unknown_stream() -> None:
    """Of a stream that nobody knows how to put together the text is kept."""
    events = [{"type": "message.output.delta", "content": text} for text in ("Hel", "lo")]

    assert whole("mistral_conversation", *events) == {"text": "Hello"}


def test_events_that_fit_nowhere() -> None:
    """What says no place, or an impossible one, is passed over."""
    assert whole("openai_chat", {"choices": [{"index": 10**9, "text": "x"}, {"index": -1}, 7, None]}) == {"choices": []}
    assert whole("anthropic", {"message": {"content": "text"}}, {"index": 0, "delta": {"text": "x"}}) == {
        "content": "text"
    }
    assert whole("anthropic", {"message": {"content": ["text"]}}, {"index": 0, "delta": {"text": "x"}}) == {
        "content": ["text"]
    }
    assert whole("anthropic", {"index": 0, "delta": 7}, {"message": 7}) == {}


_JSON = st.recursive(
    st.none() | st.integers(-2, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "index", "delta", "message", "content", "text", "item", "response", "parts"]),
            inner,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(DIALECTS)), st.lists(_JSON, max_size=6))
def test_any_events(dialect: str, events: list[Any]) -> None:
    """Whatever events come, something comes out."""
    json.dumps(assembled(DIALECTS[dialect], [json.dumps(event).encode() for event in events]), default=str)
