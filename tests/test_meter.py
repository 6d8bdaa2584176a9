import json

import pytest

from llmobs import meter as module
from llmobs.dialect import read
from llmobs.dialects import DIALECTS
from llmobs.meter import Known, Meter


def fed(dialect: str, *messages: bytes) -> Meter:
    """A meter after these messages."""

    meter = Meter(DIALECTS[dialect])
    for message in messages:
        meter.feed(message)
    return meter


IMAGE_TOOL = {
    "model": "gpt-x",
    "usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12},
    "tools": [{"type": "image_generation", "model": "gpt-image-2"}],
    "tool_usage": {"image_gen": {"input_tokens": 30, "output_tokens": 400, "total_tokens": 430}},
}


@pytest.mark.parametrize(("tools", "model"), [(IMAGE_TOOL["tools"], "gpt-image-2"), ([], "gpt-image-1")])
def test_a_tool_with_a_model_of_its_own(tools: object, model: str) -> None:
    """The tokens of OpenAI's image tool stand beside the usage and are billed by the image model."""

    dialect = DIALECTS["openai_responses"]
    meter = Meter(dialect)
    meter.feed(json.dumps(IMAGE_TOOL | {"tools": tools}).encode())
    own, tool = read(dialect, meter.usage or {}, "gpt-x")

    assert (own.quantities, own.beside) == ({"input": 10, "output": 2}, False)
    assert (tool.quantities, tool.beside, tool.model) == ({"input": 30, "output": 400}, True, model)


def test_chat_stream_with_usage_at_its_end() -> None:
    """The extra chunk with empty choices closes the usage; facts come from whichever message tells them."""

    meter = fed(
        "openai_chat",
        b'{"id":"c1","model":"gpt-x","service_tier":"auto","choices":[{"delta":{"content":"hi"}}],"usage":null}',
        b'{"id":"c1","model":"gpt-x","choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}',
        b'{"id":"c1","model":"gpt-x","service_tier":"default","choices":[],"usage":{"prompt_tokens":3}}',
        b"[DONE]",
    )

    assert meter.usage == {"prompt_tokens": 3}
    assert meter.known is Known.FINAL
    assert (meter.model, meter.response_id, meter.tier) == ("gpt-x", "c1", "default")
    assert meter.kept == []


@pytest.mark.parametrize(
    ("data", "tells"),
    [
        (b'{"choices":[],"usage":null}', False),
        (b'{"choices":[],"usage" :\tnull}', False),
        (b'data: {"usage":null}\n\ndata: {"usage": null}\n\n', False),
        (b'data: {"usage":null}\n\ndata: {"usage":{"prompt_tokens":3}}\n\n', True),
        (b'{"usage":null,"error":{"type":"x"}}', True),
        (b'{"choices":[{"delta":{"content":"usage: null"}}]}', False),
    ],
)
def test_usage_of_null_tells_nothing(data: bytes, *, tells: bool) -> None:
    """Messages whose usage is null need not be parsed, alone or several in their framing; any other usage is read."""

    assert Meter(DIALECTS["openai_chat"]).tells(data) is tells


def test_running_totals_replace_each_other() -> None:
    """Of totals in every chunk the last object holds, fields that it lacks included, and it is final with a reason."""

    running = b'{"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":21}}'
    last = b'{"candidates":[{"finishReason": "STOP"}],"usageMetadata":{"promptTokenCount":87}}'

    assert fed("gemini", running).known is Known.RUNNING
    meter = fed("gemini", running, last)
    assert meter.known is Known.FINAL
    assert meter.usage == {"promptTokenCount": 87}


def test_anthropic_start_is_only_an_opening() -> None:
    """The first event's usage is overridden field by field by the cumulative delta."""

    start = (
        b'{"type":"message_start","message":{"id":"m1","model":"claude-x","usage":'
        b'{"input_tokens":2479,"cache_creation":{"ephemeral_1h_input_tokens":5},"output_tokens":1}}}'
    )
    delta = b'{"type":"message_delta","usage":{"input_tokens":404500,"output_tokens":9,"cache_read_input_tokens":null}}'

    assert fed("anthropic", start).known is Known.OPENING
    meter = fed("anthropic", start, b'{"type":"content_block_delta","delta":{"text":"usage"}}', delta)
    assert meter.known is Known.FINAL
    assert meter.usage == {
        "input_tokens": 404500,
        "cache_creation": {"ephemeral_1h_input_tokens": 5},
        "output_tokens": 9,
    }


