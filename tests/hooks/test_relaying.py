"""What the hooks do for the relay: whose calls it takes, what becomes of a flow, what an attempt's row knows."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import connection, http
from mitmproxy.test import tflow, tutils

from llmobs.hooks import relaying as module
from llmobs.relay.client import TOKEN
from llmobs.relay.course import Step
from llmobs.relay.head import HEAD, Head, packed
from llmobs.relay.passage import Passage
from llmobs.tap import RequestTap
from tests.books import TEXT
from tests.hooks.test_addon import ASKED, CHAT, Proxy

RETRIES = "retries: {where: {customer: acme}}\n"
OURS = {"x_llmobserve_customer_id": "acme", "authorization": "Bearer sk-0123456789abcdef"}


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a test with an addon that has a policy, within an event loop."""
    monkeypatch.setenv("OTHER_KEY", "sk-other-0123456789abcdef")
    prices = tmp_path / "pricing.yaml"
    prices.write_text(TEXT)
    monkeypatch.setattr("llmobs.hooks.addon.PRICES", prices)

    def run(policy: str, test: Callable[[Proxy], None]) -> None:
        file = tmp_path / "policy.yaml"
        file.write_text(policy)

        async def main() -> None:
            proxy = Proxy(tmp_path, llmobserve_policy=str(file))
            try:
                test(proxy)
                await asyncio.sleep(0)
            finally:
                proxy.addon.done()
                await proxy.addon.relaying.done()

        asyncio.run(main())

    return run


def passage(proxy: Proxy, flow: http.HTTPFlow) -> Passage:
    """Where the relay has a client's call."""
    return proxy.addon.relaying.relay.calls[flow.request.headers[TOKEN]]


def tried(proxy: Proxy, call: Passage, step: Step, token: str = "t") -> http.HTTPFlow:
    """The flow of an attempt, as the relay asks for it."""
    proxy.addon.relaying.relay.trials[token] = call.trial(step)
    headers = http.Headers([(TOKEN.encode(), token.encode())])
    flow = tflow.tflow(req=tutils.treq(method=b"POST", content=None, headers=headers))
    flow.client_conn.sockname = ("127.0.0.1", proxy.addon.relaying.trials.port)
    proxy.addon.requestheaders(flow)
    if flow.killable:
        proxy.addon.request(flow)
    return flow


def test_without_rules_nothing_happens(behind: Callable[..., Any]) -> None:
    """No door is opened, and connections are made as the user wants."""

    def test(proxy: Proxy) -> None:
        flow = proxy.flow(headers=OURS)
        assert flow.request.host == "api.openai.com"
        assert proxy.addon.relaying.trials.port == 0
        assert proxy.context.options.connection_strategy == "eager"

    behind("", test)


def test_breaker_wants_late_connections(behind: Callable[..., Any]) -> None:
    """A provider that is not there has to be heard of; when the rule goes, all is as before."""

    def test(proxy: Proxy) -> None:
        assert proxy.context.options.connection_strategy == "lazy"
        assert proxy.flow(headers=OURS).request.host == "api.openai.com"
        proxy.context.configure(proxy.addon, llmobserve_policy="")
        proxy.flow(headers=OURS)
        assert proxy.context.options.connection_strategy == "eager"

    behind("breaker: {}\n", test)


def test_call_that_a_rule_is_about_goes_to_the_relay(behind: Callable[..., Any]) -> None:
    """The client's flow leads there with a token alone, and leaves no row."""

    def test(proxy: Proxy) -> None:
        flow = proxy.flow(headers=OURS)
        call = passage(proxy, flow)
        assert (flow.request.host, flow.request.method, flow.request.content) == ("127.0.0.1", "GET", b"")
        assert flow.server_conn.via is None
        assert (call.request.host, call.request.path, call.request.body) == (
            "api.openai.com",
            "/v1/chat/completions",
            ASKED,
        )
        assert proxy.rows() == []

    behind(RETRIES, test)


