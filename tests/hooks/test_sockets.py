import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import eventsequence, http
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from llmobs.hooks import addon as module
from tests.hooks.test_addon import Proxy

PRICES = """
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    hosts: [api.openai.com]
    routes:
    - {path: "/v1/realtime", method: GET, dialect: openai_realtime}
    models:
      gpt-realtime:
      - {input: 4, output: 16}
"""
CREATE = {"type": "response.create"}
CREATED = {"type": "response.created", "response": {"id": "r1"}}
USAGE = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
DONE = {"type": "response.done", "response": {"id": "r1", "status": "completed", "usage": USAGE}}


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A running addon that knows one socket."""

    path = tmp_path / "pricing.yaml"
    path.write_text(PRICES)
    monkeypatch.setattr(module, "PRICES", path)
    made = Proxy(tmp_path)
    yield made
    made.addon.done()


def connect(proxy: Proxy, path: str = "/v1/realtime?model=gpt-realtime", status: int = 101) -> http.HTTPFlow:
    """The upgrade of a socket, and its answer."""

    flow = tflow.twebsocketflow()
    flow.request.host, flow.request.path, flow.request.port = "api.openai.com", path, 443
    assert flow.response is not None
    flow.response.status_code = status
    for hook in (proxy.addon.requestheaders, proxy.addon.request, proxy.addon.responseheaders, proxy.addon.response):
        hook(flow)
    return flow


def send(proxy: Proxy, flow: http.HTTPFlow, message: dict[str, Any], *, from_client: bool = False) -> None:
    """One message passes."""

    assert flow.websocket is not None
    flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, from_client, json.dumps(message).encode()))
    proxy.addon.websocket_message(flow)
    assert len(flow.websocket.messages) == 1


def test_each_response_of_a_socket_is_a_row(proxy: Proxy) -> None:
    """The upgrade has no row of its own, each response has one, and no message is kept."""

    flow = connect(proxy)
    for number in range(3):
        send(proxy, flow, CREATE, from_client=True)
        send(proxy, flow, {**CREATED, "response": {"id": f"r{number}"}})
        send(proxy, flow, {**DONE, "response": {**DONE["response"], "id": f"r{number}"}})  # type: ignore[dict-item]
    proxy.addon.websocket_end(flow)

    rows = proxy.rows()
    assert [row["event_id"] for row in rows] == [f"{flow.id}/{number}" for number in (1, 2, 3)]
    assert {(row["outcome"], row["status_code"], row["request_model"]) for row in rows} == {("ok", 101, "gpt-realtime")}
    assert {float(row["cost_usd"]) for row in rows} == {0.000072}


def test_each_response_is_for_whom_the_socket_is(proxy: Proxy) -> None:
    """Each row of a socket says on whose behalf it was opened, and what the clocks were off by then."""

    flow = tflow.twebsocketflow()
    flow.request.host, flow.request.path, flow.request.port = "api.openai.com", "/v1/realtime?model=gpt-realtime", 443
    flow.request.headers["X-LLMObserve-Customer-ID"] = "acme"
    flow.request.headers["X-LLMObserve-Timestamp"] = str(flow.request.timestamp_start + 2)
    assert flow.response is not None
    flow.response.headers["Date"] = "Sat, 01 Jan 2000 00:00:02 GMT"
    flow.response.timestamp_start = 946684800
    for hook in (proxy.addon.requestheaders, proxy.addon.request, proxy.addon.responseheaders, proxy.addon.response):
        hook(flow)
    for number in range(2):
        send(proxy, flow, CREATE, from_client=True)
        send(proxy, flow, {**CREATED, "response": {"id": f"r{number}"}})
        send(proxy, flow, {**DONE, "response": {**DONE["response"], "id": f"r{number}"}})  # type: ignore[dict-item]
    proxy.addon.websocket_end(flow)

    rows = proxy.rows("customer_id, client_skew_ms, provider_skew_ms")
    assert [tuple(row.values()) for row in rows] == [("acme", 2000.0, 2500.0)] * 2
    assert not [name for name in flow.request.headers if name.lower().startswith("x-llmobserve")]


def test_a_recorded_socket_is_metered_at_its_own_date(proxy: Proxy) -> None:
    """A socket that is read from a file brings its messages one by one, each with its own time."""

    flow = tflow.twebsocketflow()
    flow.request.host, flow.request.path, flow.request.port = "api.openai.com", "/v1/realtime?model=gpt-realtime", 443
    assert flow.websocket is not None
    flow.websocket.messages = [
        WebSocketMessage(Opcode.TEXT, side, json.dumps(said).encode(), 1_700_000_000 + at)
        for at, (side, said) in enumerate([(True, CREATE), (False, CREATED), (False, DONE), (False, CREATED)])
    ]
    flow.websocket.timestamp_end = 1_700_000_010
    for hook in eventsequence.iterate(flow):
        if method := getattr(proxy.addon, hook.name, None):
            method(flow)

    whole, cut = proxy.rows()
    assert (whole["started_at"].year, whole["latency_ms"], whole["outcome"]) == (2023, 2000, "ok")
    assert (cut["latency_ms"], cut["outcome"]) == (7000, "upstream_aborted")


@pytest.mark.parametrize(("by_client", "outcome"), [(True, "client_aborted"), (False, "upstream_aborted")])
def test_a_socket_that_ends_in_a_response(proxy: Proxy, by_client: bool, outcome: str) -> None:
    """Who closed the socket, or was gone, ended what was running."""

    flow = connect(proxy)
    send(proxy, flow, CREATED)
    assert flow.websocket is not None
    flow.websocket.closed_by_client = by_client
    proxy.addon.websocket_end(flow)
    proxy.addon.websocket_end(flow)

    (row,) = proxy.rows()
    assert row["outcome"] == outcome


def test_a_stop_ends_the_response_that_runs(proxy: Proxy) -> None:
    """The proxy's stop leaves a row for what runs on a socket, and the socket's end that follows adds none."""

    flow = connect(proxy)
    send(proxy, flow, CREATED)
    proxy.addon.done()
    proxy.addon.websocket_end(flow)

    (row,) = proxy.rows()
    assert (row["outcome"], row["event_id"]) == ("interrupted", f"{flow.id}/1")


def test_a_socket_without_a_response_has_no_row(proxy: Proxy) -> None:
    """What was only opened, or is only looked at, cost nothing."""

    proxy.addon.websocket_end(connect(proxy))
    proxy.call(proxy.flow(b"", path="/v1/realtime", method=b"GET"), b"{}")

    assert proxy.rows() == []


def test_an_upgrade_that_is_refused_is_one_row(proxy: Proxy) -> None:
    """A refused socket is an error that costs nothing."""

    connect(proxy, status=401)

    (row,) = proxy.rows()
    assert (row["outcome"], row["status_code"], row["cost_status"]) == ("error", 401, "not_billed")
    assert row["request_model"] == "gpt-realtime"


def test_an_upgrade_that_is_not_answered_is_one_row(proxy: Proxy) -> None:
    """A socket to a provider that cannot be reached is an error."""

    flow = tflow.twebsocketflow()
    flow.request.host, flow.request.path, flow.request.port = "api.openai.com", "/v1/realtime", 443
    flow.response = None
    proxy.addon.requestheaders(flow)
    flow.error = tflow.terr()
    proxy.addon.error(flow)

    (row,) = proxy.rows()
    assert (row["outcome"], row["error_type"], row["cost_status"]) == ("error", "connection_error", "not_billed")


def test_a_deployment_is_a_model(proxy: Proxy) -> None:
    """Azure names the model of a socket as its deployment."""

    flow = connect(proxy, "/v1/realtime?api-version=1&deployment=gpt-realtime")
    send(proxy, flow, DONE)

    (row,) = proxy.rows()
    assert (row["request_model"], row["cost_status"]) == ("gpt-realtime", "exact")


def test_a_socket_of_another_kind_is_recorded_and_stays_small(proxy: Proxy) -> None:
    """What passes over a socket that no dialect knows is not metered: its row says so, and no message is kept."""

    flow = connect(proxy, "/v1/something/else")
    send(proxy, flow, DONE)
    proxy.addon.websocket_end(flow)

    (row,) = proxy.rows()
    assert (row["cost_status"], row["error_type"]) == ("unpriced", "websocket_not_metered")


def test_other_web_sockets_are_left_alone(proxy: Proxy) -> None:
    """A socket to another host keeps what mitmproxy keeps."""

    flow = tflow.twebsocketflow()
    proxy.addon.requestheaders(flow)
    proxy.addon.websocket_message(flow)
    proxy.addon.websocket_end(flow)

    assert flow.websocket is not None
    assert len(flow.websocket.messages) > 1
