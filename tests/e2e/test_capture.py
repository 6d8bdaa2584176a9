"""What is kept of requests and answers of official clients, through a real proxy into a real file."""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from tests.e2e.policies import ruled
from tests.testbed.rows import query
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import Upstream

KEY = "sk-testbed-0123456789abcdef"
LEAKED = "sk-proj-leaked0123456789abcdef"
SAID = f"I am ann@example.com, +1 415-555-2671, with {LEAKED}"
ANSWER = Scenario(words=("Write to ", "bob@exam", "ple.com ", "with ghp_", "0123456789abcdef0123."))


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Environment variables of this module."""
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module", params=["full", "redacted"])
def mode(request: pytest.FixtureRequest) -> str:
    """How much is kept."""
    return str(request.param)


@pytest.fixture(scope="module")
def proxied(
    tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, patch: pytest.MonkeyPatch, mode: str
) -> Iterator[Run]:
    """A proxy that keeps content."""
    with ruled(tmp_path_factory.mktemp(mode), upstream, f"capture: {{mode: {mode}}}\n", patch) as run:
        yield run


@pytest.fixture
def run(proxied: Run) -> Run:
    """Traffic of this test."""
    return replace(proxied, id=uuid.uuid4().hex)


def _content(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.row()["content"])
    assert LEAKED not in str(found)
    assert "ghp_" not in str(found)
    assert KEY not in str(found)
    return found


def _said(mode: str) -> str:
    kept = {"full": "I am ann@example.com, +1 415-555-2671, with ", "redacted": "I am [EMAIL], [PHONE], with "}
    return kept[mode] + "[SECRET]"


def _answered(mode: str) -> str:
    return {"full": "Write to bob@example.com with ", "redacted": "Write to [EMAIL] with "}[mode] + "[SECRET]."


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_chat(run: Run, mode: str, streamed: bool) -> None:
    """Messages and the answer are kept, a stream as the one message that it is."""
    client = openai.OpenAI(api_key=KEY, default_headers=run.headers(ANSWER), max_retries=0)
    answer = client.chat.completions.create(
        model="testbed-chat", messages=[{"role": "user", "content": SAID}], stream=streamed
    )
    assert not streamed or list(answer)

    content = _content(run)
    assert content["request"]["messages"] == [{"role": "user", "content": _said(mode)}]
    (choice,) = content["response"]["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (_answered(mode), "stop")


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_responses(run: Run, mode: str, streamed: bool) -> None:
    """The output of a response is kept."""
    client = openai.OpenAI(api_key=KEY, default_headers=run.headers(ANSWER), max_retries=0)
    answer = client.responses.create(model="testbed-chat", input=SAID, stream=streamed)
    assert not streamed or list(answer)

    content = _content(run)
    assert content["request"]["input"] == _said(mode)
    assert content["response"]["output"][0]["content"][0]["text"] == _answered(mode)


@pytest.mark.parametrize("streamed", [False, True])
def test_anthropic(run: Run, mode: str, streamed: bool) -> None:
    """System, messages and the blocks of the answer are kept."""
    client = anthropic.Anthropic(api_key="sk-ant-0123456789abcdef", default_headers=run.headers(ANSWER), max_retries=0)
    ask: dict[str, Any] = {"model": "testbed-claude", "max_tokens": 9, "system": "Be brief."}
    ask["messages"] = [{"role": "user", "content": SAID}]
    if streamed:
        with client.messages.stream(**ask) as stream:
            assert stream.get_final_text()
    else:
        client.messages.create(**ask)

    content = _content(run)
    assert (content["request"]["system"], content["request"]["messages"][0]["content"]) == ("Be brief.", _said(mode))
    block = content["response"]["content"][0]
    assert (block["type"], block["text"]) == ("text", _answered(mode))
    assert content["response"]["stop_reason"] == "end_turn"


def test_gemini_stream(run: Run, mode: str) -> None:
    """The parts of a Gemini stream become one."""
    options = genai.types.HttpOptions(headers=run.headers(ANSWER))
    client = genai.Client(api_key="AIzaTestbed0123456789abcdefghijklmnopqr", http_options=options)
    assert list(client.models.generate_content_stream(model="testbed-gemini", contents=SAID))

    content = _content(run)
    assert content["request"]["contents"][0]["parts"][0]["text"] == _said(mode)
    assert content["response"]["candidates"][0]["content"]["parts"][0]["text"] == _answered(mode)


def test_failure(run: Run, mode: str) -> None:
    """What the provider refuses, and why, is kept as well."""
    client = openai.OpenAI(api_key=KEY, default_headers=run.headers(Scenario(status=400)), max_retries=0)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="testbed-chat", messages=[{"role": "user", "content": SAID}])

    content = _content(run)
    assert content["request"]["messages"][0]["content"] == _said(mode)
    assert "error" in content["response"]


def _chat(run: Run, said: str = SAID) -> None:
    client = openai.OpenAI(api_key=KEY, default_headers=run.headers(ANSWER), max_retries=0)
    client.chat.completions.create(model="testbed-chat", messages=[{"role": "user", "content": said}])


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("rules", ["", "capture: {mode: none}\n"])
def test_nothing_is_kept_unless_asked(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    """Without the policy not one byte of what was said is anywhere: database, spool, log."""
    with ruled(tmp_path / "proxy", upstream, rules, monkeypatch) as run:
        _chat(run, f"unheard-of-{run.id}")
        assert run.row()["content"] is None
        while_it_runs = _files(tmp_path)

    everything = while_it_runs + _files(tmp_path)
    assert b"unheard-of-" not in everything
    assert b"Write to" not in everything


def test_keys_are_nowhere(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where all is kept, no key is in a file, and the files are for their owner alone."""
    with ruled(tmp_path / "proxy", upstream, "capture: {mode: full}\n", monkeypatch) as run:
        _chat(run)
        assert run.row()["content"]
        private = (*run.proxy.folder.glob("events.duckdb"), *run.proxy.folder.rglob("*.jsonl"))
        assert not [path for path in private if path.stat().st_mode & 0o077]
        everything = _files(tmp_path)

    everything += _files(tmp_path)
    assert [secret for secret in (KEY, LEAKED) if secret.encode() in everything] == []