def test_attempt_is_the_clients_call(behind: Callable[..., Any]) -> None:
    """It carries the client's request, and its row the client's identity, its number, and why it is made."""

    def test(proxy: Proxy) -> None:
        call = passage(proxy, proxy.flow(headers=OURS))
        first = tried(proxy, call, Step())
        second = tried(proxy, call, Step(2, None, 0.1, "retries", "status 503"), "u")
        assert (first.request.host, first.request.scheme, first.request.raw_content) == (
            "api.openai.com",
            "http",
            ASKED,
        )
        assert first.request.headers["authorization"] == OURS["authorization"]
        assert "x-llmobserve-customer-id" not in first.request.headers
        for flow in (first, second):
            proxy.call(flow, CHAT)
        one, two = proxy.rows()
        assert (one["attempt"], one["policy"], two["attempt"], two["policy"]) == (1, None, 2, "retries")
        assert (two["retry_of"], two["reason"]) == (one["event_id"], "status 503")
        assert {row["customer_id"] for row in (one, two)} == {"acme"}
        assert one["api_key_id"] == two["api_key_id"]

    behind(RETRIES, test)


FALLBACK = """
fallbacks:
- name: claude
  to:
  - {host: api.anthropic.com, path: /v1/messages, key_env: OTHER_KEY}
  - {host: api.anthropic.com, path: /elsewhere, key_env: OTHER_KEY}
  - {host: api.openai.com, models: {other: x}, key_env: OTHER_KEY}
  - {host: api.openai.com, models: {gpt-x: gpt-x-2}, key_env: OTHER_KEY}
"""


def test_targets_that_cannot_take_a_call_are_left_out(behind: Callable[..., Any], caplog: Any) -> None:
    """Another dialect, an unknown path and a model that is not there; each is told once."""

    def test(proxy: Proxy) -> None:
        flow = tried(proxy, call := passage(proxy, proxy.flow(headers=OURS)), Step())
        proxy.flow(headers=OURS)
        [target] = call.course.targets
        other = tried(proxy, call, Step(2, target, 0.0, "fallback:claude", "status 503"), "u")
        assert (target.models, other.request.headers["authorization"]) == (
            {"gpt-x": "gpt-x-2"},
            "Bearer sk-other-0123456789abcdef",
        )
        proxy.call(flow, CHAT)
        proxy.call(other, CHAT)
        one, two = proxy.rows("requested_provider, policy, api_key_id, request_model")
        assert (one["requested_provider"], two["requested_provider"]) == (None, "openai")
        assert (two["policy"], two["request_model"]) == ("fallback:claude", "gpt-x-2")
        assert one["api_key_id"] != two["api_key_id"]

    behind(FALLBACK, test)
    assert len([record for record in caplog.records if "can't take calls" in record.message]) == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": {**OURS, "content_length": str(module.HELD_BYTES + 1)}},
        {"headers": {**OURS, "content_length": "unknown"}},
        {"headers": {**OURS, "content_type": "application/grpc+proto"}},
        {"headers": {**OURS, "upgrade": "websocket"}},
        {"headers": {**OURS, "x_llmobserve_customer_id": "other"}},
        {"headers": OURS, "method": b"GET", "path": "/v1/responses/resp_1"},
    ],
    ids=["large", "no length", "grpc", "socket", "where", "get"],
)
def test_what_is_not_taken(behind: Callable[..., Any], request_: dict[str, Any]) -> None:
    """Large bodies, gRPC, sockets, look-ups, and calls that no rule is about go their own way."""

    def test(proxy: Proxy) -> None:
        assert proxy.flow(**request_).request.host == "api.openai.com"

    behind(RETRIES, test)


def test_recorded_flow_is_not_taken(behind: Callable[..., Any]) -> None:
    """What is read from a file is over."""

    def test(proxy: Proxy) -> None:
        flow = tflow.tflow(req=proxy.flow(headers={**OURS, "x_llmobserve_customer_id": "x"}).request, live=False)
        flow.request.headers["x-llmobserve-customer-id"] = "acme"
        proxy.addon.requestheaders(flow)
        tap = flow.request.stream
        assert isinstance(tap, RequestTap)
        assert not tap.attempt.waits

    behind(RETRIES, test)


def test_call_that_no_rule_is_about_keeps_its_row(behind: Callable[..., Any]) -> None:
    """It waited in vain, and is metered as ever."""

    def test(proxy: Proxy) -> None:
        proxy.call(proxy.flow(headers={**OURS, "x_llmobserve_customer_id": "other"}), CHAT)
        assert [row["cost_status"] for row in proxy.rows()] == ["exact"]

    behind(RETRIES, test)


