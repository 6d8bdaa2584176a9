"""Calls that fail or take too long, through the relay: what the client gets, and what the rows say."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.e2e import asks
from tests.e2e.asks import MARK
from tests.testbed.proxy import Proxy
from tests.testbed.raw import Connection
from tests.testbed.raw_http2 import Http2Connection
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

# Rules are told apart by the customer. Times are of the kind that a slow machine does not miss.
POLICY = """
retries: {where: {customer: patient*}, attempts: 4, backoff_s: 0.01, max_backoff_s: 0.05}
timeouts: {where: {customer: "*slow"}, connect_s: 4, first_byte_s: 8, idle_s: 4}
fallbacks:
- name: router
  where: {customer: led*, model: testbed-chat}
  to:
  - host: openrouter.ai
    path: /api{path}
    models: {testbed-chat: testbed/router}
    key_env: TESTBED_ROUTER_KEY
- name: claude
  where: {customer: led*, model: testbed-claude}
  to:
  - {host: openrouter.ai, path: "/api{path}", key_env: TESTBED_ROUTER_KEY, auth: x-api-key}
"""
KEY, ROUTER_KEY = "sk-testbed-0123456789abcdef", "sk-router-0123456789abcdef"
COUNTS = Counts(input=1000, cached=0, output=100, reasoning=0)
# 1000 x 2 + 100 x 8 and 1000 x 1 + 100 x 4, per million
COST, ROUTER_COST = Decimal("0.0028"), Decimal("0.0014")
HELLO = [{"role": "user", "content": "hello"}]
UNSURE = ("partial", "estimated")


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A proxy with timeouts, retries and fallbacks; two hosts can't be reached."""
    folder = tmp_path_factory.mktemp("relayed")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    options = {"llmobserve_policy": str(policy), "testbed_dead": "api.groq.com", "testbed_deaf": "api.cohere.com"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_ROUTER_KEY", ROUTER_KEY)
        with Proxy(folder / "proxy", upstream, options=options) as running:
            yield running


@pytest.fixture
def run(relayed: Proxy, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Traffic of this test."""
    for name, value in relayed.environment().items():
        monkeypatch.setenv(name, value)
    return Run(relayed, upstream)


def headers(run: Run, customer: str, scenario: Scenario) -> dict[str, str]:
    """What a request of a customer sends besides its own headers."""
    return run.headers(scenario, **{"X-LLMObserve-Customer-ID": customer})


def _openai(run: Run, customer: str, scenario: Scenario) -> Any:
    return openai.OpenAI(api_key=KEY, default_headers=headers(run, customer, scenario), max_retries=0)


def _text(answer: Any, *, streamed: bool) -> str:
    if streamed:
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    return str(answer.choices[0].message.content)


@pytest.mark.parametrize("streamed", [False, True], ids=["document", "stream"])
def test_failures_before_the_first_byte_are_tried_again(run: Run, streamed: bool) -> None:
    """After a 429, a 500 and a reset the client sees one good answer; of the rows only the last is billed."""
    scenario = Scenario(counts=COUNTS, name=run.id, fails=(429, 500, 0))

    client = _openai(run, "patient", scenario)
    answer = client.chat.completions.create(model="testbed-chat", messages=HELLO, stream=streamed)
    assert "42" in _text(answer, streamed=streamed)

    rows = run.rows(4)
    assert [row["status_code"] for row in rows] == [429, 500, None, 200]
    assert [row["cost_usd"] for row in rows] == [0, 0, 0, COST]
    assert [row["cost_status"] for row in rows] == [*["not_billed"] * 3, "exact"]
    assert [row["attempt"] for row in rows] == [1, 2, 3, 4]
    assert [row["retry_of"] for row in rows] == [None, *(row["event_id"] for row in rows[:3])]
    assert [row["policy"] for row in rows] == [None, *["retries"] * 3]
    assert [row["reason"] for row in rows] == [None, "status 429", "status 500", "connection lost"]
    assert {row["customer_id"] for row in rows} == {"patient"}
    assert len({row["api_key_id"] for row in rows}) == 1


def test_last_failure_is_the_clients_answer(run: Run) -> None:
    """When all attempts fail, the client gets what the provider said last, in its own shape."""
    with pytest.raises(openai.InternalServerError) as caught:
        _openai(run, "patient", Scenario(status=503)).chat.completions.create(model="testbed-chat", messages=HELLO)

    assert caught.value.response.headers["x-request-id"] == "req_testbed"
    assert len(run.rows(4)) == 4


def test_what_may_not_be_repeated_is_not(run: Run) -> None:
    """A 400 is the client's own fault, and an error inside a stream comes after its first byte."""
    client = _openai(run, "patient", Scenario(status=400))
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="testbed-chat", messages=HELLO)
    ask = asks.MESSAGES_STREAM
    answer = httpx.post(ask.url, json=ask.body, headers=headers(run, "patient", Scenario(error_event=True)))

    assert "overloaded_error" in answer.text
    assert [row["status_code"] for row in run.rows(2)] == [400, 200]


@pytest.mark.parametrize("streamed", [False, True], ids=["document", "stream"])
def test_fallback_to_another_provider(run: Run, streamed: bool) -> None:
    """The other host gets the call under its own model, path and key; the rows say who was asked, and why."""
    mark = run.upstream.mark()
    scenario = Scenario(counts=COUNTS, status=503, only="api.openai.com")

    client = _openai(run, "led", scenario)
    answer = client.chat.completions.create(model="testbed-chat", messages=HELLO, stream=streamed, user="ann")
    assert "42" in _text(answer, streamed=streamed)

    asked = run.upstream.wait(mark, host="openrouter.ai")
    names = {name.lower(): value for name, value in asked["headers"]}
    assert (asked["target"], names["authorization"]) == ("/api/v1/chat/completions", f"Bearer {ROUTER_KEY}")
    assert (names["host"], KEY in asked["head"]) == ("openrouter.ai", False)
    assert '"model":"testbed/router"' in asked["body"]
    assert '"user":"ann"' in asked["body"]
    first, second = run.rows(2)
    assert (first["provider"], first["status_code"], first["policy"]) == ("openai", 503, None)
    assert (second["provider"], second["host"], second["status_code"]) == ("openrouter", "openrouter.ai", 200)
    assert (second["requested_provider"], second["policy"]) == ("openai", "fallback:router")
    assert (second["reason"], second["cost_usd"]) == ("status 503", ROUTER_COST)
    assert (second["model"], second["retry_of"]) == ("testbed/router", first["event_id"])
    assert second["api_key_id"].endswith("cdef")
    assert second["api_key_id"] != first["api_key_id"]


def test_fallback_of_anthropic(run: Run) -> None:
    """A host that speaks the same dialect takes Anthropic's calls as they are."""
    scenario = Scenario(status=529, only="api.anthropic.com")
    client = anthropic.Anthropic(api_key=KEY, default_headers=headers(run, "led", scenario), max_retries=0)

    client.messages.create(model="testbed-claude", max_tokens=9, messages=HELLO)  # type: ignore[arg-type]
    assert [(row["provider"], row["reason"]) for row in run.rows(2)] == [
        ("anthropic", None),
        ("openrouter", "status 529"),
    ]


def test_client_without_a_rule_is_left_alone(run: Run) -> None:
    """A call that no rule is about fails as it does without a policy."""
    with pytest.raises(openai.InternalServerError):
        _openai(run, "other", Scenario(status=503)).chat.completions.create(model="testbed-chat", messages=HELLO)

    assert (run.row()["policy"], run.row()["cost_status"]) == (None, "not_billed")


def test_no_first_byte_in_time(run: Run) -> None:
    """A provider that stays silent is left; the client gets a 504 that its SDK knows, the row an estimate."""
    mark = run.upstream.mark()
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=0)

    with pytest.raises(openai.InternalServerError) as caught:
        _openai(run, "slow", scenario).chat.completions.create(model="testbed-chat", messages=HELLO, stream=True)
    assert caught.value.status_code == 504

    assert run.upstream.wait(mark, state="client_left")
    row = run.row()
    assert (row["error_type"], row["policy"]) == ("timeout_first_byte", "timeouts")
    assert (row["reason"], row["outcome"]) == ("first_byte_s is 8", "client_aborted")
    assert row["error_class"] == "transient"
    assert row["cost_status"] in UNSURE


