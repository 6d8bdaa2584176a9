"""Counting tokens without a network, in bounded time, and what of a JSON value is counted."""

import base64
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs import tokens
from llmobs.tokens import MAX_CHARS, PIECE_CHARS, count, text_of
from tests.corpus.recording import exchanges, har_files, messages

BASE64 = base64.b64encode(random.Random(7).randbytes(1_500_000)).decode()


@pytest.mark.parametrize(
    ("text", "o200k", "cl100k"),
    [
        ("", 0, 0),
        ("hello world", 2, 2),
        ("antidisestablishmentarianism", 6, 6),
        ("お誕生日おめでとう", 8, 9),
        ("<|endoftext|>", 7, 7),
    ],
)
def test_known_counts(text: str, o200k: int, cl100k: int) -> None:
    """Counts are those of OpenAI's own tokenizer; the text of a special token is ordinary text."""

    assert count(text, "gpt-4o") == o200k
    assert count(text, "gpt-4") == cl100k


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo-2024-04-09", "cl100k_base"),
        ("GPT-3.5-turbo", "cl100k_base"),
        ("ft:gpt-3.5-turbo-0125:org::id", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("openai/gpt-4", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("babbage-002", "cl100k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("openai/gpt-4.5-preview", "o200k_base"),
        ("gpt-5.2", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("claude-sonnet-4-5", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_encoding_of_a_model(model: str, encoding: str) -> None:
    """Models before gpt-4o have the older vocabulary, all others the newer one."""

    assert tokens._encoding(model) == encoding


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        " " * 1_000_000,
        "1" * 1_000_000,
        "e\u0301" * 500_000,
        "a\ud800" * 500_000,
        BASE64,
        "x y\n" * 9**7,
    ],
    ids=["letters", "spaces", "digits", "combining", "surrogates", "base64", "long"],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    """No text of any length takes more than seconds, where a plain byte-pair merge takes hours."""
    began = time.process_time()

    assert count(text, "gpt-4o") > 0
    assert time.process_time() - began < 20


def test_half_a_surrogate_pair() -> None:
    """Text that UTF-8 can't hold counts as if a replacement sign stood there."""

    assert count("a\ud800b", "gpt-4o") == count("a\ufffdb", "gpt-4o")


def test_long_text_counts_as_in_one_piece() -> None:
    """Cutting prose into pieces changes nothing, and cutting what has no spaces next to nothing."""
    whole = tokens._tokenizer("o200k_base")
    prose = "The quick brown fox can't jump; 12345 lazy dogs don't care.\n" * 5_000

    assert len(prose) > 10 * PIECE_CHARS
    assert count(prose, "gpt-4o") == whole.count(prose)
    assert count(BASE64[:300_000], "gpt-4o") == pytest.approx(whole.count(BASE64[:300_000]), rel=0.001)


def test_endless_text_counts_at_the_rate_of_its_beginning() -> None:
    """Beyond the bound nothing is read."""

    assert count("word " * MAX_CHARS, "gpt-4o") == pytest.approx(MAX_CHARS, rel=0.001)


@given(st.text())
def test_no_text_fails(text: str) -> None:
    """Any text has a count, at most one token for each of its bytes."""

    assert 0 <= count(text, "gpt-4o") <= len(text.encode("utf-8", "surrogatepass"))


def test_threads_share_one_tokenizer() -> None:
    """Many first uses at once load each vocabulary once."""
    tokens._load.cache_clear()

    with ThreadPoolExecutor(8) as pool:
        counts = set(pool.map(lambda _: count("hello world", "gpt-4o"), range(64)))

    assert counts == {2}
    assert tokens._load.cache_info().misses == 1


def test_nothing_is_loaded_before_the_first_use() -> None:
    """Importing the module loads no tokenizer, and counting does not import the package around it."""
    program = (
        "import sys; from llmobs import tokens; assert not tokens._load.cache_info().currsize;"
        "assert tokens.count('hello world', 'gpt-4o') == 2; assert 'bpe_openai' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_missing_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says what to install."""
    monkeypatch.setattr(tokens, "find_spec", lambda name: None)

    with pytest.raises(ModuleNotFoundError, match="pip install bpe-openai"):
        tokens._load.__wrapped__("o200k_base")


IMAGE = "data:image/png;base64," + BASE64[:1000]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, []),
        ("hello", ["hello"]),
        (["a", 1, None, True, ["b"]], ["a", "b"]),
        (
            [{"role": "user", "content": "a", "name": "n"}, {"role": "tool", "tool_call_id": "x", "content": "b"}],
            ["a", "n", "b"],
        ),
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://x"}}], ["a"]),
        ([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}], []),
        ([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR"}}], []),
        ({"parts": [{"inlineData": {"mimeType": "a/b", "data": "QUJD"}}, {"text": "a"}]}, ["a"]),
        ({"index": 0, "delta": {"content": "a", "reasoning_content": "b"}, "finish_reason": "stop"}, ["a", "b"]),
        (
            [
                {
                    "type": "function",
                    "function": {"name": "f", "parameters": {"properties": {"type": {"type": "string"}}}},
                }
            ],
            ["f", '{"properties": {"type": {"type": "string"}}}'],
        ),
        ({"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": '{"a":1}'}}]}, ["f", '{"a":1}']),
        ({"type": "tool_use", "id": "1", "name": "f", "input": {"é": 1}}, ["f", '{"é": 1}']),
        ({"input": [{"role": "user", "content": "a"}]}, ["a"]),
        ([IMAGE, "data: not a file", "data:text/plain,hello"], ["data: not a file", "data:text/plain,hello"]),
        ([BASE64[:4000], BASE64[:255], "a" * 4000], [BASE64[:255], "a" * 4000]),
    ],
)
def test_texts_of_a_value(value: object, texts: list[str]) -> None:
    """What a model reads as text is yielded in its order; names, files, images and base64 are not."""

    assert list(text_of(value)) == texts


