"""The official clients' own retries, and clients that just ask again, through the proxy."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import boto3
import httpx
import openai
import pytest
from botocore.config import Config

from tests.e2e import asks
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
COUNTS = Counts(input=1200, cached=0, output=300, reasoning=0)
# The connection is reset, then two refusals; the last header keeps the clients from waiting.
FAILS, AT_ONCE = (0, 429, 500), (("retry-after-ms", "1"),)


def failing(run: Run, fails: tuple[int, ...] = FAILS) -> dict[str, str]:
    """Headers of requests of which the first ones fail."""
    return run.headers(Scenario(counts=COUNTS, fails=fails, name=run.id, headers=AT_ONCE))


def chat(run: Run) -> None:
    """A chat completion of OpenAI's."""
    client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", default_headers=failing(run), max_retries=3)
    client.chat.completions.create(model="testbed-chat", messages=HELLO)


def chat_stream(run: Run) -> None:
    """The same as a stream, for whose usage the proxy asks."""
    client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", default_headers=failing(run), max_retries=3)
    assert list(client.chat.completions.create(model="testbed-chat", messages=HELLO, stream=True))


def message(run: Run) -> None:
    """A message of Anthropic's."""
    client = anthropic.Anthropic(api_key="sk-ant-0123456789abcdef", default_headers=failing(run), max_retries=3)
    client.messages.create(model="testbed-claude", max_tokens=99, messages=HELLO)


@pytest.mark.parametrize("call", [chat, chat_stream, message])
def test_retries_of_an_sdk(run: Run, call: Callable[[Run], None]) -> None:
    """Each attempt is a row that names the one before; only the one that was answered is billed."""
    call(run)

    rows = run.rows(4)
    assert [row["attempt"] for row in rows] == [1, 2, 3, 4]
    assert [row["retry_of"] for row in rows] == [None, *(row["event_id"] for row in rows[:3])]
    assert len({row["request_id"] for row in rows}) == 1
    assert [row["status_code"] for row in rows] == [None, 429, 500, 200]
    assert [row["error_class"] for row in rows] == ["transient", "transient", "system", None]
    assert [row["cost_status"] for row in rows] == [*["not_billed"] * 3, "exact"]
    assert [bool(row["cost_usd"]) for row in rows] == [False, False, False, True]


def test_retries_of_the_aws_sdk(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that name their call are linked, although each is signed anew."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(run.proxy.bundle))
    config = Config(retries={"total_max_attempts": 2, "mode": "standard"})
    client = boto3.client(
        "bedrock-runtime", "us-east-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x" * 40,
        config=config,
    )  # fmt: skip
    headers = failing(run, (429,))
    client.meta.events.register("before-send", lambda request, **_: request.headers.update(headers))
    for _ in range(2):
        client.converse(modelId="us.testbed.model-v1:0", messages=[{"role": "user", "content": [{"text": "hello"}]}])

    rows = run.rows(3)
    assert [row["attempt"] for row in rows] == [1, 2, 1]
    assert [row["retry_of"] for row in rows] == [None, rows[0]["event_id"], None]
    assert (rows[0]["error_type"], rows[0]["error_class"]) == ("ThrottlingException", "transient")


def test_asking_again_without_a_word(run: Run) -> None:
    """A client that says nothing is known by its equal request; both answers are billed."""
    for _ in range(2):
        httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(Scenario(counts=COUNTS)))
    httpx.post(asks.CHAT.url, json=asks.CHAT.body | {"n": 1}, headers=run.headers(Scenario(counts=COUNTS)))

    first, second, other = run.rows(3)
    assert (second["attempt"], second["retry_of"]) == (2, first["event_id"])
    assert (other["attempt"], other["retry_of"]) == (1, None)
    assert first["request_id"] == second["request_id"] != other["request_id"]
    assert first["cost_usd"] == second["cost_usd"] != 0


def test_counted_once(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `skip` the second of two equal requests keeps its row and its list price, and costs nothing."""
    with Proxy(tmp_path / "proxy", upstream, options={"llmobserve_retries": "skip"}) as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        run = Run(proxy, upstream)
        for fails in ((500,), (), ()):
            scenario = Scenario(counts=COUNTS, fails=fails, name=run.id)
            httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(scenario))
        rows = run.rows(3)

    # 1200 x 2 + 300 x 8, per million
    cost = Decimal("0.0048")
    assert [row["cost_usd"] for row in rows] == [0, cost, 0]
    assert [row["list_cost_usd"] for row in rows] == [0, cost, cost]
    assert [row["cost_status"] for row in rows] == ["not_billed", "exact", "not_billed"]
    assert [row["policy"] for row in rows] == [None, None, "retries:skip"]
    assert [row["attempt"] for row in rows] == [1, 2, 3]


def test_a_wrong_choice_stops_the_start(tmp_path: Path, upstream: Upstream) -> None:
    """A word that is no choice is told with those that are."""
    proxy = Proxy(tmp_path / "proxy", upstream, options={"llmobserve_retries": "skp"})

    with pytest.raises(RuntimeError, match="llmobserve_retries=skp: there is no such choice; write link or skip"):
        proxy.start()


def test_limits_in_a_row(run: Run) -> None:
    """What the headers tell is one object; a limit that is hit is warned of once, with the id of the key."""
    told = {"limit-requests": "60", "remaining-requests": "0", "reset-requests": "1m2s"}
    headers = tuple((f"x-ratelimit-{name}", text) for name, text in told.items())
    key = {"authorization": f"Bearer sk-{run.id}"}
    for _ in range(2):
        httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(Scenario(headers=headers), **key))

    row = run.rows(2)[0]
    requests = json.loads(row["rate_limits"])["requests"]
    assert (requests["limit"], requests["remaining"], requests["reset_at"][:2]) == (60, 0, "20")
    said = [line for line in run.proxy.log.read_text().splitlines() if row["api_key_id"] in line]
    assert len(said) == 1
    assert "the rate limit of requests is used up" in said[0]
    assert f"sk-{run.id}" not in run.proxy.log.read_text()
