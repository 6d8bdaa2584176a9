"""Equal requests through a proxy that keeps answers: official clients, real bytes, real rows."""

import gzip
import ssl
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.e2e import asks
from tests.e2e.policies import ruled
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

MARK = "x-llmobserve-cache"
PLENTY = Scenario(counts=Counts(input=1200, cached=1000, output=300, reasoning=100))
COST = Decimal("0.0038")  # 200 x 2 + 1000 x 1 + 300 x 8, per million
KEY = "sk-testbed-0123456789abcdef"


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Environment variables of this module."""
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, patch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A proxy with a cache."""
    rules = "cache: {ttl_s: 600, max_mb: 8, max_answer_mb: 1, where: {model: testbed*}}\n"
    with ruled(tmp_path_factory.mktemp("cache"), upstream, rules, patch) as run:
        yield run


@pytest.fixture
def run(proxied: Run) -> Run:
    """Traffic of this test."""
    return replace(proxied, id=uuid.uuid4().hex)


def hello(run: Run) -> list[Any]:
    """Messages that no other test sends."""
    return [{"role": "user", "content": f"hello {run.id}"}]


def _openai(run: Run, key: str = KEY) -> Any:
    return openai.OpenAI(api_key=key, default_headers=run.headers(PLENTY), max_retries=0)


def _assert_hit(run: Run, mark: int, *, saved: Decimal, streamed: bool) -> None:
    """The second of two rows is a hit, and the provider saw one call."""
    first, second = run.rows(2)
    assert first["policy"] is None
    assert (second["policy"], second["reason"]) == ("cache", first["event_id"])
    assert (second["cost_usd"], second["list_cost_usd"], second["cost_status"]) == (0, saved, "not_billed")
    assert (second["input_tokens"], second["output_tokens"], second["usage"], second["charges"]) == (
        None,
        None,
        None,
        [],
    )
    assert (second["outcome"], second["status_code"], second["streamed"]) == ("ok", 200, streamed)
    same = ("model", "request_model", "response_model", "response_id", "operation", "api_key_id")
    assert [second[name] for name in same] == [first[name] for name in same]
    assert len(run.upstream.since(mark)) == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_chat(run: Run, streamed: bool) -> None:
    """The second of two equal chats is answered here, streamed or not, and costs nothing."""
    mark = run.upstream.mark()
    texts = []
    for _ in range(2):
        answer = _openai(run).chat.completions.create(model="testbed-chat", messages=hello(run), stream=streamed)
        if streamed:
            chunks = list(answer)
            assert all(chunk.usage is None for chunk in chunks)
            texts.append("".join(chunk.choices[0].delta.content or "" for chunk in chunks))
        else:
            texts.append(answer.choices[0].message.content)
        run.rows(len(texts))

    assert "42" in texts[0]
    assert texts[0] == texts[1]
    _assert_hit(run, mark, saved=COST, streamed=streamed)


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_responses(run: Run, streamed: bool) -> None:
    """Responses are kept as well."""
    mark = run.upstream.mark()
    for count in (1, 2):
        answer = _openai(run).responses.create(model="testbed-chat", input=run.id, stream=streamed)
        assert ([event.type for event in answer][-1] if streamed else answer.status).endswith("completed")
        run.rows(count)

    _assert_hit(run, mark, saved=COST, streamed=streamed)


def test_anthropic_stream(run: Run) -> None:
    """The official helper reads a stream that is replayed as it reads one that comes."""
    mark = run.upstream.mark()
    client = anthropic.Anthropic(api_key="sk-ant-0123456789abcdef", default_headers=run.headers(), max_retries=0)
    kinds = []
    for count in (1, 2):
        with client.messages.stream(model="testbed-claude", max_tokens=9, messages=hello(run)) as stream:
            kinds.append([event.type for event in stream])
            assert "42" in stream.get_final_text()
        run.rows(count)

    assert kinds[0] == kinds[1]
    _assert_hit(run, mark, saved=run.rows(2)[0]["cost_usd"], streamed=True)


def test_embeddings(run: Run) -> None:
    """Embeddings are kept."""
    mark = run.upstream.mark()
    for count in (1, 2):
        assert _openai(run).embeddings.create(model="testbed-embed", input=run.id).data[0].embedding
        run.rows(count)

    _assert_hit(run, mark, saved=Decimal("0.0006"), streamed=False)


def _post(
    run: Run,
    ask: asks.Ask,
    scenario: Scenario | None = None,
    more: dict[str, str] | None = None,
    *,
    http2: bool = False,
) -> Any:
    """One request by httpx, its answer as raw bytes."""
    trust = ssl.create_default_context(cafile=str(run.proxy.bundle))
    named = {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        **run.headers(scenario),
        **(more or {}),
    }
    with (
        httpx.Client(proxy=run.proxy.url, verify=trust, http2=http2) as client,
        client.stream("POST", ask.url, content=ask.encoded(), headers=named) as answer,
    ):
        return answer, b"".join(answer.iter_raw())


