"""Every way a call can end is one row with the right outcome and an honest cost."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.e2e import asks
from tests.e2e.asks import MARK, Ask
from tests.testbed.raw import Connection
from tests.testbed.raw_http2 import Http2Connection
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario

COUNTS = Counts(input=1000, cached=0, output=100, reasoning=0)
STREAMS = {"chat": asks.CHAT_STREAM, "responses": asks.RESPONSES_STREAM, "anthropic": asks.MESSAGES_STREAM}
COSTS = {"chat": Decimal("0.0028"), "responses": Decimal("0.0028"), "anthropic": Decimal("0.0045")}
# What a stream that ended early may be called: a lower bound, or an estimate; never exact.
UNSURE = ("partial", "estimated")
FAILURES = {
    ("openai", 400): "invalid_request_error",
    ("openai", 401): "authentication_error",
    ("openai", 429): "requests",
    ("openai", 500): "server_error",
    ("anthropic", 429): "rate_limit_error",
    ("anthropic", 529): "api_error",
    ("gemini", 429): "RESOURCE_EXHAUSTED",
}
PLAIN = {"openai": asks.CHAT, "anthropic": asks.MESSAGES, "gemini": asks.GEMINI}


def _open(run: Run, ask: Ask, scenario: Scenario) -> Connection:
    connection = Connection(run.upstream, ask.host, run.proxy)
    connection.send(ask.raw(scenario, **{"X-LLMObserve-Run-ID": run.id}))
    return connection


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("rude", [False, True], ids=["fin", "rst"])
def test_client_leaves_before_the_usage(run: Run, name: str, rude: bool) -> None:
    """A client that leaves in the middle of a stream is `client_aborted`, and its cost is not called exact."""
    mark = run.upstream.mark()
    ask = STREAMS[name]
    connection = _open(run, ask, Scenario(counts=COUNTS, gate=run.id, gate_after=ask.midway))
    connection.read_until(MARK)
    connection.vanish() if rude else connection.socket.close()

    row = run.row()
    assert (row["outcome"], row["status_code"]) == ("client_aborted", 200)
    assert row["cost_status"] in UNSURE
    assert row["cost_usd"] is None or row["cost_usd"] < COSTS[name]
    assert run.upstream.wait(mark, state="client_left")


@pytest.mark.parametrize("name", STREAMS)
def test_client_leaves_after_the_usage(run: Run, name: str) -> None:
    """A client that leaves once the usage has passed costs exactly what was reported."""
    messages = {"chat": 9, "responses": 14, "anthropic": 11}[name]
    ask = asks.CHAT_STREAM_USAGE if name == "chat" else STREAMS[name]
    marker = b'"output_tokens":100' if name == "anthropic" else b'"total_tokens":1100'
    connection = _open(run, ask, Scenario(counts=COUNTS, gate=run.id, gate_after=messages))
    connection.read_until(marker)
    connection.vanish()

    row = run.row()
    assert row["outcome"] in ("client_aborted", "ok")
    assert (row["cost_status"], row["cost_usd"], row["input_tokens"]) == ("exact", COSTS[name], 1000)


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
def test_client_closes_an_answer(run: Run, http2: bool) -> None:
    """Closing an answer early, as SDKs do on break, is `client_aborted`."""
    ask = asks.MESSAGES_STREAM
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=ask.midway)
    with httpx.Client(http2=http2) as client:
        with client.stream("POST", ask.url, json=ask.body, headers=run.headers(scenario)) as answer:
            next(answer.iter_raw())
        # Over HTTP/2, httpx says nothing when an answer is left; only the end of the connection does.
        if not http2:
            assert run.row()["outcome"] == "client_aborted"
    row = run.row()
    assert (row["outcome"], row["input_tokens"]) == ("client_aborted", 1000)
    assert row["cost_status"] in UNSURE


def test_client_resets_an_http2_stream(run: Run) -> None:
    """A stream that the client resets is `client_aborted`, and the connection goes on."""
    ask = asks.MESSAGES_STREAM
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=ask.midway)
    with Http2Connection(run.upstream, ask.host, run.proxy) as connection:
        left = connection.ask(ask.path, ask.encoded(), run.headers(scenario))
        connection.read_until(left, MARK)
        connection.reset(left)
        row = run.row()
        other = Run(run.proxy, run.upstream)
        stays = connection.ask(ask.path, ask.encoded(), other.headers(Scenario(counts=COUNTS)))
        connection.read_until(stays, b"message_stop")
        assert other.row()["outcome"] == "ok"
    assert (row["outcome"], row["input_tokens"]) == ("client_aborted", 1000)
    assert row["cost_status"] in UNSURE


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("name", STREAMS)
def test_upstream_hangs_up(run: Run, name: str, ending: Any) -> None:
    """An upstream that hangs up midway is `upstream_aborted`; the client has the beginning and sees the cut."""
    ask = STREAMS[name]
    scenario = Scenario(counts=COUNTS, ending=ending, after=ask.midway, gate=run.id, gate_after=ask.midway)
    with _open(run, ask, scenario) as connection:
        beginning = connection.read_until(MARK)
        run.upstream.open_door(run.id)
        rest = connection.receive_rest()
    assert beginning.startswith(b"HTTP/1.1 200")
    assert not rest.endswith(b"0\r\n\r\n")

    row = run.row()
    assert (row["outcome"], row["status_code"]) == ("upstream_aborted", 200)
    assert row["cost_status"] in UNSURE


def _read_past_the_door(run: Run, answer: httpx.Response, got: bytearray) -> None:
    for piece in answer.iter_raw():
        got += piece
        if MARK in got:
            run.upstream.open_door(run.id)


@pytest.mark.parametrize("ending", ["rst_stream", "goaway", "close", "reset"])
def test_upstream_ends_an_http2_stream(run: Run, ending: Any) -> None:
    """A stream reset or a lost connection over HTTP/2 is `upstream_aborted`, and the client sees an error."""
    ask = asks.MESSAGES_STREAM
    scenario = Scenario(counts=COUNTS, ending=ending, after=ask.midway, gate=run.id, gate_after=ask.midway)
    got = bytearray()
    with (
        httpx.Client(http2=True) as client,
        client.stream("POST", ask.url, json=ask.body, headers=run.headers(scenario)) as answer,
        pytest.raises(httpx.TransportError),
    ):
        _read_past_the_door(run, answer, got)
    assert MARK in got
    row = run.row()
    assert (row["outcome"], row["status_code"], row["input_tokens"]) == ("upstream_aborted", 200, 1000)
    assert row["cost_status"] in UNSURE


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_upstream_hangs_up_in_a_document(run: Run, ending: Any) -> None:
    """Half a JSON document is `upstream_aborted` and has no exact cost; the client is left as the proxy was."""
    with _open(run, asks.CHAT, Scenario(counts=COUNTS, ending=ending)) as connection:
        assert connection.receive_rest() == b""

    row = run.row()
    assert row["outcome"] == "upstream_aborted"
    assert row["cost_status"] not in ("exact", "not_billed")


@pytest.mark.parametrize(("provider", "status"), FAILURES)
def test_refusals_cost_nothing(run: Run, provider: str, status: int) -> None:
    """A 4xx, 429 or 5xx is an `error` with the provider's own error type, and is not billed."""
    ask = PLAIN[provider]
    answer = httpx.post(ask.url, json=ask.body, headers=run.headers(Scenario(status=status)))

    assert answer.status_code == status
    row = run.row()
    assert (row["outcome"], row["status_code"]) == ("error", status)
    assert row["error_type"] == FAILURES[provider, status]
    assert (row["cost_status"], row["cost_usd"] or 0) == ("not_billed", 0)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (asks.CHAT_STREAM, "server_error"),
        (asks.RESPONSES_STREAM, "server_error"),
        (asks.MESSAGES_STREAM, "overloaded_error"),
        (asks.GEMINI_STREAM, "UNAVAILABLE"),
    ],
    ids=["chat", "responses", "anthropic", "gemini"],
)
def test_an_error_inside_a_stream(run: Run, ask: Ask, kind: str) -> None:
    """An error event in a 200 stream is an `error`, although the HTTP exchange was fine."""
    answer = httpx.post(ask.url, json=ask.body, headers=run.headers(Scenario(counts=COUNTS, error_event=True)))

    assert "simulated" in answer.text
    row = run.row()
    assert (row["outcome"], row["status_code"], row["error_type"]) == ("error", 200, kind)
    assert row["cost_status"] in UNSURE


