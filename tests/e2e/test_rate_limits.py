"""Rate limits through a real proxy: parallel calls, tokens, and SDKs that wait as they are told."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.policies import ruled
from tests.testbed.proxy import SHORT_MINUTE, Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

POLICY = """
budgets:
- {name: plenty, limit_usd: 0.00082, per: run, block: true, where: {customer: "counted once"}}
rate_limits:
- {name: calls, requests_per_minute: 5, where: {customer: many}, by: [run]}
- {name: tokens, tokens_per_minute: 500, where: {customer: wordy}, by: [run]}
- {name: first, requests_per_minute: 1, where: {customer: "counted once"}, by: [run]}
"""
PATIENT = "rate_limits:\n- {name: patient, requests_per_minute: 1}\n"
# A whole minute would do as well, and take one; two calls on a busy machine fit into this.
MINUTE_S = 10
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
ASKED: dict[str, Any] = {"model": "testbed-chat", "messages": HELLO, "max_tokens": 100}
URL = "https://api.openai.com/v1/chat/completions"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A proxy with limits."""
    folder = tmp_path_factory.mktemp("limited")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    with Proxy(folder, upstream, options={"llmobserve_policy": str(policy)}) as running:
        yield running


def headers(run: Run, customer: str, counts: Counts | None = None) -> dict[str, str]:
    """What the calls of a customer send."""
    scenario = Scenario(counts=counts or Counts(input=6, cached=0, output=100, reasoning=0))
    return run.headers(scenario, **{"X-LLMObserve-Customer-ID": customer})


def test_parallel_calls(run: Run) -> None:
    """Of twenty calls at once exactly five go."""

    async def ask() -> list[int]:
        async with httpx.AsyncClient(timeout=60) as client:
            named = headers(run, "many")
            answers = await asyncio.gather(*(client.post(URL, json=ASKED, headers=named) for _ in range(20)))
            return [answer.status_code for answer in answers]

    assert sorted(asyncio.run(ask())) == [200] * 5 + [429] * 15
    assert sum(row["policy"] == "rate_limit:calls" for row in run.rows(20)) == 15


def test_tokens_are_corrected_by_what_was_used(run: Run) -> None:
    """Calls that used less than they might make room for others; one that used more does not."""
    little, much = Counts(input=6, cached=0, output=4, reasoning=0), Counts(input=300, cached=0, output=200)
    statuses = [
        httpx.post(URL, json=ASKED, headers=headers(run, "wordy", counts)).status_code
        for counts in (*[little] * 10, much, little)
    ]

    assert statuses == [200] * 11 + [429]


def test_call_that_a_limit_refuses_takes_nothing_from_a_budget(run: Run) -> None:
    """The budget of one call is not used up by the call that the limit refused."""
    named = headers(run, "counted once", Counts(input=0, cached=0, output=0, reasoning=0))
    statuses = [httpx.post(URL, json=ASKED, headers=named).status_code for _ in range(3)]

    assert statuses == [200, 429, 429]
    assert [row["policy"] for row in run.rows(3)] == [None, "rate_limit:first", "rate_limit:first"]


@pytest.mark.slow
def test_client_waits_as_it_is_told(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The openai client tries again by itself when there is room, and its program notices nothing but the time."""
    monkeypatch.setenv("TESTBED_MINUTE_S", str(MINUTE_S))
    with ruled(tmp_path, upstream, PATIENT, monkeypatch, scripts=[SHORT_MINUTE]) as run:
        client = openai.OpenAI(api_key="sk-x", default_headers=headers(run, "patient"), max_retries=1)
        began = time.monotonic()
        client.chat.completions.create(**ASKED)
        client.chat.completions.create(**ASKED)
        waited = time.monotonic() - began
        found = run.rows(3)

    assert waited >= MINUTE_S - 1
    assert [row["status_code"] for row in found] == [200, 429, 200]
