"""Equal requests are answered from what is kept, by the hooks alone; and what is kept of a call's content."""

import gzip
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tutils

from llmobs.content import Content
from llmobs.hooks import addon, calls, replay
from llmobs.hooks.replay import MARK, Replay, accepts, decoded
from llmobs.policy.cache import Cache
from llmobs.policy.scope import Scope
from llmobs.tap import RequestTap
from llmobs.wire.errors import WireError
from tests.books import TEXT
from tests.hooks.test_addon import ASKED, CHAT, SSE, STREAM, STRIPPED, Proxy


def proxied(folder: Path, policy: str) -> Proxy:
    """The addon with a policy file."""
    file = folder / "policy.yaml"
    file.write_text(policy)
    return Proxy(folder, llmobserve_policy=str(file))


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small price book in place of the real one."""
    path = tmp_path / "pricing.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(addon, "PRICES", path)
    return path


@pytest.fixture
def proxy(tmp_path: Path, prices: Path) -> Proxy:
    """An addon with a cache."""
    return proxied(tmp_path, "cache: {max_mb: 1}\n")


def test_a_hit(proxy: Proxy) -> None:
    """The second of two equal calls is answered in place of the provider, with a row of its own that costs nothing."""
    proxy.call(proxy.flow(), CHAT)
    flow = proxy.flow()
    assert flow.response is not None
    proxy.addon.response(flow)

    assert (flow.response.raw_content, flow.response.headers[MARK]) == (CHAT, "hit")
    assert flow.response.headers["content-type"] == "application/json"
    first, second = proxy.rows("event_id, policy, reason, cost_usd, list_cost_usd, cost_status, input_tokens, model")
    assert (second["policy"], second["reason"], second["model"]) == ("cache", first["event_id"], "gpt-x")
    assert (second["cost_usd"], second["list_cost_usd"], second["cost_status"]) == (0, first["cost_usd"], "not_billed")
    assert (first["input_tokens"], second["input_tokens"]) == (10, None)


def test_a_stream_whose_usage_was_asked_for(proxy: Proxy) -> None:
    """What is kept is what the client got, without what only we asked for."""
    proxy.call(proxy.flow(STREAM), SSE[:30], SSE[30:], content_type="text/event-stream")
    flow = proxy.flow(STREAM)

    assert flow.response is not None
    assert flow.response.raw_content == STRIPPED


def test_a_plan_saves_its_list_price(tmp_path: Path, prices: Path) -> None:
    """Where a plan pays, a hit saves what the call is worth at list price."""
    proxy = proxied(tmp_path, "cache: {}\n")
    proxy.call(proxy.flow(host="plan.example"), CHAT)
    proxy.flow(host="plan.example")

    assert len({row["list_cost_usd"] for row in proxy.rows()}) == 1


def test_a_recording_is_never_answered(proxy: Proxy) -> None:
    """A request that has its answer already, as in a saved flow, keeps it."""
    proxy.call(proxy.flow(), CHAT)
    flow = proxy.flow(headers={"cache_control": "no-cache"})
    assert flow.response is None
    flow.response = tutils.tresp()
    del flow.request.headers["cache-control"]

    proxy.addon.request(flow)

    assert MARK not in flow.response.headers


def test_a_client_that_wants_no_trace(proxy: Proxy) -> None:
    """With `no-store` an answer is neither given nor kept."""
    proxy.call(proxy.flow(headers={"cache_control": "no-store"}), CHAT)
    proxy.call(proxy.flow(), CHAT)

    assert proxy.flow(headers={"cache_control": "no-store"}).response is None


def test_where(tmp_path: Path, prices: Path) -> None:
    """Calls that the rule is not about always go."""
    proxy = proxied(tmp_path, "cache: {where: {customer: acme}}\n")
    for _ in range(2):
        assert proxy.flow().response is None


@pytest.mark.parametrize("part", ["find", "fits"])
def test_a_cache_that_fails(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    """A fault of the cache lets the call go."""

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    owner = Cache if part == "find" else Scope
    monkeypatch.setattr(owner, part, broken)
    flow = proxy.flow()

    assert flow.response is None
    assert proxy.call(flow, CHAT) == CHAT
    assert "the cache could not look for" in caplog.text


def test_what_can_not_be_decoded_goes(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept answer whose coding the client does not take, and that can't be undone, is not given."""

    def broken(*_: object) -> bytes:
        raise WireError("broken")

    packed = gzip.compress(CHAT)
    proxy.call(proxy.flow(), packed, content_encoding="gzip")
    monkeypatch.setattr(replay, "decoded", broken)

    assert proxy.flow().response is None
    with pytest.raises(WireError):
        decoded("gzip", packed[:10])


