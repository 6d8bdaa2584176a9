"""One call's content from bytes to the text of its row."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmobs.content import Content, Mode
from llmobs.dialects import DIALECTS
from tests.content.test_secrets import KEYS
from tests.cuts import cuttings
from tests.frames import event

ASKED = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
ANSWER = b'{"choices":[{"message":{"content":"hello"}}]}'


def content(
    *answer: bytes,
    kind: str | None = "application/json",
    mode: Mode = Mode.FULL,
    key: str | None = None,
    most: int = 64_000,
    dialect: str = "openai_chat",
) -> Content:
    """The content of a call that was answered so."""
    made = Content(DIALECTS[dialect], mode, most, key)
    for piece in answer:
        made.collects(kind)(piece)
    return made


def told(made: Content, asked: bytes = ASKED) -> dict[str, Any]:
    """What is kept."""
    found: dict[str, Any] = json.loads(made.text(asked, len(asked)))
    return found


def test_request_and_answer() -> None:
    """Both sides are kept as they were."""
    assert told(content(ANSWER)) == {"request": json.loads(ASKED), "response": json.loads(ANSWER)}


def test_what_is_no_json() -> None:
    """A form, a sound or a page is kept as its size; no answer is null."""
    assert told(content(b"<html>oh</html>", kind="text/html"), b"--form") == {
        "request": {"bytes": 6},
        "response": {"bytes": 15},
    }
    assert told(content(b"\x00\x01" * 20, kind="audio/mpeg"))["response"] == {"bytes": 40}
    assert told(content())["response"] is None


def test_stream_however_it_is_cut() -> None:
    """A key that comes in pieces goes, however the bytes of the stream were cut."""
    words = ["Say ", KEYS["openai"][:9], KEYS["openai"][9:], " now"]
    stream = b"".join(
        b"data: %b\n\n" % json.dumps({"choices": [{"index": 0, "delta": {"content": word}}]}).encode() for word in words
    )
    for cut in cuttings(stream):
        made = content(*cut, kind="text/event-stream")
        assert told(made)["response"]["choices"][0]["message"]["content"] == "Say [SECRET] now"


def test_frames_that_break_off() -> None:
    """What came before a fault is kept."""
    frames = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hi"}})
    made = content(frames + b"\xff" * 40, kind="application/vnd.amazon.eventstream", dialect="bedrock_converse")

    assert told(made)["response"] == {"content": [{"text": "hi"}]}


def test_answer_that_was_too_long() -> None:
    """Of an answer beyond the bound the beginning is kept, and it says so."""
    made = content(b'data: {"choices":[{"index":0,"text":"a"}]}\n\n', kind="text/event-stream")
    made.answer.whole = False

    assert told(made)["response"] == {"choices": [{"index": 0, "text": "a"}], "cut": True}


def test_list_as_an_answer() -> None:
    """An answer that is no object is kept, too."""
    assert told(content(b'["a"]'))["response"] == ["a"]


@pytest.mark.parametrize(("key", "kept"), [("my-own-odd-key", "[SECRET]"), ("short", "short"), (None, "anything")])
def test_own_key(key: str | None, kept: str) -> None:
    """The call's own key goes whatever it looks like, unless it is so short that it could be a word."""
    asked = json.dumps({"a": f"it is {key or 'anything'}"}).encode()

    assert told(content(ANSWER, key=key), asked)["request"] == {"a": f"it is {kept}"}


def test_personal_data() -> None:
    """It goes where that is asked for, and stays where all is."""
    asked = b'{"a":"ann@example.com","phone":14155552671}'

    assert told(content(mode=Mode.REDACTED), asked)["request"] == {"a": "[EMAIL]", "phone": "[PHONE]"}
    assert told(content(mode=Mode.FULL), asked)["request"] == json.loads(asked)


def test_too_long_for_anything() -> None:
    """Where not even the frame fits, only that is said."""
    assert told(content(ANSWER, most=12)) == {"cut": True}


@given(st.text(max_size=400), st.integers(12, 600), st.sampled_from(sorted(KEYS.values())))
@example(text="", most=226, key=KEYS["pem"])  # cut within the line that says what follows
def test_any_text_within_the_bound(text: str, most: int, key: str) -> None:
    """What is kept is valid JSON, no longer than allowed, and no cut leaves a part of a key."""
    asked = json.dumps({"messages": [text, f"{text} {key}", key]}).encode()
    kept = content(ANSWER, most=most).text(asked, len(asked))

    json.loads(kept)
    assert len(kept.encode()) <= max(most, 12)
    secret = key.partition("PRIVATE KEY-----\n")[2] or key
    assert secret[:12] not in kept or secret[:12] in text
