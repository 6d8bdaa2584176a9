"""Which attempt a request is, and what its answer tells of limits, through the hooks."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import exceptions, http
from mitmproxy.test import tflow, tutils

from llmobs.hooks import addon as module
from llmobs.limits import headers as rate_limits
from llmobs.retries import links as retries
from llmobs.tap import RequestTap
from tests.books import TEXT
from tests.hooks.test_addon import ASKED, CHAT, STREAM, Proxy

CONTROL = "attempt, retry_of, request_id, event_id, policy, cost_usd, rate_limits, error_class"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a proxy that calculates with the small price book."""
    path = tmp_path / "pricing.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(module, "PRICES", path)
    return tmp_path


@pytest.fixture
def proxy(folder: Path) -> Proxy:
    """A proxy with a database of its own."""
    return Proxy(folder)


def recorded(started: float, flow_id: str) -> http.HTTPFlow:
    """A chat call that was read from a file."""
    flow = tflow.tflow(
        req=tutils.treq(
            host="api.openai.com", port=443, method=b"POST", path=b"/v1/chat/completions", content=ASKED,
            timestamp_start=started, headers=http.Headers(content_type="application/json"),
        ),
        resp=tutils.tresp(content=CHAT, timestamp_start=started + 1, timestamp_end=started + 2),
    )  # fmt: skip
    flow.id = flow_id
    return flow


def replay(proxy: Proxy, flow: http.HTTPFlow) -> None:
    """All hooks of a flow that was read from a file."""
    for hook in (proxy.addon.requestheaders, proxy.addon.request, proxy.addon.responseheaders, proxy.addon.response):
        hook(flow)


def test_equal_requests_are_linked(proxy: Proxy) -> None:
    """A key in the URL, and our asking for usage, do not make two requests different; a path does."""
    for path in ("/v1/chat/completions?key=a&x=1", "/v1/chat/completions?x=1&key=a", "/v1/chat/completions"):
        proxy.call(proxy.flow(STREAM, path), CHAT)

    rows = {row["event_id"]: row for row in proxy.rows(CONTROL)}
    (linked,) = [row for row in rows.values() if row["retry_of"]]
    assert linked["attempt"] == 2
    assert rows[linked["retry_of"]]["request_id"] == linked["request_id"]
    assert len({row["request_id"] for row in rows.values()}) == 2


def test_what_is_no_attempt(tmp_path: Path) -> None:
    """What looks a job up, and what asks for a socket, is not hashed."""
    proxy = Proxy(tmp_path)
    looked_up = proxy.flow(b"", "/v1/batches/batch_1", method=b"GET")
    socket = proxy.flow(b"", "/v1/responses", method=b"GET", headers={"upgrade": "websocket"})

    for flow in (looked_up, socket):
        assert isinstance(flow.request.stream, RequestTap)
        assert flow.request.stream.request_id is None


def test_a_request_that_ended_before_it_was_complete(proxy: Proxy) -> None:
    """A call that has its row already is not linked any more."""
    flow = proxy.flow()
    assert isinstance(flow.request.stream, RequestTap)
    attempt = flow.request.stream.attempt
    proxy.addon.done()
    before = attempt.opening
    proxy.addon.calls.complete(attempt, "a" * 64)

    assert attempt.opening is before


def test_recordings_have_times_of_their_own(proxy: Proxy) -> None:
    """The window is that of the recorded times: an hour apart is apart, however quickly it is read."""
    for started, flow_id in ((1_700_000_000, "a"), (1_700_003_700, "b"), (1_700_000_050, "c")):
        replay(proxy, recorded(started, flow_id))

    assert [(row["event_id"], row["attempt"]) for row in proxy.rows(CONTROL)] == [("a", 1), ("c", 1), ("b", 1)]


def test_a_recording_that_is_read_twice_counts_once(folder: Path) -> None:
    """With `skip` the second reading of a HAR file, whose flows get new ids, costs nothing."""
    proxy = Proxy(folder, llmobserve_retries="skip")
    for flow_id in ("a", "b"):
        replay(proxy, recorded(1_700_000_000, flow_id))

    rows = proxy.rows(CONTROL)
    assert sorted((row["policy"] or "", row["attempt"], row["cost_usd"] > 0) for row in rows) == [
        ("", 1, True), ("retries:skip", 2, False),
    ]  # fmt: skip


def test_a_wrong_choice_while_it_runs(proxy: Proxy) -> None:
    """A running proxy keeps what it has."""
    with pytest.raises(exceptions.OptionsError, match="write link or skip"):
        proxy.context.configure(proxy.addon, llmobserve_retries="skp")

    assert not proxy.addon.calls.retries.skip


def test_limits_are_kept_and_warned_of(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal tells its limits and its class; the warning names the key by its id."""
    headers = {"authorization": "Bearer sk-proj-0123456789abcdef"}
    body = b'{"error":{"type":"insufficient_quota"}}'
    for _ in range(2):
        proxy.call(proxy.flow(headers=headers), body, status=429, retry_after="7")

    row = proxy.rows(CONTROL)[0]
    assert json.loads(row["rate_limits"]) == {"retry_after_s": 7}
    assert row["error_class"] == "user"
    (said,) = [r.message for r in caplog.records if "429" in r.message]
    assert said.startswith("api.openai.com, key ")
    assert said.endswith("...cdef: too many requests (429), to come back in 7 s")


def broken(*_: Any) -> Any:
    """A fault of ours."""
    raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("owner", "name", "told"),
    [
        (retries, "signal", "is not known as an attempt"),
        (retries.Retries, "begin", "could not be linked"),
        (rate_limits, "read", "could not be read"),
    ],
)
def test_no_fault_of_ours_reaches_the_call(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, owner: Any, name: str, told: str
) -> None:
    """Whatever breaks here, the call passes, and its row has its cost."""
    monkeypatch.setattr(owner, name, broken)

    assert proxy.call(proxy.flow(), CHAT) == CHAT
    (row,) = proxy.rows(CONTROL)
    assert row["cost_usd"] is not None
    assert told in caplog.text


def test_limits_that_cannot_be_watched(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of the watch costs a warning, and no row."""
    monkeypatch.setattr(proxy.addon.calls._limits.__class__, "see", broken)
    proxy.call(proxy.flow(), CHAT)

    assert len(proxy.rows(CONTROL)) == 1
    assert [r.levelno for r in caplog.records if "could not be watched" in r.message] == [logging.WARNING]


def test_limits_of_our_own_are_not_the_hosts(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A 429 that a policy answers says nothing of the provider's limits."""
    flow = proxy.flow()
    assert isinstance(flow.request.stream, RequestTap)
    flow.request.stream.attempt.trouble = "rate_limit_exceeded"
    proxy.call(flow, b"{}", status=429)

    assert len(proxy.rows(CONTROL)) == 1
    assert "too many requests" not in caplog.text