def test_fault_lets_the_call_go(behind: Callable[..., Any], monkeypatch: Any, caplog: Any) -> None:
    """A relay that can't take a call is no reason for it to fail."""

    def test(proxy: Proxy) -> None:
        monkeypatch.setattr(proxy.addon.relaying.relay, "expect", None)
        proxy.call(proxy.flow(headers=OURS), CHAT)
        assert [row["cost_status"] for row in proxy.rows()] == ["exact"]

    behind(RETRIES, test)
    assert "the relay could not take" in caplog.text


def test_relay_that_cannot_start(behind: Callable[..., Any], monkeypatch: Any, caplog: Any) -> None:
    """Without its doors the rules are not in force, which is said, and calls go."""

    def test(proxy: Proxy) -> None:
        assert proxy.flow(headers=OURS).request.host == "api.openai.com"

    monkeypatch.setattr("mitmproxy.proxy.mode_servers.ServerInstance.make", None)
    behind(RETRIES, test)
    assert "are not in force" in caplog.text


def test_strangers_at_the_inner_door(behind: Callable[..., Any]) -> None:
    """Without a token, with one that was used, or for a tunnel, there is no way through."""

    def test(proxy: Proxy) -> None:
        call = passage(proxy, proxy.flow(headers=OURS))
        assert tried(proxy, call, Step()).error is None
        flow = tflow.tflow(req=tutils.treq(headers=http.Headers([(TOKEN.encode(), b"t")])))
        flow.client_conn.sockname = ("127.0.0.1", proxy.addon.relaying.trials.port)
        proxy.addon.requestheaders(flow)
        assert flow.error is not None
        tunnel = tflow.tflow()
        tunnel.client_conn.sockname = flow.client_conn.sockname
        proxy.addon.http_connect(tunnel)
        assert tunnel.error is not None

    behind(RETRIES, test)


def test_head_is_put_back(behind: Callable[..., Any]) -> None:
    """The client gets the answer's own head; one that is not packed, or of another flow, is left as it is."""

    def test(proxy: Proxy) -> None:
        flow, other = proxy.flow(headers=OURS), tflow.tflow(resp=True)
        for each in (flow, other):
            each.response = tutils.tresp(
                headers=http.Headers([(HEAD.encode(), packed(Head("Fine", ((b"A", b"b"),))).encode())])
            )
            proxy.addon.responseheaders(each)
        assert flow.response is not None
        assert (flow.response.headers.fields, flow.response.reason) == (((b"A", b"b"),), "Fine")
        assert other.response is not None
        assert HEAD in other.response.headers
        flow.response = tutils.tresp()
        proxy.addon.responseheaders(flow)
        assert flow.response.reason == "OK"

    behind(RETRIES, test)


def test_client_that_leaves_early_is_forgotten(behind: Callable[..., Any]) -> None:
    """Before the relay has begun there is nothing to stop."""

    def test(proxy: Proxy) -> None:
        flow = proxy.flow(headers=OURS)
        proxy.addon.error(flow)
        assert proxy.addon.relaying.relay.calls == {}

    behind(RETRIES, test)


@pytest.mark.parametrize(("tls", "reached"), [(True, False), (False, True)])
def test_host_is_reached_when_it_is_ready(behind: Callable[..., Any], tls: bool, reached: bool) -> None:
    """With TLS a connection alone is not enough."""

    def test(proxy: Proxy) -> None:
        flow = tried(proxy, call := passage(proxy, proxy.flow(headers=OURS)), Step())
        flow.server_conn = connection.Server(address=("api.openai.com", 443))
        flow.server_conn.tls, flow.server_conn.timestamp_tcp_setup = tls, 1.0
        assert call.trials[0].connected() is reached

    behind(RETRIES, test)


def test_attempts_go_through_the_companys_proxy(behind: Callable[..., Any]) -> None:
    """As the calls without a relay do."""

    def test(proxy: Proxy) -> None:
        assert module.mode() == "regular"
        proxy.context.options.mode = [
            "reverse:https://api.openai.com@8081",
            "upstream:http://proxy.example.com:3128@8080",
        ]
        assert module.mode() == "upstream:http://proxy.example.com:3128"

    behind(RETRIES, test)


def test_small_packets_are_sent_at_once() -> None:
    """Where a socket does not say that it is TCP, asyncio leaves Nagle's algorithm on, which costs 40 ms a call."""
    with module.door() as listening:
        assert listening.proto == socket.IPPROTO_TCP