@pytest.mark.parametrize("ask", [asks.CHAT, asks.MESSAGES_STREAM], ids=["document", "stream"])
def test_malformed_json(run: Run, ask: Ask) -> None:
    """An answer that cannot be read is passed on, and is a row without an exact cost."""
    answer = httpx.post(ask.url, json=ask.body, headers=run.headers(Scenario(counts=COUNTS, malformed=True)))

    assert "42" in answer.text
    assert "}" not in answer.text
    row = run.row()
    assert row["status_code"] == 200
    assert row["cost_status"] in (*UNSURE, "unpriced")


@pytest.mark.parametrize(
    "ask",
    [asks.CHAT, asks.CHAT_STREAM, asks.MESSAGES, asks.GEMINI_STREAM],
    ids=["chat", "stream", "messages", "gemini"],
)
def test_an_answer_without_usage(run: Run, ask: Ask) -> None:
    """Tokens that no one reports are estimated and marked so."""
    httpx.post(ask.url, json=ask.body, headers=run.headers(Scenario(usage=False)))

    row = run.row()
    assert (row["outcome"], row["cost_status"]) == ("ok", "estimated")
    assert row["output_tokens"] > 0
    assert row["cost_usd"] > 0
    assert row["usage"] is None


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_mislabelled_stream(run: Run, name: str, kind: str) -> None:
    """A stream that says it is something else is metered by what it is."""
    ask = STREAMS[name]
    answer = httpx.post(ask.url, json=ask.body, headers=run.headers(Scenario(counts=COUNTS, content_type=kind)))

    assert answer.headers["content-type"] == kind
    row = run.row()
    assert (row["outcome"], row["cost_usd"], row["cost_status"]) == ("ok", COSTS[name], "exact")


def test_a_document_labelled_as_a_stream(run: Run) -> None:
    """A JSON document that says it is an event stream is metered by what it is."""
    scenario = Scenario(counts=COUNTS, content_type="text/event-stream")
    httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(scenario))

    row = run.row()
    assert (row["cost_usd"], row["cost_status"]) == (COSTS["chat"], "exact")
