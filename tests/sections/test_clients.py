"""Tests of what real HTTP clients and SDKs send: a local server reads it."""

import asyncio
import importlib
import importlib.util
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import aiohttp
import anthropic
import boto3
import httpx
import openai
import pytest
import requests
import urllib3
from google import genai
from google.genai import types
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagators.textmap import Setter
from opentelemetry.sdk.trace import TracerProvider

from llmobs.sections import clients, observe, section, set_customer_id
from tests.sections.observing import Server, uninstrument

HELLO: Any = [{"role": "user", "content": "hello"}]


async def _httpx_async(url: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.post(url)


async def _aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        await answer.read()


def _openai(url: str) -> None:
    client = openai.OpenAI(api_key="sk-none", base_url=url, max_retries=0)
    client.chat.completions.create(model="m", messages=HELLO)


async def _openai_async(url: str) -> None:
    client = openai.AsyncOpenAI(api_key="sk-none", base_url=url, max_retries=0)
    await client.chat.completions.create(model="m", messages=HELLO)


def _anthropic(url: str) -> None:
    client = anthropic.Anthropic(api_key="none", base_url=url, max_retries=0)
    client.messages.create(model="m", max_tokens=9, messages=HELLO)


async def _anthropic_async(url: str) -> None:
    client = anthropic.AsyncAnthropic(api_key="none", base_url=url, max_retries=0)
    await client.messages.create(model="m", max_tokens=9, messages=HELLO)


def _genai(url: str) -> genai.Client:
    return genai.Client(api_key="none", http_options=types.HttpOptions(base_url=url))


def _boto3(url: str) -> None:
    keys = {"aws_access_key_id": "AKIANONE", "aws_secret_access_key": "none", "region_name": "us-east-1"}
    client = boto3.client("bedrock-runtime", endpoint_url=url, **keys)
    client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "hello"}]}])


def _google(url: str) -> None:
    client = _genai(url)
    client.models.generate_content(model="m", contents="hello")


async def _google_async(url: str) -> None:
    client = _genai(url)
    await client.aio.models.generate_content(model="m", contents="hello")