def test_silence_in_the_middle(run: Run) -> None:
    """A stream that stops is cut after its time: the client has what came, and sees that more is missing."""
    ask = asks.CHAT_STREAM
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=ask.midway)
    with Connection(run.upstream, ask.host, run.proxy) as connection:
        connection.send(ask.raw(scenario, **headers(run, "slow", scenario)))
        assert MARK in connection.read_until(MARK)
        assert not connection.receive_rest().endswith(b"0\r\n\r\n")

    row = run.row()
    assert (row["error_type"], row["reason"], row["status_code"]) == ("timeout_idle", "idle_s is 4", 200)
    assert row["cost_status"] in UNSURE


def test_provider_that_does_not_take_connections(run: Run) -> None:
    """A host that does not finish its handshake is given up after `connect_s`; nothing was sent, nothing is billed."""
    answer = httpx.post(
        "https://api.cohere.com/v2/chat", json={"model": "x"}, headers=headers(run, "slow", Scenario()), timeout=30
    )

    assert answer.status_code == 504
    row = run.row()
    assert (row["error_type"], row["cost_status"], row["status_code"]) == ("timeout_connect", "not_billed", None)


def test_provider_that_is_not_there(run: Run) -> None:
    """A host that can't be reached is tried again, too: the call reaches the rules although no connection does."""
    answer = httpx.post(
        asks.GROQ_STREAM.url, json=asks.GROQ_STREAM.body, headers=headers(run, "patient", Scenario()), timeout=30
    )

    assert answer.status_code == 503
    rows = run.rows(4)
    assert {row["error_type"] for row in rows} == {"connection_error"}
    assert [row["reason"] for row in rows] == [None, *["not reached"] * 3]