@pytest.mark.parametrize(
    ("header", "coding", "taken"),
    [
        ("gzip, br", "gzip", True),
        ("GZIP;q=0.5", "gzip", True),
        ("gzip;q=0", "gzip", False),
        ("gzip; q=0.0, *", "gzip", False),
        ("*", "br", True),
        ("br", "gzip", False),
        ("gzip", "gzip, br", False),
        ("gzip, br", "br,gzip", True),
        ("", "gzip", False),
        (";;", "gzip", False),
    ],
)
def test_accept_encoding(header: str, coding: str, taken: bool) -> None:
    """Whether a client takes a coding is read from its header; one that says nothing gets plain bytes."""
    assert accepts(header, coding) is taken


def now(proxy: Proxy, body: bytes = ASKED, **request: Any) -> http.HTTPFlow:
    """A request of today: the content of older ones is not kept."""
    return proxy.flow(body, timestamp_start=time.time(), **request)


def test_content_of_a_hit(tmp_path: Path, prices: Path) -> None:
    """What a client got from the cache is kept as well, encoded or not."""
    proxy = proxied(tmp_path, "cache: {}\ncapture: {mode: full}\n")
    zipped = {"accept_encoding": "gzip"}
    proxy.call(now(proxy, headers=zipped), gzip.compress(CHAT), content_encoding="gzip")
    until(lambda: now(proxy).response)
    now(proxy, headers=zipped)

    told = {row["content"] for row in proxy.rows("content, policy") if row["policy"]}
    assert [json.loads(text) for text in told] == [{"request": json.loads(ASKED), "response": json.loads(CHAT)}]


def until(reached: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    waiting = threading.Event()
    for _ in range(1000):
        if reached():
            return
        waiting.wait(0.02)
    raise AssertionError("it never came")


def test_content_that_can_not_be_made_fit(
    tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where redaction fails nothing is kept, the row stays, and the warning quotes nothing."""

    def broken(*_: object) -> str:
        raise ValueError("hello there")

    monkeypatch.setattr(Content, "text", broken)
    proxy = proxied(tmp_path, "capture: {mode: redacted}\n")
    proxy.call(now(proxy), CHAT)

    (row,) = proxy.rows("content, cost_status")
    assert (row["content"], row["cost_status"]) == (None, "exact")
    assert "is dropped: ValueError" in caplog.text
    assert "hello there" not in caplog.text


def test_too_much_content_waits(
    tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Beyond a number of calls content is dropped, said so, and no row is lost."""
    going_on = threading.Event()

    def slow(*_: object) -> str:
        going_on.wait(30)
        return "{}"

    monkeypatch.setattr(calls, "CONTENTS", 2)
    monkeypatch.setattr(Content, "text", slow)
    proxy = proxied(tmp_path, "capture: {mode: full}\n")
    for _ in range(4):
        proxy.call(now(proxy), CHAT)
    going_on.set()

    assert sorted(str(row["content"]) for row in proxy.rows("content")) == ["None", "None", "{}", "{}"]
    assert caplog.text.count("is dropped: that of too many calls waits") == 2


def test_content_when_the_proxy_stops(tmp_path: Path, prices: Path) -> None:
    """A call that still runs is kept as far as it came."""
    proxy = proxied(tmp_path, "capture: {mode: full}\n")
    flow = now(proxy, STREAM)
    proxy.answer(flow, SSE[:80], content_type="text/event-stream")

    (row,) = proxy.rows("outcome, content")
    content: dict[str, Any] = json.loads(row["content"])
    assert row["outcome"] == "interrupted"
    assert content["response"]["choices"][0]["message"] == {"content": "hi"}


def test_recorder_of_other_flows(proxy: Proxy) -> None:
    """What is not ours has no recorder."""
    flow = proxy.flow(host="example.org")

    assert Replay(Cache()).recorder(flow) is None


def test_a_row_is_handed_over_once(proxy: Proxy) -> None:
    """A call that has ended already, as when the proxy stops, gets no second row."""
    flow = proxy.flow()
    proxy.call(flow, CHAT)
    tap = flow.request.stream
    assert isinstance(tap, RequestTap)

    proxy.addon.calls.end(tap.attempt, tap.attempt.opening)

    assert len(proxy.rows()) == 1
