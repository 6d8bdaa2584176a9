"""Calls that a policy refuses: the official clients raise their own exceptions, and no call reaches the provider."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import boto3
import grpc
import httpx
import openai
import pytest
import websockets.sync.client
from botocore.config import Config
from botocore.exceptions import ClientError
from google import genai
from google.genai import errors, types

from tests.e2e import asks
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream

POLICY = """
budgets:
- {name: nothing left, limit_usd: 0, per: day, block: true, where: {customer: poor}}
rate_limits:
- {name: slow, requests_per_minute: 1, where: {customer: busy*}, by: [customer, provider]}
"""
TOLD = "budget nothing left has 0.00 USD"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
POOR = {"X-LLMObserve-Customer-ID": "poor"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A proxy with a budget of nothing and a limit of one call."""
    folder = tmp_path_factory.mktemp("refusing")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    with Proxy(folder, upstream, options={"llmobserve_policy": str(policy)}) as running:
        yield running


def refused(run: Run, kind: str = "budget_exceeded", policy: str = "budget:nothing left", count: int = 1) -> None:
    """The run's rows are those of refused calls, which cost nothing."""
    for row in run.rows(count):
        assert (row["outcome"], row["error_type"], row["policy"]) == ("error", kind, policy)
        assert (row["cost_status"], row["cost_usd"], row["provider"] is not None) == ("not_billed", 0, True)
        assert "LLMObserve refuses this call" in row["reason"]


def test_openai(run: Run) -> None:
    """The openai client raises RateLimitError at once, and does not try again."""
    mark = run.upstream.mark()
    client = openai.OpenAI(api_key="sk-x", default_headers=run.headers(**POOR))
    for call in (
        lambda: client.chat.completions.create(model="testbed-chat", messages=HELLO),
        lambda: client.responses.create(model="testbed-chat", input="hello"),
        lambda: list(client.chat.completions.create(model="testbed-chat", messages=HELLO, stream=True)),
    ):
        with pytest.raises(openai.RateLimitError, match=TOLD) as caught:
            call()
        assert (caught.value.status_code, caught.value.code) == (429, "insufficient_quota")
        assert caught.value.response.headers["x-llmobserve-policy"] == "budget:nothing left"

    refused(run, count=3)
    assert run.upstream.since(mark) == []


def test_anthropic(run: Run) -> None:
    """The anthropic client raises RateLimitError at once, and does not try again."""
    client = anthropic.Anthropic(api_key="sk-ant-x", default_headers=run.headers(**POOR))

    with pytest.raises(anthropic.RateLimitError, match=TOLD) as caught:
        client.messages.create(model="testbed-claude", max_tokens=9, messages=HELLO)

    assert caught.value.status_code == 429
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "billing_error"
    refused(run)


