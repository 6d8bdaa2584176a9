"""The words of a call out of requests and answers of every shape."""

import json
from typing import Any

import pytest

from llmobs.trace.dialogue import turns


def told(request: Any, response: Any) -> list[tuple[str, str]]:
    """The turns of a call."""
    return list(turns(json.dumps({"request": request, "response": response})))


@pytest.mark.parametrize(
    ("request_", "response", "said"),
    [
        (
            {"system": "Be kind.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
            [("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello")],
        ),
        (
            {"instructions": "Be kind.", "input": "Hi"},
            {"output": [{"role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}]},
            [("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello")],
        ),
        (
            {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}}]},
            [("user", "Hi"), ("assistant", "Hello")],
        ),
        ({"prompt": "Hi"}, {"choices": [{"text": "Hello"}]}, [("user", "Hi"), ("assistant", "Hello")]),
        ({"input": ["a", "b"]}, None, [("user", "a\nb"), ("assistant", "null")]),
        ({"bytes": 7}, "text", [("user", '{"bytes": 7}'), ("assistant", "text")]),
        ({"messages": ["odd", {"role": "user", "content": "Hi"}]}, {"text": "Hello"},
         [("user", "odd"), ("user", "Hi"), ("assistant", "Hello")]),
        ({"messages": [{"role": "user", "content": ""}]}, {"text": "Hello"},
         [("user", '{"role": "user", "content": ""}'), ("assistant", "Hello")]),
    ],
)  # fmt: skip
def test_turns(request_: Any, response: Any, said: list[tuple[str, str]]) -> None:
    """Who says what, in the order of the dialogue; what has no words is told as it is."""
    assert told(request_, response) == said


@pytest.mark.parametrize(("content", "said"), [('{"cut":true}', '{"cut": true}'), ("[1]", "[1]")])
def test_content_of_another_shape(content: str, said: str) -> None:
    """Content that has no sides is told as it is."""
    assert list(turns(content)) == [("content", said)]


@pytest.mark.parametrize("side", ["request", "response"])
def test_one_side(side: str) -> None:
    """A side that is not there has no turn."""
    assert len(list(turns(json.dumps({side: {"text": "a", "prompt": "b"}})))) == 1


def test_long_turn() -> None:
    """A long turn is told whole: whoever shows it cuts it."""
    [(_, text)] = turns(json.dumps({"request": {"prompt": "x" * 9000}}))

    assert text == "x" * 9000