def test_an_sdk_reads_that_a_provider_is_not_there(run: Run) -> None:
    """Its client library gets an error in the provider's own shape, not mitmproxy's page for people."""
    client = openai.OpenAI(
        base_url="https://api.groq.com/openai/v1",
        api_key=KEY,
        default_headers=headers(run, "patient", Scenario()),
        max_retries=0,
    )
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="testbed-chat", messages=HELLO)  # type: ignore[arg-type]

    assert caught.value.status_code == 503
    assert caught.value.body == {
        "message": "api.groq.com did not answer: not reached",
        "type": "server_error",
        "param": None,
        "code": "provider_unavailable",
    }
    assert caught.value.response.headers["x-llmobserve-policy"] == "retries"
    assert len(run.rows(4)) == 4


@pytest.mark.parametrize("rude", [False, True], ids=["fin", "rst"])
def test_client_leaves_in_the_middle(run: Run, rude: bool) -> None:
    """The upstream is left at once, and the attempt is the client's abort."""
    mark = run.upstream.mark()
    ask = asks.MESSAGES_STREAM
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=ask.midway)
    connection = Connection(run.upstream, ask.host, run.proxy)
    connection.send(ask.raw(scenario, **headers(run, "patient", scenario)))
    connection.read_until(MARK)
    connection.vanish() if rude else connection.socket.close()

    assert run.upstream.wait(mark, state="client_left")
    row = run.row()
    assert (row["outcome"], row["error_type"], row["status_code"]) == ("client_aborted", None, 200)
    assert row["cost_status"] in UNSURE