@pytest.mark.parametrize("stream", [False, True])
def test_gemini(run: Run, stream: bool) -> None:
    """The google-genai client raises its ClientError with Google's status."""
    client = genai.Client(api_key="AIza-x", http_options=types.HttpOptions(headers=run.headers(**POOR)))

    models = client.models
    call = (lambda **asked: list(models.generate_content_stream(**asked))) if stream else models.generate_content

    with pytest.raises(errors.ClientError, match=TOLD) as caught:
        call(model="testbed-gemini", contents="hello")

    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    refused(run)


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_bedrock(run: Run, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """The AWS client raises the exception of its own model, and does not try again."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(run.proxy.bundle))
    client: Any = boto3.client(
        "bedrock-runtime",
        "us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"mode": mode}),
    )
    client.meta.events.register(
        "before-send", lambda request, **_: request.headers.update(run.headers(**POOR)) and None
    )

    with pytest.raises(client.exceptions.ServiceQuotaExceededException, match=TOLD) as caught:
        client.converse(modelId="us.testbed.model-v1:0", messages=[{"role": "user", "content": [{"text": "hi"}]}])

    assert isinstance(caught.value, ClientError)
    assert caught.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    refused(run)


def test_grpc(run: Run) -> None:
    """A gRPC client gets its status from an answer of headers only."""
    credentials = grpc.ssl_channel_credentials(Path(run.proxy.bundle).read_bytes())
    metadata = tuple((name.lower(), value) for name, value in run.headers(**POOR).items())
    with grpc.secure_channel("api.x.ai:443", credentials, [("grpc.http_proxy", run.proxy.url)]) as channel:
        complete: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/xai_api.Chat/GetCompletion")
        with pytest.raises(grpc.RpcError) as caught:
            complete(b"", metadata=metadata, timeout=20)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert TOLD in str(caught.value.details())
    refused(run)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://api.cohere.com/v2/chat", ["message"]),
        ("https://api.mistral.ai/v1/ocr", ["message"]),
        ("https://api.mistral.ai/v1/chat/completions", ["error", "message"]),
        ("https://api.x.ai/v1/images/generations", ["error"]),
        ("https://api.groq.com/openai/v1/chat/completions", ["error", "message"]),
    ],
)
def test_others(run: Run, url: str, told: list[str]) -> None:
    """Clients of other providers find the message where they look for it."""
    answer = httpx.post(url, json={"model": "m", "messages": HELLO}, headers=run.headers(**POOR))

    found = answer.json()
    for name in told:
        found = found[name]
    assert (answer.status_code, TOLD in found) == (429, True)
    refused(run)


def test_what_a_subscription_pays_goes(run: Run) -> None:
    """A call that costs nothing is not refused by a budget."""
    answer = httpx.post("https://ollama.com/v1/chat/completions", json=asks.CHAT.body, headers=run.headers(**POOR))

    assert run.row()["policy"] is None
    assert "x-llmobserve-policy" not in answer.headers


def test_socket(run: Run) -> None:
    """A WebSocket is not opened."""
    headers = {"Authorization": "Bearer sk-x", **run.headers(**POOR)}

    with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
        websockets.sync.client.connect(
            "wss://api.openai.com/v1/realtime?model=testbed-realtime",
            additional_headers=headers,
            **run.socket_options(),
        )

    assert caught.value.response.status_code == 429
    assert TOLD in json.loads(caught.value.response.body or b"")["error"]["message"]
    refused(run)


def test_http2(run: Run) -> None:
    """A refusal over HTTP/2 is the same."""
    with httpx.Client(http2=True) as client:
        answer = client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(**POOR))

    assert (answer.http_version, answer.status_code) == ("HTTP/2", 429)
    refused(run)


def test_chunked_request_of_json_is_held(run: Run) -> None:
    """A request whose length is not announced is refused as well."""
    body = asks.CHAT.encoded()
    headers = run.headers(**POOR, **{"Content-Type": "application/json"})

    answer = httpx.post(asks.CHAT.url, content=iter([body[:9], body[9:]]), headers=headers)

    assert answer.status_code == 429
    refused(run)


def test_other_customers_go(run: Run) -> None:
    """A rule is about its customer alone."""
    answer = httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())

    assert answer.status_code == 200
    assert run.row()["policy"] is None


def test_rate_limit_is_told_with_the_time_to_wait(run: Run) -> None:
    """The second call is refused, told for how long, and the client's own exception says so."""
    headers = run.headers(**{"X-LLMObserve-Customer-ID": f"busy {run.id}"})
    client = openai.OpenAI(api_key="sk-x", default_headers=headers, max_retries=0)
    began = time.monotonic()
    client.chat.completions.create(model="testbed-chat", messages=HELLO)

    with pytest.raises(openai.RateLimitError, match="lets 1 requests pass in a minute") as caught:
        client.chat.completions.create(model="testbed-chat", messages=HELLO)

    wait = int(caught.value.response.headers["retry-after"])
    assert 60 - (time.monotonic() - began) <= wait <= 60
    assert caught.value.code == "rate_limit_exceeded"
    row = run.rows(2)[1]
    assert (row["error_type"], row["policy"], row["cost_status"]) == (
        "rate_limit_exceeded",
        "rate_limit:slow",
        "not_billed",
    )


def test_rate_limit_of_anthropic(run: Run) -> None:
    """Each provider is counted apart, and Anthropic's client raises as for Anthropic's own limits."""
    headers = run.headers(**{"X-LLMObserve-Customer-ID": f"busy {run.id}"})
    client = anthropic.Anthropic(api_key="sk-ant-x", default_headers=headers, max_retries=0)
    openai.OpenAI(api_key="sk-x", default_headers=headers).chat.completions.create(model="testbed-chat", messages=HELLO)
    client.messages.create(model="testbed-claude", max_tokens=9, messages=HELLO)

    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(model="testbed-claude", max_tokens=9, messages=HELLO)

    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert int(caught.value.response.headers["retry-after"]) > 30