def _own(run: Run, ask: asks.Ask, **more: Any) -> asks.Ask:
    return replace(ask, body=ask.body | {"user": run.id} | more)


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("ask", [asks.CHAT, asks.CHAT_STREAM, asks.CHAT_STREAM_USAGE, asks.MESSAGES_STREAM])
def test_bytes_are_those_of_the_first(run: Run, ask: asks.Ask, http2: bool) -> None:
    """What a client gets from the cache is, byte for byte, what the first one got; only the hit is marked."""
    first, there = _post(run, _own(run, ask), http2=http2)
    run.rows(1)
    second, here = _post(run, _own(run, ask), http2=http2)

    assert there == here
    assert (first.headers.get(MARK), second.headers.get(MARK)) == (None, "hit")
    assert second.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    assert second.headers["content-type"] == first.headers["content-type"]
    assert int(second.headers["content-length"]) == len(here)


def test_encoded_answers(run: Run) -> None:
    """A client that takes the coding gets the same bytes; one that does not gets them plain."""
    ask, encoded = _own(run, asks.CHAT), Scenario(encoding="gzip")
    _, there = _post(run, ask, encoded, {"accept-encoding": "gzip"})
    run.rows(1)
    taken, here = _post(run, ask, encoded, {"accept-encoding": "br, gzip;q=0.5"})
    plain, text = _post(run, ask, encoded, {"accept-encoding": "identity"})

    assert (taken.headers["content-encoding"], here) == ("gzip", there)
    assert "content-encoding" not in plain.headers
    assert text == gzip.decompress(there)


@pytest.mark.parametrize("header", ["no-store", "no-cache"])
def test_client_that_wants_no_cache(run: Run, header: str) -> None:
    """Cache-Control of the request leads past the cache."""
    answers = []
    for count, control in enumerate(({}, {"cache-control": header}), 1):
        answers.append(_post(run, _own(run, asks.CHAT), more=control)[0])
        run.rows(count)

    assert [MARK in answer.headers for answer in answers] == [False, False]


def test_answers_of_another_key(run: Run) -> None:
    """A key never gets the answer of another one."""
    for count, key in enumerate((KEY, "sk-testbed-fedcba9876543210"), 1):
        _openai(run, key=key).chat.completions.create(model="testbed-chat", messages=hello(run))
        run.rows(count)

    assert [row["policy"] for row in run.rows(2)] == [None, None]


FAULTS = {
    "refused": Scenario(status=429),
    "error_event": Scenario(error_event=True),
    "no_usage": Scenario(usage=False),
    "cut": Scenario(ending="close"),
    "reset": Scenario(ending="reset"),
}
STATEFUL: dict[str, dict[str, Any]] = {
    "store": {"store": True},
    "other_model": {"model": "gpt-4o-mini"},
    "tool_of_the_provider": {"tools": [{"type": "web_search"}]},
}


@pytest.mark.parametrize("scenario", FAULTS.values(), ids=FAULTS)
def test_answers_that_are_not_whole(run: Run, scenario: Scenario) -> None:
    """What failed, was cut or does not say that it is complete is not given again."""
    for count in (1, 2):
        with suppress(httpx.HTTPError):
            assert MARK not in _post(run, _own(run, asks.CHAT_STREAM), scenario)[0].headers
        run.rows(count)


@pytest.mark.parametrize("more", STATEFUL.values(), ids=STATEFUL)
def test_requests_that_are_more_than_a_question(run: Run, more: dict[str, Any]) -> None:
    """A request that leaves something behind, asks the outer world or is not meant always goes."""
    for count in (1, 2):
        assert MARK not in _post(run, _own(run, asks.CHAT, **more))[0].headers
        run.rows(count)


def test_answer_that_is_too_long(run: Run) -> None:
    """An answer beyond `max_answer_mb` passes, and is not kept."""
    long = Scenario(words=("word " * 1000,), length=300)
    for count in (1, 2):
        answer, body = _post(run, _own(run, asks.CHAT), long)
        assert len(body) > 1024 * 1024
        assert MARK not in answer.headers
        run.rows(count)


def test_time_is_over(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `ttl_s` the provider is asked again."""
    with ruled(tmp_path / "short", upstream, "cache: {ttl_s: 1}\n", monkeypatch) as run:
        _post(run, asks.CHAT)
        run.rows(1)
        mark = run.upstream.mark()
        while not run.upstream.since(mark):
            answer, _ = _post(run, asks.CHAT)

        assert MARK not in answer.headers
