"""Whose calls these are, as the hooks find it out, and what they leave for the provider."""

import gc
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from mitmproxy import http
from mitmproxy.addons import proxyauth
from mitmproxy.proxy.layers.modes import Socks5AuthData
from mitmproxy.test import taddons, tflow, tutils

from llmobs import attribution
from llmobs.hooks import addon as module
from llmobs.hooks import begin, callers
from llmobs.hooks.once import Once
from tests.books import TEXT
from tests.hooks.test_addon import ASKED, CHAT, Proxy

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OTHER_SPAN = "00f067aa0ba902b7"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A running addon."""

    path = tmp_path / "pricing.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(module, "PRICES", path)
    made = Proxy(tmp_path)
    yield made
    made.addon.done()


def basic(name: str, password: str = "x") -> str:
    """The header with a proxy's user name."""

    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def request(*headers: tuple[str, str], host: str = "api.openai.com", method: str = "POST") -> http.HTTPFlow:
    """A request whose headers have come, some of them more than once."""

    fields = [(name.encode(), value.encode()) for name, value in (("Content-Type", "application/json"), *headers)]
    flow = tflow.tflow(req=tutils.treq(host=host, port=443, method=method.encode(), content=ASKED))
    flow.request.path, flow.request.headers = "/v1/chat/completions", http.Headers(fields)
    return flow


def connect(proxy: Proxy, name: str, *, header: str | None = None) -> http.HTTPFlow:
    """A tunnel that a client has asked for by a user name."""

    flow = request(("Proxy-Authorization", header or basic(name)), method="CONNECT")
    proxy.addon.http_connect(flow)
    return flow


def call(proxy: Proxy, flow: http.HTTPFlow, **answer: str) -> None:
    """The rest of a call."""

    proxy.addon.requestheaders(flow)
    proxy.addon.request(flow)
    proxy.call(flow, CHAT, **answer)


def test_a_user_name_speaks_for_its_connection(proxy: Proxy) -> None:
    """All calls of a tunnel are those of its user name, and no others; a refused tunnel says nothing."""

    tunnel = connect(proxy, "customer=acme;run=nightly;feature=search")
    for _ in range(2):
        flow = request()
        flow.client_conn = tunnel.client_conn
        call(proxy, flow)
    call(proxy, request())
    connect(proxy, "", header="Bearer x")
    connect(proxy, "", header="Basic a")
    refused = request(("Proxy-Authorization", basic("customer=other")), method="CONNECT")
    refused.response = tutils.tresp(status_code=407)
    refused.client_conn = tunnel.client_conn
    proxy.addon.http_connect(refused)

    told = proxy.rows("customer_id, run_id, tags")
    assert sorted(map(str, (row["customer_id"] for row in told))) == ["None", "acme", "acme"]
    assert json.loads(next(row["tags"] for row in told if row["customer_id"])) == {"feature": "search"}


def test_a_connection_is_not_kept(proxy: Proxy) -> None:
    """What is known of a connection goes with it."""

    connect(proxy, "customer=acme")
    gc.collect()

    assert len(proxy.addon.callers._known) == 0


def test_requests_without_a_tunnel_bring_the_user_name(proxy: Proxy) -> None:
    """A plain request has the user name itself, which no upstream gets to see."""

    flow = request(("Proxy-Authorization", basic("ann;customer=acme")))
    call(proxy, flow)

    (row,) = proxy.rows("customer_id, tags")
    assert (row["customer_id"], row["tags"]) == ("acme", '{"user":"ann"}')
    assert "proxy-authorization" not in flow.request.headers


def test_socks(proxy: Proxy) -> None:
    """A user name that SOCKS let in speaks for its connection, one that it refused does not."""

    for valid, name in ((True, "customer=acme"), (False, "customer=other")):
        flow = request()
        proxy.addon.socks5_auth(Socks5AuthData(flow.client_conn, name, "x", valid))
        call(proxy, flow)

    assert [row["customer_id"] for row in proxy.rows("customer_id")] == ["acme", None]


def test_baggage_of_others(proxy: Proxy) -> None:
    """Baggage that says nothing to us stays as it is."""

    flow = request(("baggage", " a=1 ,b=2 "))
    call(proxy, flow)

    assert [row["customer_id"] for row in proxy.rows("customer_id")] == [None]
    assert flow.request.headers.fields[-1] == (b"baggage", b" a=1 ,b=2 ")


@pytest.mark.parametrize(
    ("name", "kept"),
    [(basic("customer=acme"), False), (basic("customer%3Dacme"), False), (basic("ann"), True), ("Bearer x", True)],
)
def test_other_hosts(proxy: Proxy, name: str, kept: bool) -> None:
    """Of what goes to hosts of no provider, only a user name that speaks to us is taken off."""

    flow = request(("Proxy-Authorization", name), ("X-LLMObserve-Run-ID", "r"), host="example.org")
    proxy.addon.requestheaders(flow)

    assert ("proxy-authorization" in flow.request.headers) == kept