def test_killed_while_it_runs(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that a running call leaves for a crash has no content."""
    with ruled(tmp_path / "proxy", upstream, "capture: {mode: full}\n", monkeypatch) as run:
        client = openai.OpenAI(
            api_key=KEY, default_headers=run.headers(Scenario(gate=run.id, gate_after=3)), max_retries=0
        )
        stream = client.chat.completions.create(
            model="testbed-chat", messages=[{"role": "user", "content": f"unheard-of-{run.id}"}], stream=True
        )
        next(iter(stream))
        run.proxy.kill()
        assert b"unheard-of-" not in _files(tmp_path)
        run.upstream.open_door(run.id)
        run.proxy.start()
        assert (run.row()["outcome"], run.row()["content"]) == ("interrupted", None)


def test_retention(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """`none` with `keep_days: 0` takes away what former rules kept; the rows stay."""
    with ruled(tmp_path / "proxy", upstream, "capture: {mode: full}\n", monkeypatch) as run:
        _chat(run)
        assert run.row()["content"]
        policy = run.proxy.folder / "policy.yaml"
        policy.write_text("capture: {mode: none, keep_days: 0}\n")
        os.utime(policy, ns=(1, 1))
        while query(run.proxy.db, "select 1 from events where content is not null"):
            _chat(replace(run, id=uuid.uuid4().hex))

        assert run.row()["cost_status"] == "exact"


def test_a_whole_run_is_sampled(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run all calls are kept, or none."""
    with ruled(tmp_path / "proxy", upstream, "capture: {mode: full, sample: 0.5}\n", monkeypatch) as run:
        kept: set[bool] = set()
        while len(kept) < 2:
            here = replace(run, id=uuid.uuid4().hex)
            _chat(here)
            _chat(here)
            (told,) = {row["content"] is not None for row in here.rows(2)}
            kept.add(told)
