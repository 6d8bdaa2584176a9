"""Which requests are equal, and which answers may be given again."""

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.dialects import DIALECTS
from llmobs.policy.repeatable import HEADERS, MAX_BODY_BYTES, anew, complete, digest, never, repeatable
from tests.test_attempt import attempt

USAGE = b'{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":10}}'


def asked(body: Any, **more: Any) -> Attempt:
    """A call with this body."""
    made = attempt(**more)
    made.ask(body if isinstance(body, bytes) else json.dumps(body).encode(), 9)
    return made


OWN_TOOLS: list[dict[str, Any]] = [
    {"tools": [{"type": "function", "function": {"name": "f"}}]},
    {"tools": [{"type": "custom", "name": "f"}]},
    {"tools": [{"name": "f", "input_schema": {}}]},
    {"tools": [{"type": "bash_20250124", "name": "bash"}]},
    {"tools": [{"functionDeclarations": []}]},
    {"toolConfig": {"tools": [{"toolSpec": {}}, {"cachePoint": {}}]}},
    {"tools": None, "toolConfig": 7, "store": False, "background": None, "previous_response_id": ""},
]
MORE: list[Any] = [
    {"store": True},
    {"background": True},
    {"previous_response_id": "r"},
    {"conversation": {"id": "c"}},
    {"mcp_servers": [{"url": "u"}]},
    {"web_search_options": {"search_context_size": "low"}},
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    {"tools": [{"type": "mcp"}]},
    {"tools": [{"googleSearch": {}}]},
    {"tools": ["what"]},
    {"toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}},
    b"--form",
    b"[1]",
]


@pytest.mark.parametrize("body", OWN_TOOLS, ids=str)
def test_questions(body: Any) -> None:
    """A question is repeatable, also with tools that run at the client."""
    assert repeatable(asked({"model": "gpt-x", **body}), 9)


@pytest.mark.parametrize("body", MORE, ids=str)
def test_more_than_questions(body: Any) -> None:
    """What leaves something behind, goes on from it, or has the provider run tools is not."""
    assert not repeatable(asked(body), 9)


def test_calls_of_other_kinds() -> None:
    """Pictures, batches, gRPC, look-ups, other methods, unknown paths and very long requests are not."""
    body = {"model": "gpt-x"}
    silent, got, lost = asked(body), asked(body), asked(body)
    silent.silent, lost.route = True, None
    got.opening = structs.replace(got.opening, method="GET")

    assert repeatable(asked(body), MAX_BODY_BYTES)
    assert not repeatable(asked(body), MAX_BODY_BYTES + 1)
    assert not any(repeatable(call, 9) for call in (silent, got, lost))
    assert not repeatable(asked(body, operation="image_generation"), 9)
    assert not repeatable(asked(body, dialect=UNKNOWN), 9)
    assert not repeatable(asked(body, dialect=replace(DIALECTS["openai_chat"], batch=True)), 9)
    grpc = next(dialect for dialect in DIALECTS.values() if dialect.proto)
    assert not repeatable(replace(asked(body), dialect=grpc), 9)


def test_complete_answers() -> None:
    """An answer is complete that says so; a body without an end of its own is, a stream without one is not."""
    body, stream = attempt(), attempt()
    for call, streamed in ((body, False), (stream, True)):
        call.meter.feed(b'{"usage":{"prompt_tokens":10}}')
        call.streamed = streamed
    assert [complete(call) for call in (body, stream, attempt())] == [True, False, False]

    stream.meter.feed(USAGE)
    assert complete(stream)


@pytest.mark.parametrize("fault", [{"trouble": "x"}, {"refusal": "x"}, {"status_code": 201}])
def test_answers_with_a_fault(fault: dict[str, Any]) -> None:
    """One that could not be read, was refused, or is no plain 200 is not complete."""
    call = attempt()
    call.meter.feed(USAGE)
    for name, value in fault.items():
        setattr(call, name, value)

    assert not complete(call)


def test_equal_requests() -> None:
    """The same request is equal to itself, whatever its transport, its retries and its signature say."""
    call = attempt()
    aws = "AWS4-HMAC-SHA256 Credential=AKIA/20261120/x/bedrock/aws4_request, SignedHeaders=host, Signature={}"
    headers = {"accept": "a", "user-agent": "x", "x-stainless-retry-count": "1", "idempotency-key": "1"}

    first = digest(call, "alt=sse", headers | {"authorization": aws.format("aa")}, b"{}", ("acme",))

    assert first == digest(call, "alt=sse", {"accept": "a", "authorization": aws.format("bb")}, b"{}", ["acme"])


def test_other_askers() -> None:
    """Whatever may say who asks keeps them apart, also where it is not known as a key."""
    names = ("authorization", "cookie", "x-my-gateway-token", "x-user-secret")
    keys = {digest(attempt(), "", {name: value}, b"{}", ()) for name in names for value in ("ann", "bob")}

    assert len(keys) == 2 * len(names)


def test_other_requests() -> None:
    """Another body, path, query, header, key, host or group is another request."""
    call = attempt()
    others = [structs.replace(call.opening, **{name: "other"}) for name in ("path", "host", "api_key_id", "provider")]
    keys = [
        digest(call, "", {}, b"{}", ()),
        digest(call, "", {}, b"{} ", ()),
        digest(call, "alt=sse", {}, b"{}", ()),
        digest(call, "", {}, b"{}", ("acme",)),
        *(digest(call, "", {name: "x"}, b"{}", ()) for name in HEADERS),
        *(digest(replace(call, opening=opening), "", {}, b"{}", ()) for opening in others),
    ]

    assert len(set(keys)) == len(keys)


def test_cache_control() -> None:
    """`no-store` keeps nothing, `no-cache` and `max-age=0` ask anew, anything else says nothing."""
    said = ["No-Store", "no-cache", "max-age=0", "max-age=60", ""]

    assert [never({"cache-control": text}) for text in said] == [True, False, False, False, False]
    assert [anew({"cache-control": text}) for text in said] == [False, True, True, False, False]
    assert not never({})