def test_request_over_connection(proxy: Proxy) -> None:
    """A request's own headers are believed before its baggage, its trace and its connection."""

    tunnel = connect(proxy, "customer=connection;run=connection;section=connection;experiment=connection;a=1;b=1;c=1")
    flow = request(
        ("X-LLMObserve-Customer-ID", "header"),
        ("X-LLMObserve-Tags", "a=3"),
        ("baggage", "other=1 ,llmobserve.customer_id=baggage, llmobserve.run_id=baggage;p=1,llmobserve.tag.b=2"),
        ("Baggage", f"llmobserve.section=a%2Fb,llmobserve.span_id={OTHER_SPAN}"),
        ("baggage", "more=2,last=3"),
        ("traceparent", f"00-{TRACE}-{SPAN}-01"),
    )
    flow.client_conn = tunnel.client_conn
    call(proxy, flow)

    (row,) = proxy.rows()
    names = ("customer_id", "run_id", "section", "experiment_id", "trace_id", "span_id", "parent_span_id")
    assert [row[name] for name in names] == ["header", "baggage", "a/b", "connection", TRACE, OTHER_SPAN, None]
    assert json.loads(row["tags"]) == {"a": "3", "b": "2", "c": "1"}
    assert [item for item in flow.request.headers.fields if item[0] != b"Content-Type"] == [
        (b"baggage", b"other=1"),
        (b"baggage", b"more=2,last=3"),
        (b"traceparent", f"00-{TRACE}-{SPAN}-01".encode()),
    ]