CALLS: dict[str, Callable[[str], Any]] = {
    "httpx": httpx.post,
    "httpx async": lambda url: asyncio.run(_httpx_async(url)),
    "requests": requests.post,
    "urllib3": lambda url: urllib3.PoolManager().request("POST", url),
    "aiohttp": lambda url: asyncio.run(_aiohttp(url)),
    "openai": _openai,
    "openai async": lambda url: asyncio.run(_openai_async(url)),
    "anthropic": _anthropic,
    "anthropic async": lambda url: asyncio.run(_anthropic_async(url)),
    "boto3": _boto3,
    "google": _google,
    "google async": lambda url: asyncio.run(_google_async(url)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_each_client_tells(call: Callable[[str], Any], observed: None, server: Server) -> None:
    """Each client's request tells the section and all that is set; where nothing is set, it tells nothing."""
    call(server.url)
    with section("agent:research", customer_id="Müller & Co"), section("tool:search", tags={"plan": "a,b=c"}):
        call(server.url)
    call(server.url)

    before, told, after = server.told
    assert (before, after) == ({}, {})
    assert (told["customer_id"], told["tag.plan"]) == ("Müller & Co", "a,b=c")
    assert told["section"] == "agent:research/tool:search"
    assert told["parent_span_id"] != told["span_id"]
    assert "traceparent" not in server.headers[1]


def test_a_users_tracing_goes_along(observed: None, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the user traces, his trace and his baggage are sent as ever, and ours beside them."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider())
    token = context.attach(baggage.set_baggage("tenant", "t 1"))
    with section("a"):
        requests.get(server.url, timeout=9)
    context.detach(token)

    sent, told = server.headers[0], server.told[0]
    assert sent["baggage"].startswith("tenant=t+1,llmobserve.section=a,")
    assert sent["traceparent"].split("-")[1] == told["trace_id"]
    assert sent["traceparent"].split("-")[2] != told["span_id"]


def test_threads_have_their_own(observed: None, server: Server) -> None:
    """Fifty threads with different customers are never mixed up."""
    start = threading.Barrier(50)

    def work(number: int) -> None:
        start.wait(30)
        with section(f"s{number}", customer_id=f"c{number}"), httpx.Client() as client:
            client.get(server.url)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    pairs = {(told["section"][1:], told["customer_id"][1:]) for told in server.told}
    assert pairs == {(str(number), str(number)) for number in range(50)}


def test_tasks_have_their_own(observed: None, server: Server) -> None:
    """A hundred tasks of one client with different customers are never mixed up."""

    async def work(client: httpx.AsyncClient, number: int) -> None:
        with section(f"s{number}"):
            await asyncio.sleep(0)
            set_customer_id(f"c{number}")
            await client.get(server.url)

    async def all_of_them() -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            await asyncio.gather(*(work(client, number) for number in range(100)))

    asyncio.run(all_of_them())

    pairs = {(told["section"][1:], told["customer_id"][1:]) for told in server.told}
    assert pairs == {(str(number), str(number)) for number in range(100)}


def test_a_pool_takes_sections_along(observed: None, server: Server) -> None:
    """With OpenTelemetry's instrumentation of threads, work for a pool belongs to the section that submits it."""
    with ThreadPoolExecutor(4) as pool, section("a"):
        list(pool.map(lambda _: requests.get(server.url, timeout=9), range(8)))

    assert [told["section"] for told in server.told] == ["a"] * 8


def test_others_are_not_told(observed: None, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is no provider's gets nothing, though it is reached through the proxy, until it is named."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    plain: list[Callable[[str], Any]] = [httpx.get, requests.get, lambda url: asyncio.run(_trusting(url))]
    with section("a", customer_id="acme"):
        for call in plain:
            call("http://shop.example/")
        for call in plain:
            call("http://api.openai.com/")
        observe(hosts=["shop.example"])
        requests.get("http://shop.example/", timeout=9)

    assert ["customer_id" in told for told in server.told] == [False] * 3 + [True] * 4


async def _trusting(url: str) -> None:
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
        await answer.read()


def test_a_redirect_to_others_tells_nothing(observed: None, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a provider was told does not go on to where it redirects to."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    with section("a"):
        httpx.get("http://api.openai.com/redirect?to=http://shop.example/", follow_redirects=True)

    assert [headers["host"] for headers in server.headers] == ["api.openai.com", "shop.example"]
    assert "section" in server.told[0]
    assert "baggage" not in server.headers[1]


def test_what_the_user_instrumented_is_left_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that the user instrumented keeps his hooks; the host is then known by the span."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider())
    monkeypatch.setenv("HTTP_PROXY", server.url)
    hooked: list[str] = []
    RequestsInstrumentor().instrument(request_hook=lambda span, request: hooked.append(request.url))
    observe()
    with section("a"):
        for host in ("api.openai.com", "shop.example"):
            requests.get(f"http://{host}/", timeout=9)
    uninstrument()

    assert len(hooked) == 2
    assert [told.get("section") for told in server.told] == ["a", None]


def test_a_propagator_of_the_user_stays(observed: None) -> None:
    """The user's propagator reads and writes as ever, ours is put around it once, and what it names is told."""
    own: Any = propagate.get_global_textmap()
    observe()
    carrier = {"Host": "example.org", "host": "localhost"}
    with section("a"):
        propagate.inject(carrier)

    assert propagate.get_global_textmap() is own
    assert isinstance(own, clients.Propagator)
    assert own.fields == {"traceparent", "tracestate", "baggage"}
    assert "llmobserve.section=a" in carrier["baggage"]
    assert baggage.get_all(propagate.extract(carrier))["llmobserve.section"] == "a"


def test_an_injection_may_name_its_context(observed: None) -> None:
    """A context that is kept tells later what held when it was kept."""
    with section("a"):
        kept = context.get_current()
    carrier = {"host": "localhost"}
    propagate.inject(carrier, kept)

    assert "llmobserve.section=a," in carrier["baggage"]


def test_what_is_no_header_of_http_is_left_alone(observed: None) -> None:
    """Members are written where they can be looked for; an injection into anything else is the user's alone."""

    class Appending(Setter[list[tuple[str, str]]]):
        def set(self, carrier: list[tuple[str, str]], key: str, value: str) -> None:
            carrier.append((key, value))

    carrier: list[tuple[str, str]] = []
    with section("a"):
        propagate.get_global_textmap().inject(carrier, None, Appending())
    propagate.inject(carrier, setter=Appending())

    assert carrier == []


def test_a_request_without_a_url(observed: None, server: Server) -> None:
    """A hook that is called in an unexpected way breaks no request."""
    clients._note()
    clients._note(SimpleNamespace(url="https://api.openai.com/"))
    with section("a"):
        requests.get(server.url, timeout=9)

    assert server.told[0]["section"] == "a"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The packages to install are named once, for libraries that are there, without those that few programs miss."""
    find = importlib.util.find_spec

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "aiohttp" else find(name))
    monkeypatch.setattr(importlib, "import_module", missing)
    with caplog.at_level(logging.WARNING, "llmobserve"):
        observe()
        observe()

    (message,) = caplog.messages
    assert message.startswith("calls of httpx, ")
    assert message.endswith(": pip install opentelemetry-instrumentation-httpx opentelemetry-instrumentation-requests")