def test_client_leaves_before_the_answer(run: Run) -> None:
    """Also while the provider still thinks."""
    mark = run.upstream.mark()
    ask = asks.MESSAGES_STREAM
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=0)
    connection = Connection(run.upstream, ask.host, run.proxy)
    connection.send(ask.raw(scenario, **headers(run, "patient-slow", scenario)))
    run.upstream.wait(mark, state="answering")
    connection.vanish()

    assert run.upstream.wait(mark, state="client_left")
    assert run.row()["outcome"] == "client_aborted"


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_upstream_hangs_up(run: Run, ending: Any) -> None:
    """After the first byte nothing is tried again: the client gets what came, and sees the cut."""
    ask = asks.CHAT_STREAM
    scenario = Scenario(counts=COUNTS, ending=ending, after=ask.midway, gate=run.id, gate_after=ask.midway)
    with Connection(run.upstream, ask.host, run.proxy) as connection:
        connection.send(ask.raw(scenario, **headers(run, "patient", scenario)))
        connection.read_until(MARK)
        run.upstream.open_door(run.id)
        assert not connection.receive_rest().endswith(b"0\r\n\r\n")

    row = run.row()
    assert (row["outcome"], row["status_code"]) == ("upstream_aborted", 200)


def test_first_byte_is_not_held_back(run: Run) -> None:
    """The client has the first event while the upstream still waits before the second."""
    ask = asks.CHAT_STREAM
    scenario = Scenario(gate=run.id, gate_after=1)
    with Connection(run.upstream, ask.host, run.proxy) as connection:
        connection.send(ask.raw(scenario, **headers(run, "patient", scenario)))
        assert b"assistant" in connection.read_until(b"\n\n")
        run.upstream.open_door(run.id)
        assert connection.receive_rest_of_chunks().endswith(b"data: [DONE]\n\n")
    assert run.row()["outcome"] == "ok"


@pytest.mark.parametrize("customer", ["patient", "patient-slow"])
@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(),
        Scenario(encoding="gzip"),
        Scenario(encoding="zstd", cut=3),
        Scenario(framing="length"),
        Scenario(framing="until_close"),
        Scenario(crlf=True, comments=True),
        Scenario(headers=(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Odd", ""))),
        Scenario(status=400),
    ],
    ids=lambda found: "-".join(found.header()["x-testbed"].split('"')[1:4:2]) or "plain",
)
@pytest.mark.parametrize("ask", [asks.CHAT, asks.MESSAGES_STREAM, asks.CHAT_STREAM_USAGE], ids=lambda ask: ask.path)
def test_bytes_are_the_same(run: Run, bare: Proxy, ask: asks.Ask, scenario: Scenario, customer: str) -> None:
    """An answer arrives head and body as through bare mitmdump, and so does the request upstream."""
    got = []
    for proxy in (bare, run.proxy):
        mark = run.upstream.mark()
        with Connection(run.upstream, ask.host, proxy) as connection:
            mine = {"X-LLMObserve-Customer-ID": customer} if proxy is run.proxy else {}
            connection.send(ask.raw(scenario, **{"Accept-Encoding": "gzip, zstd"}, **mine))
            received = connection.receive()
        seen = run.upstream.wait(mark, host=ask.host)
        got.append((received, seen["head"], seen["sha256"]))

    assert got[1] == got[0]


def test_http2_client(run: Run) -> None:
    """A client that speaks HTTP/2 gets its answer as well, after a failure."""
    ask = asks.CHAT_STREAM
    scenario = Scenario(counts=COUNTS, name=run.id, fails=(500,))
    with Http2Connection(run.upstream, ask.host, run.proxy) as connection:
        stream = connection.ask(ask.path, ask.encoded(), headers(run, "patient", scenario))
        connection.read_until(stream, b"data: [DONE]")

    assert [row["status_code"] for row in run.rows(2)] == [500, 200]