def test_what_means_nothing_is_named_once(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt word of ours is taken off, and named once."""

    for _ in range(2):
        call(proxy, request(("X-LLMObserve-Costumer-ID", "acme"), ("baggage", "llmobserve.costumer=acme")))

    assert [record.message.split(" ")[0] for record in caplog.records] == [
        "'x-llmobserve-costumer-id'",
        "'llmobserve.costumer'",
    ]
    assert "acme" not in caplog.text


def test_what_can_not_be_read_is_named_once(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A value that is malformed is not stored, and its word is named once, without the value."""

    words = {"Timestamp": "yesterday", "Tags": '{"secret":', "Trace-ID": "foo", "Span-ID": "zz"}
    tunnel = connect(proxy, "parent_span=secret")
    for _ in range(2):
        flow = request(*((f"X-LLMObserve-{name}", value) for name, value in words.items()))
        flow.client_conn = tunnel.client_conn
        call(proxy, flow)

    names = ("client_skew_ms", "tags", "trace_id", "span_id", "parent_span_id")
    assert [row[name] for row in proxy.rows() for name in names] == [None] * 10
    assert [record.message.split(" ")[0] for record in caplog.records] == [
        *(f"'x-llmobserve-{name.lower()}'" for name in words),
        "'parent_span'",
    ]
    assert not [value for value in ("yesterday", "secret", "foo", "zz") if value in caplog.text]


def test_whose_it_is_never_stops_a_call(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where reading fails, the call is metered all the same, and what is ours taken off."""

    def fail(*_: object) -> None:
        raise RuntimeError("acme")

    monkeypatch.setattr(attribution, "of_headers", fail)
    flow = request(("X-LLMObserve-Customer-ID", "acme"))
    call(proxy, flow)

    assert [row["customer_id"] for row in proxy.rows()] == [None]
    assert "could not be read: RuntimeError at " in caplog.text
    assert "acme" not in caplog.text
    assert "x-llmobserve-customer-id" not in flow.request.headers


def test_keys_have_names(tmp_path: Path, proxy: Proxy) -> None:
    """A key that the policy file names is stored with its name."""

    call(proxy, request(("Authorization", "Bearer sk-proj-0123456789abcdef")))
    (row,) = proxy.rows("api_key_id, api_key_name")
    assert row["api_key_name"] is None
    policy = tmp_path / "policy.yaml"
    policy.write_text(json.dumps({"keys": {row["api_key_id"]: "the team's"}}))
    again = Proxy(tmp_path, llmobserve_policy=str(policy))
    call(again, request(("Authorization", "Bearer sk-proj-0123456789abcdef")))

    assert [row["api_key_name"] for row in again.rows()] == [None, "the team's"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clients_clock(proxy: Proxy, caplog: pytest.LogCaptureFixture, minutes: int) -> None:
    """What a client's clock is off is in its row, which keeps our time; it is said once of each client."""

    for agent in ("sdk/1", "sdk/1", "other/1"):
        flow = request(("User-Agent", f"{agent} x"))
        flow.request.headers["X-LLMObserve-Timestamp"] = str(flow.request.timestamp_start + minutes * 60)
        call(proxy, flow)

    rows = proxy.rows("client_skew_ms, provider_skew_ms")
    assert [row["client_skew_ms"] for row in rows] == [pytest.approx(minutes * 60_000, abs=1)] * 3
    way = "6 minutes ahead of ours" if minutes > 0 else "6 minutes behind ours"
    told = [record.message.partition(":")[0] for record in caplog.records]
    assert told == [f"the clock of the client sdk/1 is {way}", f"the clock of the client other/1 is {way}"]


@pytest.mark.parametrize(
    ("date", "skew_ms", "warned"),
    [
        ("Tue, 01 Jan 2013 00:00:00 GMT", 500.0, 0),
        ("Tue, 01 Jan 2013 00:10:00 GMT", 600_500.0, 1),
        ("Mon, 31 Dec 2012 23:59:59 -0000", -500.0, 0),
        ("yesterday", None, 0),
        ("Tue, 01 Jan 99999999999999999999 00:00:00 GMT", None, 0),
    ],
)
def test_a_providers_clock(
    proxy: Proxy, caplog: pytest.LogCaptureFixture, date: str, skew_ms: float | None, warned: int
) -> None:
    """What a provider's clock is off, when its answer began, is in the row; it is said once of each host."""

    nothing: dict[str, str] = {}
    for age in (nothing, nothing, {"age": "9"}):
        flow = request()
        flow.response = tutils.tresp(content=None)
        flow.response.timestamp_start = 1_356_998_400
        flow.response.headers = http.Headers(content_type="application/json", date=date)
        flow.response.headers.update(age)
        proxy.addon.requestheaders(flow)
        proxy.addon.request(flow)
        proxy.addon.responseheaders(flow)
        proxy.addon.response(flow)

    assert [row["provider_skew_ms"] for row in proxy.rows()] == [skew_ms, skew_ms, None]
    assert len(caplog.records) == warned
    assert "api.openai.com" in caplog.text or not warned


def test_warnings_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """Names that clients choose fill neither the memory nor the log."""

    once = Once()
    for number in range(1100):
        once.warn(str(number))

    assert len(caplog.records) == 1000


@pytest.mark.parametrize(
    ("name", "password", "valid"),
    [
        ("ann", "secret", True),
        ("ann;customer=acme", "secret", True),
        ("customer=acme,ann", "secret", True),
        ("ann;customer=acme", "wrong", False),
        ("bob;customer=acme", "secret", False),
        ("customer=acme", "secret", False),
    ],
)
def test_authentication_sees_the_user_alone(tmp_path: Path, name: str, password: str, valid: bool) -> None:
    """A password belongs to the user, whatever else the name says; also after the option has changed."""

    auth = proxyauth.ProxyAuth()
    made = module.LLMObserve()
    with taddons.context(auth, made) as context:
        options = {"llmobserve_db": str(tmp_path / "db"), "llmobserve_pricing": "", "llmobserve_web": "off"}
        context.configure(made, confdir=str(tmp_path), **options)
        made.running()
        for spec in ("no:body", "ann:secret"):
            context.configure(auth, proxyauth=spec)
            context.configure(made, proxyauth=spec)
        made.running()
        flow = request(("Proxy-Authorization", basic(name, password)), method="CONNECT")
        auth.http_connect(flow)
        made.http_connect(flow)
        known = made.callers._known.get(flow.client_conn)
        made.done()

    assert (flow.response is None) == valid
    assert (known is not None) == valid
    assert known is None or (known.columns.get("customer_id") == "acme") == ("acme" in name)


def test_authentication_of_another_make() -> None:
    """What has no validator is left alone."""

    callers.authenticate_without_pairs(None)
    stranger = SimpleNamespace(validator=None)
    callers.authenticate_without_pairs(stranger)

    assert stranger.validator is None


def test_a_failing_hook_is_contained(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook that fails lets the call go on, and says neither key nor prompt; what is ours is taken off before."""

    def fail(flow: http.HTTPFlow, *_: object) -> None:
        raise RuntimeError(flow.request.headers["authorization"])

    monkeypatch.setattr(begin, "attempt", fail)
    flow = request(("Authorization", "Bearer sk-secret"), ("X-LLMObserve-Run-ID", "r"))
    proxy.addon.requestheaders(flow)

    assert flow.request.stream is True
    assert "x-llmobserve-run-id" not in flow.request.headers
    assert "requestheaders failed, and a row may be missing: RuntimeError at test_callers.py:" in caplog.text
    assert "sk-secret" not in caplog.text


def test_whoever_has_shown_a_password_is_himself(proxy: Proxy) -> None:
    """The user that mitmproxy has let in goes before what a request says of its user; its other tags stay."""
    flow = request(("X-LLMObserve-Tags", "user=bob;team=red"))
    flow.metadata["proxyauth"] = ("ann;customer=acme", "secret")
    call(proxy, flow)

    (row,) = proxy.rows("tags")
    assert json.loads(row["tags"]) == {"user": "ann", "team": "red"}


@pytest.mark.parametrize("header", ["Proxy-Authenticate", "WWW-Authenticate"])
def test_request_that_is_asked_for_a_password(proxy: Proxy, header: str) -> None:
    """What mitmproxy answers itself is neither streamed, which it can't do then, nor a row."""
    flow = request()
    flow.response = http.Response.make(407, b"", {header: f'Basic realm="{proxyauth.REALM}"'})
    proxy.addon.requestheaders(flow)

    assert flow.request.stream is False
    assert proxy.rows() == []
