"""Who a call belongs to, and what is never kept of it."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from tests.e2e import asks
from tests.testbed import rows
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario

OURS = ("x-llmobserve-customer-id", "x-llmobserve-run-id")


def test_customers_are_told_apart(run: Run) -> None:
    """Two customers with one key are two customers in the rows."""
    for customer in ("alice", "bob"):
        headers = run.headers(**{"X-LLMObserve-Customer-ID": customer})
        httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=headers)

    assert [row["customer_id"] for row in run.rows(2)] == ["alice", "bob"]


def test_our_headers_never_reach_the_provider(run: Run) -> None:
    """The upstream sees none of our headers, over either version of HTTP."""
    mark = run.upstream.mark()
    headers = run.headers(**{"X-LLMObserve-Customer-ID": "alice"})
    for http2 in (False, True):
        with httpx.Client(http2=http2) as client:
            client.post(asks.CHAT.url, json=asks.CHAT.body, headers=headers)
    run.rows(2)

    entries = run.upstream.since(mark)
    assert [entry["protocol"] for entry in entries] == ["HTTP/1.1", "HTTP/2"]
    for entry in entries:
        names = {name.lower() for name, _ in entry["headers"]}
        assert names.isdisjoint(OURS)
        assert "llmobserve" not in str(entry).lower()


def test_a_client_is_named_by_its_user_agent(run: Run) -> None:
    """The row says which product made the call."""
    httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(**{"User-Agent": "acme-bot/1.2 (x; y)"}))

    assert run.row()["client"] == "acme-bot/1.2"


def test_a_reader_may_work_meanwhile(run: Run) -> None:
    """Queries between calls see a growing table, and no call is lost to them."""
    counted = []
    for number in range(5):
        httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())
        run.rows(number + 1)
        sql = "select count(*) as n from events where run_id = ?"
        counted.append(rows.query(run.proxy.db, sql, run.id)[0]["n"])

    assert counted == [1, 2, 3, 4, 5]


def test_everything_said_to_us_is_taken_off(run: Run) -> None:
    """Headers, baggage of ours and the proxy's user name end here; other baggage and the trace go on as they came."""
    mark = run.upstream.mark()
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    ours = {
        f"X-LLMObserve-{name}": "v"
        for name in ("Section", "Parent-Span-ID", "Tags", "Timestamp", "Experiment-ID", "What")
    } | {"X-LLMObserve-Span-ID": "00f067aa0ba902b7"}
    headers = run.headers(
        **ours,
        traceparent=f"00-{trace}-{span}-01",
        baggage="user=1;p=%20,llmobserve.customer_id=acme%20inc,llmobserve.tag.team=red, last=2",
    )
    for http2 in (False, True):
        proxy = run.proxy.url.replace("http://", "http://feature=search;customer=other:x@")
        with httpx.Client(http2=http2, proxy=proxy) as client:
            client.post(asks.CHAT.url, json=asks.CHAT.body, headers=headers)
    found = run.rows(2)

    for row in found:
        assert (row["customer_id"], row["section"], row["parent_span_id"]) == ("acme inc", "v", None)
        assert (row["span_id"], row["trace_id"]) == ("00f067aa0ba902b7", trace)
        assert json.loads(row["tags"]) == {"team": "red", "feature": "search"}
    for entry in run.upstream.since(mark):
        assert "llmobserve" not in str(entry).lower()
        names = dict(entry["headers"])
        assert (names["baggage"], names["traceparent"]) == ("user=1;p=%20, last=2", headers["traceparent"])
        assert "proxy-authorization" not in {name.lower() for name in names}


def test_a_clock_that_is_off(run: Run) -> None:
    """What the client's and the provider's clocks are off is in the row, and the call keeps our time."""
    scenario = Scenario(headers=(("Date", "Sat, 01 Jan 2000 00:00:00 GMT"),))
    httpx.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers(scenario, **{"X-LLMObserve-Timestamp": "0"}))

    row = run.row()
    now = datetime.now(UTC).timestamp()
    started = row["started_at"].replace(tzinfo=UTC).timestamp()
    assert now - 600 < started <= now
    assert row["client_skew_ms"] == pytest.approx(-started * 1000, abs=1)
    assert row["provider_skew_ms"] == pytest.approx((946_684_800.5 - started) * 1000, abs=60_000)
    assert f"the clock of {asks.CHAT.host} is" in run.proxy.log.read_text()