def test_groq_tells_usage_in_a_place_of_its_own() -> None:
    """Usage below x_groq counts where there is none at the top."""

    meter = fed("openai_chat", b'{"choices":[]}', b'{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":4}}}')

    assert meter.usage == {"prompt_tokens": 4}


def test_responses_stream() -> None:
    """The terminal event carries usage, model and the served tier below `response`."""

    meter = fed(
        "openai_responses",
        b'{"type":"response.created","response":{"id":"r1","model":"gpt-x","service_tier":"auto","usage":null}}',
        b'{"type":"response.output_text.delta","delta":"x"}',
        b'{"type":"response.completed","response":{"id":"r1","model":"gpt-x-2026","service_tier":"default","error":null,'
        b'"usage":{"input_tokens":3,"output_tokens":4},"tool_usage":{"web_search":{"num_requests":2}}}}',
    )

    assert meter.usage == {"input_tokens": 3, "output_tokens": 4}
    assert (meter.model, meter.tier, meter.error) == ("gpt-x-2026", "default", None)
    assert meter.fees == {"web_search": 2}


@pytest.mark.parametrize(
    ("dialect", "message", "error"),
    [
        ("openai_chat", b'{"error":{"message":"no","type":"server_error","code":null}}', "server_error"),
        ("openai_chat", b'{"code":"bad:key","error":"free text with a secret in it"}', "error"),
        ("openai_chat", b'{"error":null,"choices":[]}', None),
        ("openai_chat", b'{"error":{},"choices":[]}', None),
        ("openai_responses", b'{"type":"error","code":"rate_limit_exceeded","message":"m"}', "rate_limit_exceeded"),
        ("openai_responses", b'{"response":{"error":{"code":"server_error","message":"m"}}}', "server_error"),
        ("anthropic", b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', "overloaded_error"),
        ("gemini", b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}', "RESOURCE_EXHAUSTED"),
        ("ollama", b'{"error":"model not found, try pulling it first"}', "error"),
    ],
)
def test_error_types(dialect: str, message: bytes, error: str | None) -> None:
    """An error is known by its type or code; free text, which may quote a secret, is not kept."""

    assert fed(dialect, message).error == error


def test_tiers_are_called_by_one_name() -> None:
    """A traffic type of Vertex is the tier it stands for."""

    assert fed("gemini", b'{"usageMetadata":{"trafficType":"ON_DEMAND_FLEX"}}').tier == "flex"
    assert fed("gemini", b'{"usageMetadata":{"trafficType":1,"promptTokenCount":1}}').tier == "default"
    assert fed("anthropic", b'{"usage":{"speed":"fast","service_tier":"standard"}}').tier == "fast"
    assert fed("anthropic", b'{"usage":{"speed":"standard","service_tier":"batch"}}').tier == "batch"
    assert fed("anthropic", b'{"usage":{"speed":"standard","service_tier":"standard"}}').tier == "standard"


def test_messages_without_usage_are_kept_for_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is kept until usage comes, and never without bound."""

    monkeypatch.setattr(module, "KEPT_BYTES", 40)
    meter = fed("openai_chat", *[b'{"choices":[{"delta":{"content":"x"}}]}'] * 9)

    assert len(meter.kept) == 2
    assert meter.known is Known.NOTHING


def test_text_that_speaks_of_usage_is_not_usage() -> None:
    """A model that writes the word in its answer does not confuse the meter."""

    meter = Meter(DIALECTS["openai_chat"])
    meter.feed(b'{"choices":[]}')

    assert not meter.feed(rb'{"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9}"}}]}')
    assert not meter.feed(b'{"choices":[{"usage":{"prompt_tokens":9}}]}')
    assert meter.usage is None
