import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.answer import Members
from llmobs.event import Outcome
from llmobs.failure import error_class, may_be_billed, refused, told, word

PATHS = ("error.type", "error.code")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": {"type": "server_error", "code": "boom"}}, ("server_error", "boom")),
        ({"error": {"message": "free text"}}, ("error",)),
        ({"error": {"code": 401}}, ("401",)),
        ({"error": None, "choices": []}, ()),
        ({"choices": []}, ()),
    ],
)
def test_words_of_a_dialect(answer: object, words: tuple[str, ...]) -> None:
    """Every word that a dialect knows the place of is told, the first one first."""

    assert told([Members(json.dumps(answer).encode())], PATHS) == words


def test_an_error_that_is_flat() -> None:
    """A message whose type is error has its word beside it; one that merely has such a member is none."""
    flat = Members(b'{"type":"error","code":"rate_limit_exceeded"}')

    assert told([flat], ("error", "code")) == ("rate_limit_exceeded",)
    assert told([Members(b'{"type":"text","code":"x"}')], ("error", "code")) == ()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"object": "error", "message": "m", "type": "invalid_model", "code": "1500"}, ("invalid_model", "1500")),
        ({"error_type": "TOO_MANY_TOKENS", "id": "i", "message": "too many"}, ("TOO_MANY_TOKENS",)),
        ({"code": "invalid-argument", "error": "Incorrect API key"}, ("invalid-argument",)),
        ({"title": "Unauthenticated", "detail": "You did not", "status": 401}, ("Unauthenticated", "401")),
        ({"type": "about:blank", "title": "not an identifier"}, ()),
        ({"__type": "com.amazon.coral.service#UnrecognizedClientException"}, ("UnrecognizedClientException",)),
        ({"detail": "Invalid API Key"}, ()),
        ({"message": "Incorrect API key provided"}, ()),
        ({"error": {"code": "401", "type": "error"}}, ("401",)),
    ],
)
def test_words_of_any_refusal(body: object, words: tuple[str, ...]) -> None:
    """A refusal is read wherever providers put their words; free text is none."""

    assert refused(json.dumps(body).encode()) == words


@given(st.binary(max_size=200))
def test_any_refusal(body: bytes) -> None:
    """What is no JSON has no words."""

    assert all(word(text) == text for text in refused(body))


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (429, ("requests", "rate_limit_exceeded"), "transient"),
        (429, ("insufficient_quota",), "user"),
        (429, ("budget_exceeded",), "user"),
        (400, ("invalid_request_error", "billing_hard_limit_reached"), "user"),
        (429, ("RESOURCE_EXHAUSTED",), "transient"),
        (400, ("invalid_request_error",), "user"),
        (404, ("DeploymentNotFound",), "user"),
        (408, (), "transient"),
        (529, ("overloaded_error",), "transient"),
        (424, ("ModelErrorException",), "user"),
        (500, (), "system"),
        (501, (), "system"),
        (503, (), "transient"),
        (400, ("ThrottlingException",), "transient"),
        (200, ("overloaded_error",), "transient"),
        (200, ("modelStreamErrorException",), "transient"),
        (200, ("UNAVAILABLE",), "transient"),
        (200, ("grpc_3",), "user"),
        (200, ("grpc_13",), "system"),
        (200, ("api_error",), "system"),
        (200, ("content_filter",), "user"),
        (200, ("canceled",), None),
        (None, ("connection_error",), "transient"),
        (None, (), "system"),
    ],
)
def test_classes(status: int | None, words: tuple[str, ...], kind: str | None) -> None:
    """The status decides what to do, and the provider's own word where it knows better."""

    assert error_class(Outcome.ERROR, status, words) == kind


@pytest.mark.parametrize(
    ("outcome", "words", "kind"),
    [
        (Outcome.OK, (), None),
        (Outcome.OK, ("metering_error",), "system"),
        (Outcome.UPSTREAM_ABORTED, (), "transient"),
        (Outcome.CLIENT_ABORTED, ("error",), None),
        (Outcome.CLIENT_ABORTED, ("timeout_idle",), "transient"),
        (Outcome.INTERRUPTED, (), None),
    ],
)
def test_endings(outcome: Outcome, words: tuple[str, ...], kind: str | None) -> None:
    """Who leaves makes no error; an upstream that does may be there the next time; our own faults are the system's."""

    assert error_class(outcome, 200, words) == kind


def test_what_may_be_billed() -> None:
    """Only a refusal for the caller's sake."""

    assert [status for status in (None, 200, 399, 400, 408, 429, 499, 500) if may_be_billed(status)] == [400, 408, 499]
    assert word("a b") is None
