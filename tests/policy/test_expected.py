"""What a call may use and cost."""

import json
from decimal import Decimal
from typing import Any

import pytest

from llmobs.policy import expected as module
from llmobs.policy.expected import UNTOLD_OUTPUT_TOKENS, Habits
from tests.policy.calls import COST, attempt, row


def test_maximum_of_the_request() -> None:
    """The text that goes up and the most that may come down, at the prices of the model."""
    found = Habits().expect(attempt())

    assert (found.tokens, found.usd, found.event.model, found.event.request_model) == (108, COST, "gpt-x", "gpt-x")


@pytest.mark.parametrize(
    ("body", "output"),
    [
        ('{"model":"gpt-x","max_completion_tokens":7}', 7),
        ('{"model":"gpt-x","max_tokens":7,"n":3}', 21),
        ('{"model":"gpt-x","max_output_tokens":7}', 7),
        ('{"model":"gpt-x","generationConfig":{"maxOutputTokens":7,"candidateCount":2}}', 14),
        ('{"model":"gpt-x","inferenceConfig":{"maxTokens":7}}', 7),
        ('{"model":"gpt-x","max_tokens":true}', UNTOLD_OUTPUT_TOKENS),
        ('{"model":"gpt-x","max_tokens":-1}', UNTOLD_OUTPUT_TOKENS),
        ('{"model":"gpt-x","max_tokens":null}', UNTOLD_OUTPUT_TOKENS),
        ('{"model":"gpt-x"}', UNTOLD_OUTPUT_TOKENS),
        ('{"model":"gpt-x","max_tok', UNTOLD_OUTPUT_TOKENS),
        ("", UNTOLD_OUTPUT_TOKENS),
    ],
)
def test_output(body: str, output: int) -> None:
    """Every API's own word for the most that may be written counts, times the answers that are asked for."""

    assert Habits().expect(attempt(body=body.encode())).tokens == output


def test_usual_output_where_none_is_told() -> None:
    """A model that has answered is expected to answer as it did on average; others are not."""
    habits = Habits()
    for tokens in (10, 30, None):
        habits.learn(row(output_tokens=tokens))

    assert habits.expect(attempt(body=b'{"model":"gpt-x"}')).tokens == 20
    assert habits.expect(attempt(body=b'{"model":"gpt-y"}')).tokens == UNTOLD_OUTPUT_TOKENS


def test_usual_cost_where_there_is_no_price() -> None:
    """A model without a price costs what its calls cost on average, as its provider told, or is not known."""
    habits = Habits()
    assert habits.expect(attempt(body=b'{"model":"unknown"}')).usd is None

    for usd in ("1", "2"):
        habits.learn(row(usd=usd, request_model="unknown"))

    assert habits.expect(attempt(body=b'{"model":"unknown"}')).usd == Decimal("1.5")


def test_embeddings_write_nothing() -> None:
    """Only their input counts."""

    assert Habits().expect(attempt(body=b'{"model":"gpt-x","input":"abcdef"}', path="/v1/embeddings")).tokens == 2 + 0


def test_pictures_are_no_text() -> None:
    """Encoded media do not count as text, which would be a thousand times too much."""
    url = "data:image/png;base64," + "iVBORw0KGgo" * 1000
    said = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
    body = json.dumps({"model": "gpt-x", "max_tokens": 1, "messages": said})

    assert Habits().expect(attempt(body=body.encode())).tokens == 5


def test_other_operations_have_no_tokens() -> None:
    """What is not text is not guessed from its text."""
    found = Habits().expect(attempt(body=b'{"model":"gpt-x"}', path="/v1/images/generations", dialect="openai_images"))

    assert found.tokens == 0


def test_socket_is_not_known_before() -> None:
    """The responses of a socket are rows of their own, of which nothing is known when it opens."""
    opening: dict[str, Any] = {"method": "GET", "dialect": "openai_realtime", "path": "/v1/realtime"}

    assert (Habits().expect(attempt(body=b"", **opening)).usd, Habits().expect(attempt()).usd) == (None, COST)


def test_models_that_are_not_used_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, however many models are named."""
    monkeypatch.setattr(module, "MODELS", 2)
    habits = Habits()
    for name in ("gpt-x", "b", "c"):
        habits.learn(row(output_tokens=7, request_model=name))

    assert habits.expect(attempt(body=b'{"model":"gpt-x"}')).tokens == UNTOLD_OUTPUT_TOKENS
    assert habits.expect(attempt(body=b'{"model":"c"}')).tokens == 7


def test_same_call_is_looked_at_once() -> None:
    """Guards that share what they expect do the work once for each call."""
    habits, call = Habits(), attempt()

    assert habits.expect(call) is habits.expect(call)
    assert habits.expect(attempt()) is not habits.expect(call)