def test_deep_value() -> None:
    """Nesting costs no stack; arguments too deep to be written as JSON count as nothing."""
    deep: object = "a"
    for _ in range(100_000):
        deep = [deep]

    assert list(text_of(deep)) == ["a"]
    assert list(text_of({"arguments": {"a": deep}, "content": "b"})) == ["b"]


JSON = st.recursive(
    st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=40)
@given(JSON)
def test_any_value(value: object) -> None:
    """Every JSON value has its texts, and each of them stands in it, as a string or as a structure."""
    written, plain = json.dumps(value), json.dumps(value, ensure_ascii=False)

    assert all(json.dumps(text)[1:-1] in written or text in plain for text in text_of(value))


def test_recorded_answers() -> None:
    """The text of OpenAI's own answers has the tokens that OpenAI charged, but for the one to three that end it."""
    if not har_files():
        pytest.skip("no ../shared/corpus here")
    differences = [charged - count(text, model) for text, model, charged in answers()]

    assert len(differences) >= 40
    assert set(differences) <= {0, 1, 2, 3}
    assert sum(differences) < len(differences)


def answers() -> Iterator[tuple[str, str, int]]:
    """Text, model and charged tokens of the recorded answers that are text alone."""
    for har in har_files():
        for each in exchanges(har) if har.stem in {"openai", "azure"} else ():
            answer = next(iter(messages(each.response_body)), {})
            model, usage, choices = answer.get("model"), answer.get("usage"), answer.get("choices")
            if (
                isinstance(model, str)
                and model.startswith("gpt-")
                and isinstance(usage, dict)
                and isinstance(choices, list)
            ):
                message = choices[0].get("message", {}) if len(choices) == 1 else {}
                thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
                if isinstance(message.get("content"), str) and not message.get("tool_calls") and not thought:
                    yield message["content"], model, usage["completion_tokens"]
