"""When a call is first written down: before anything of it may be billed, and no sooner."""

from pathlib import Path
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from llmobs.event import Event, from_json
from llmobs.hooks import addon as module
from llmobs.spool import Kind, lines, living
from llmobs.writer import spool_of
from tests.books import TEXT
from tests.hooks.test_addon import ASKED, CHAT, Proxy


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """A proxy that calculates with the small price book."""
    path = tmp_path / "pricing.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(module, "PRICES", path)
    return Proxy(tmp_path)


def begun(proxy: Proxy) -> list[Event]:
    """What a kill would leave of calls that run, line by line."""
    files = [path for _, paths in living(spool_of(proxy.database)) for path in paths]
    return [from_json(line.body) for path in files for line in lines(path) if line.kind is Kind.OPEN]


def asked(length: str | None, **request: Any) -> http.HTTPFlow:
    """The head of a request, and a body that mitmproxy has not given to anyone."""
    fields = [(b"content-type", b"application/json"), *([(b"content-length", length.encode())] if length else [])]
    named = {"host": "api.openai.com", "port": 443, "method": b"POST", "path": b"/v1/embeddings", **request}
    return tflow.tflow(req=tutils.treq(content=ASKED, headers=http.Headers(fields), **named))


def test_what_is_sent_whole_is_written_down_when_it_is_whole(proxy: Proxy) -> None:
    """Of a request that waits here until it is complete nothing is kept before, and all in one line then."""
    flow = asked(str(len(ASKED)))
    proxy.addon.requestheaders(flow)
    assert begun(proxy) == []
    proxy.addon.request(flow)

    (line,) = begun(proxy)
    assert (line.event_id, line.request_model, line.attempt) == (flow.id, "gpt-x", 1)
    assert proxy.call(flow, CHAT) == CHAT
    assert [row["outcome"] for row in proxy.rows("outcome")] == ["ok"]


@pytest.mark.parametrize("length", ["70000", None])
def test_what_is_sent_as_it_comes_is_written_down_at_its_head(proxy: Proxy, length: str | None) -> None:
    """An upload may be billed before it is complete: it is kept from its head on, and again when its model is known."""
    flow = asked(length)
    proxy.addon.requestheaders(flow)
    assert [line.request_model for line in begun(proxy)] == [None]
    assert callable(flow.request.stream)
    flow.request.stream(ASKED)
    proxy.addon.request(flow)

    assert [line.request_model for line in begun(proxy)] == [None, "gpt-x"]


def test_what_a_policy_holds_is_written_down_when_it_may_go(tmp_path: Path) -> None:
    """A request of unknown length that a rule looks at goes when it is complete, and is kept from then on."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("cache: {ttl_s: 60}")
    proxy = Proxy(tmp_path, llmobserve_policy=str(policy))
    flow = asked(None)
    proxy.addon.requestheaders(flow)
    assert begun(proxy) == []
    proxy.addon.request(flow)

    assert [line.event_id for line in begun(proxy)] == [flow.id]
    proxy.addon.done()


def test_what_ends_before_it_is_complete_is_a_row_all_the_same(proxy: Proxy) -> None:
    """A client that leaves in the middle of its request leaves a row without a line of its beginning."""
    flow = asked(str(len(ASKED)))
    proxy.addon.requestheaders(flow)
    flow.error = tflow.terr()
    proxy.addon.error(flow)

    assert begun(proxy) == []
    assert [row["outcome"] for row in proxy.rows("outcome")] == ["error"]


def test_a_fault_of_ours_loses_no_beginning(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that could not be hashed is kept before it goes, like any other."""

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("llmobs.retries.links.signal", broken)
    flow = asked(str(len(ASKED)))
    proxy.addon.requestheaders(flow)
    proxy.addon.request(flow)

    assert [(line.event_id, line.request_id) for line in begun(proxy)] == [(flow.id, None)]
