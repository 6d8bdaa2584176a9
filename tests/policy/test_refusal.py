"""What a client is told in a provider's place, in each provider's own shape."""

import json
from typing import Any

import pytest

from llmobs.dialects import DIALECTS
from llmobs.policy.refusal import Answer, Kind, Refusal, answer


def told(name: str, kind: Kind = Kind.BUDGET, wait: float | None = None) -> Answer:
    """The answer to a refused call of a dialect."""
    return answer(Refusal(kind, "budget:acme", "no more", wait), DIALECTS[name])


BODIES: list[tuple[str, dict[str, Any]]] = [
    (
        "openai_chat",
        {"error": {"message": "no more", "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}},
    ),
    ("anthropic", {"type": "error", "error": {"type": "billing_error", "message": "no more"}, "request_id": None}),
    ("gemini", {"error": {"code": 429, "message": "no more", "status": "RESOURCE_EXHAUSTED"}}),
    ("vertex_predict", {"error": {"code": 429, "message": "no more", "status": "RESOURCE_EXHAUSTED"}}),
    ("bedrock_converse", {"message": "no more"}),
    ("cohere", {"message": "no more"}),
    (
        "mistral_ocr",
        {"object": "error", "param": None, "code": None, "message": "no more", "type": "budget_exceeded"},
    ),
    ("xai_images", {"error": "no more", "code": "budget_exceeded"}),
    ("ollama", {"error": "no more"}),
    ("watsonx", {"errors": [{"code": "budget_exceeded", "message": "no more"}], "status_code": 429}),
    ("deepgram_listen", {"request_id": None, "err_msg": "no more", "err_code": "budget_exceeded"}),
    ("elevenlabs", {"detail": {"status": "budget_exceeded", "message": "no more"}}),
    ("replicate", {"detail": "no more", "title": "budget_exceeded"}),
    ("voyage_multimodal", {"detail": "no more"}),
]


@pytest.mark.parametrize(("name", "body"), BODIES)
def test_body(name: str, body: dict[str, Any]) -> None:
    """A refusal has the body that the provider's own errors have."""

    assert json.loads(told(name).body) == body


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("kind", Kind)
def test_every_dialect_has_every_refusal(name: str, kind: Kind) -> None:
    """Each answer is an error that says who answered, and why."""
    said = told(name, kind)

    assert said.headers["x-llmobserve-policy"] == "budget:acme"
    if DIALECTS[name].proto is None:
        assert said.status >= 400
        assert "no more" in said.body.decode()
    else:
        assert (said.status, said.body, said.headers["grpc-message"]) == (200, b"", "no more")


def test_statuses() -> None:
    """The status is what clients look at first."""

    assert [told("openai_chat", kind).status for kind in Kind] == [429, 429, 503, 504]


def test_bedrock_names_the_error_in_a_header() -> None:
    """AWS clients find the name of their exception in a header, and each has the status of AWS's model."""
    said = [told("bedrock_invoke", kind) for kind in Kind]

    assert [(each.status, each.headers["x-amzn-errortype"]) for each in said] == [
        (400, "ServiceQuotaExceededException"),
        (429, "ThrottlingException"),
        (503, "ServiceUnavailableException"),
        (408, "ModelTimeoutException"),
    ]


def test_budget_is_not_to_be_retried() -> None:
    """A budget does not grow by waiting: no time is named, and clients that can be told not to retry are told."""
    said = told("openai_chat", Kind.BUDGET, 7)

    assert said.headers["x-should-retry"] == "false"
    assert "retry-after" not in said.headers


def test_rate_limit_says_when_to_come_back() -> None:
    """The wait is rounded up to whole seconds, and stands in the body where Google's clients look for it."""

    assert told("anthropic", Kind.RATE_LIMIT, 2.1).headers["retry-after"] == "3"
    assert told("anthropic", Kind.RATE_LIMIT, 0).headers["retry-after"] == "1"
    assert "x-should-retry" not in told("anthropic", Kind.RATE_LIMIT, 2.1).headers
    [info] = json.loads(told("gemini", Kind.RATE_LIMIT, 2.1).body)["error"]["details"]
    assert info == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}


@pytest.mark.parametrize(("kind", "status", "pushback"), [(Kind.BUDGET, "8", "-1"), (Kind.RATE_LIMIT, "8", "3000")])
def test_grpc_says_when_to_come_back(kind: Kind, status: str, pushback: str) -> None:
    """A gRPC client reads its status and the time to wait from the headers; -1 is never."""
    headers = told("xai_grpc", kind, 2.1).headers

    assert (headers["grpc-status"], headers["grpc-retry-pushback-ms"]) == (status, pushback)


def test_grpc_without_a_time_names_none() -> None:
    """Where no wait is known, none is told."""

    assert "grpc-retry-pushback-ms" not in told("xai_grpc", Kind.UNAVAILABLE).headers


def test_texts_are_fit_for_headers() -> None:
    """Any text of a user passes as plain ASCII in a header."""
    said = answer(Refusal(Kind.BUDGET, "budget:größe\r\n", "für 5 %\n"), DIALECTS["xai_grpc"])

    assert said.headers["x-llmobserve-policy"] == "budget:gr%C3%B6%C3%9Fe%0D%0A"
    assert said.headers["grpc-message"] == "f%C3%BCr 5 %25%0A"
