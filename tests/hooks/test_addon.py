import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mitmproxy import exceptions, http, tls
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import server_hooks
from mitmproxy.test import taddons, tflow, tutils

from llmobs import store
from llmobs.hooks import LLMObserve
from llmobs.hooks import addon as module
from llmobs.tap import RequestTap, ResponseTap
from tests.books import TEXT

CHAT = (
    b'{"id":"c","model":"gpt-x","choices":[{"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":2}}'
)
ASKED = b'{"model":"gpt-x","messages":[{"role":"user","content":"hello there"}]}'
STREAM = b'{"model":"gpt-x","stream":true,"messages":[]}'
SSE = (
    b'data: {"id":"c","choices":[{"delta":{"content":"hi"}}],"usage":null}\n\n'
    b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}\n\n'
    b"data: [DONE]\n\n"
)
STRIPPED = b'data: {"id":"c","choices":[{"delta":{"content":"hi"}}]}\n\ndata: [DONE]\n\n'


def rows_of(database: Path, columns: str = "*") -> list[dict[str, Any]]:
    """The events of a database."""
    table = store.read(database, f"SELECT {columns} FROM events ORDER BY started_at")
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


class Proxy:
    """The addon in mitmproxy's test context, with a database of its own."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.database = folder / "events.duckdb"
        self.addon = LLMObserve()
        self.context = taddons.context(self.addon)
        self.context.options.add_option("connection_strategy", str, "eager", "as mitmproxy's own addon has it")
        options = {"llmobserve_pricing": "", "llmobserve_web": "off", **options}
        self.context.configure(self.addon, confdir=str(folder / "conf"), llmobserve_db=str(self.database), **options)
        self.addon.running()

    def rows(self, columns: str = "*") -> list[dict[str, Any]]:
        """What is in the table once the addon is done."""
        self.addon.done()
        return rows_of(self.database, columns)

    def flow(self, body: bytes = ASKED, path: str = "/v1/chat/completions", **request: Any) -> http.HTTPFlow:
        """A request that has passed the request hooks."""
        named = {"content_type": "application/json", "content_length": str(len(body)), **request.pop("headers", {})}
        headers = http.Headers([(k.replace("_", "-").encode(), v.encode()) for k, v in named.items()])
        request = {"host": "api.openai.com", "port": 443, "method": b"POST", **request}
        flow = tflow.tflow(req=tutils.treq(path=path.encode(), content=body, headers=headers, **request))
        self.addon.requestheaders(flow)
        self.addon.request(flow)
        return flow

    def answer(self, flow: http.HTTPFlow, *chunks: bytes, status: int = 200, **headers: str) -> bytes:
        """What the client gets of an answer that passes in these chunks."""
        headers = {"content_type": "application/json"} | headers
        flow.response = tutils.tresp(status_code=status, content=None)
        flow.response.headers = http.Headers([(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()])
        self.addon.responseheaders(flow)
        stream = flow.response.stream
        if stream is True:
            return b"".join(chunks)
        assert isinstance(stream, ResponseTap)
        got = [stream(chunk) for chunk in (*chunks, b"")]
        return b"".join(part if isinstance(part, bytes) else b"".join(part) for part in got)

    def call(self, flow: http.HTTPFlow, *chunks: bytes, **answer: Any) -> bytes:
        """A whole call; gives what the client gets."""
        got = self.answer(flow, *chunks, **answer)
        self.addon.response(flow)
        return got


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small price book in place of the real one."""

    path = tmp_path / "pricing.yaml"
    path.write_text(TEXT)
    monkeypatch.setattr(module, "PRICES", path)
    return path


@pytest.fixture
def proxy(tmp_path: Path, prices: Path) -> Iterator[Proxy]:
    """A running addon."""

    made = Proxy(tmp_path)
    yield made
    made.addon.done()


def test_a_call_becomes_a_row(proxy: Proxy) -> None:
    """A metered call passes unchanged and leaves one row with its cost and who made it."""

    flow = proxy.flow(
        headers={
            "authorization": "Bearer sk-proj-0123456789abcdef",
            "user_agent": "OpenAI/Python 3.0",
            "X_LLMObserve_Customer_ID": "acme",
            "X_LLMObserve_Run_ID": "nightly",
            "X_LLMObserve_Later": "x",
        }
    )
    assert proxy.call(flow, CHAT[:20], CHAT[20:]) == CHAT

    (row,) = proxy.rows()
    assert (row["outcome"], row["cost_status"], float(row["cost_usd"])) == ("ok", "exact", 0.00004)
    assert (row["provider"], row["operation"], row["model"]) == ("openai", "chat", "gpt-x")
    assert (row["customer_id"], row["run_id"], row["client"]) == ("acme", "nightly", "OpenAI/Python")
    assert row["api_key_id"].endswith("...cdef")
    assert (row["request_bytes"], row["response_bytes"]) == (len(ASKED), len(CHAT))
    assert not [name for name in flow.request.headers if name.lower().startswith("x-llmobserve")]


def test_other_hosts_pass_by(proxy: Proxy) -> None:
    """A host of no provider is streamed and leaves no row."""

    flow = proxy.flow(host="example.org")

    assert flow.request.stream is True
    assert proxy.call(flow, b"x") == b"x"
    assert proxy.rows() == []


def test_looking_things_up_leaves_no_row(proxy: Proxy) -> None:
    """A GET to a provider costs nothing, whatever usage it repeats; our headers do not reach it either."""

    flow = proxy.flow(b"", path="/v1/responses/resp_1", method=b"GET", headers={"X_LLMObserve_Run_ID": "nightly"})
    proxy.call(flow, CHAT)

    assert proxy.rows() == []
    assert "x-llmobserve-run-id" not in flow.request.headers


def test_an_unknown_path_is_recorded_and_named(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A path that no route knows leaves an unpriced row, and a warning once."""

    for number in (1, 2):
        proxy.call(proxy.flow(path=f"/v1/brand-new/object_0000000{number}?key=secret"), b"{}")

    rows = proxy.rows()
    assert {(row["path"][:13], row["cost_status"], row["operation"]) for row in rows} == {
        ("/v1/brand-new", "unpriced", None)
    }
    assert len(rows) == 2
    (said,) = [r.message for r in caplog.records if "no route knows" in r.message]
    assert "api.openai.com/v1/brand-new/* " in said


def test_usage_is_asked_for_and_the_answer_taken_out(proxy: Proxy) -> None:
    """A stream whose client did not ask is asked for; the client gets what it would have got."""

    flow = proxy.flow(STREAM, headers={"accept_encoding": "gzip"})
    assert b'"include_usage":true' in (flow.request.raw_content or b"")
    assert flow.request.headers["accept-encoding"] == "identity"
    assert int(flow.request.headers["content-length"]) == len(flow.request.raw_content or b"")

    got = proxy.call(flow, SSE[:30], SSE[30:], content_type="text/event-stream", content_length=str(len(SSE)))

    assert got == STRIPPED
    assert flow.response is not None
    assert "content-length" not in flow.response.headers
    assert flow.response.headers["transfer-encoding"] == "chunked"
    (row,) = proxy.rows()
    assert (row["cost_status"], row["input_tokens"], row["request_bytes"]) == ("exact", 10, len(STREAM))
    assert row["streamed"] is True


def test_an_answer_that_is_encoded_all_the_same_is_decoded(proxy: Proxy) -> None:
    """Only plain text can be stripped; the client gets it without its encoding header."""

    flow = proxy.flow(STREAM)
    packed = gzip.compress(SSE)

    assert (
        proxy.call(flow, packed[:9], packed[9:], content_type="text/event-stream", content_encoding="gzip") == STRIPPED
    )
    assert flow.response is not None
    assert "content-encoding" not in flow.response.headers


def test_a_host_that_refuses_is_left_alone(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """After one refusal the host is not asked again."""

    refusal = b'{"error":{"message":"Unknown parameter: stream_options","type":"invalid_request_error"}}'
    proxy.call(proxy.flow(STREAM), refusal, status=400)

    again = proxy.flow(STREAM)
    assert again.request.raw_content == STREAM
    assert isinstance(again.request.stream, RequestTap)
    assert not again.request.stream.may_ask
    assert "refuses stream_options" in caplog.text


def test_another_refusal_changes_nothing(proxy: Proxy) -> None:
    """A 400 for another reason does not stop the asking."""

    proxy.call(proxy.flow(STREAM), b'{"error":{"type":"other"}}', status=400)

    assert b"include_usage" in (proxy.flow(STREAM).request.raw_content or b"")


def test_asking_can_be_turned_off(tmp_path: Path, prices: Path) -> None:
    """With the option off a request is never touched, and the missing usage is estimated."""

    proxy = Proxy(tmp_path, llmobserve_include_usage=False)
    flow = proxy.flow(ASKED.replace(b"{", b'{"stream":true,', 1))
    body = flow.request.raw_content
    proxy.call(flow, b'data: {"choices":[{"delta":{"content":"hi you"}}]}\n\n', content_type="text/event-stream")

    assert b"include_usage" not in (body or b"")
    (row,) = proxy.rows()
    assert (row["cost_status"], row["output_tokens"]) == ("estimated", 2)


def test_uploads_are_not_held_back(proxy: Proxy) -> None:
    """What is large, or of unknown length, streams through; what is small is sooner sent whole."""

    large = b"x" * 70_000
    assert proxy.flow(large, path="/v1/embeddings").request.stream
    assert proxy.flow(large, headers={"content_encoding": "gzip"}).request.stream
    assert not proxy.flow(path="/v1/embeddings").request.stream


@pytest.mark.parametrize(
    ("client_open", "answered", "outcome", "status"),
    [
        (False, True, "client_aborted", "estimated"),
        (True, True, "upstream_aborted", "partial"),
        (True, False, "error", "not_billed"),
    ],
)
def test_cut_calls(proxy: Proxy, client_open: bool, answered: bool, outcome: str, status: str) -> None:
    """Who is still connected tells who cut the call; each ending is one row."""

    flow = proxy.flow()
    if answered:
        proxy.answer(flow, b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n', content_type="text/event-stream")
    flow.client_conn.state = ConnectionState.OPEN if client_open else ConnectionState.CLOSED
    flow.error = tflow.terr()
    proxy.addon.error(flow)
    proxy.addon.error(flow)

    (row,) = proxy.rows()
    assert (row["outcome"], row["cost_status"]) == (outcome, status)


@pytest.mark.parametrize(
    ("kind", "client_open", "killed"),
    [("application/json", True, True), ("application/json", False, False), ("text/event-stream", True, False)],
)
def test_a_cut_answer_that_is_held(proxy: Proxy, kind: str, client_open: bool, killed: bool) -> None:
    """A small document that the upstream cuts ends its client's connection, as mitmproxy would invent an answer."""
    flow = proxy.flow()
    flow.response = tutils.tresp(content=None)
    flow.response.headers = http.Headers([(b"content-type", kind.encode()), (b"content-length", b"900")])
    proxy.addon.responseheaders(flow)
    assert bool(flow.response.stream) == (kind == "text/event-stream")
    flow.client_conn.state = ConnectionState.OPEN if client_open else ConnectionState.CLOSED
    flow.live, flow.error = True, tflow.terr()

    proxy.addon.error(flow)

    assert flow.error.msg == (flow.error.KILLED_MESSAGE if killed else "error")


def test_errors_elsewhere_are_none_of_ours(proxy: Proxy) -> None:
    """An error of a flow that is not metered is passed over."""

    proxy.addon.error(proxy.flow(host="example.org"))

    assert proxy.rows() == []


def test_a_stop_ends_what_is_running(proxy: Proxy) -> None:
    """The proxy's stop leaves a row for each call that was in flight, once."""

    flow = proxy.flow()
    words = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n' * 3
    flow.response = tutils.tresp(content=None)
    flow.response.headers = http.Headers([(b"content-type", b"text/event-stream")])
    proxy.addon.responseheaders(flow)
    assert isinstance(flow.response.stream, ResponseTap)
    flow.response.stream(words[:53])
    flow.response.stream(words[53:])
    proxy.addon.done()
    proxy.addon.responseheaders(flow)
    flow.error = tflow.terr()
    proxy.addon.error(flow)

    (row,) = proxy.rows()
    assert (row["outcome"], row["streamed"], row["output_tokens"]) == ("interrupted", True, 3)


def test_recorded_flows_are_metered(proxy: Proxy) -> None:
    """A flow that is read from a file has its bodies in place, and keeps its own times."""

    flow = tflow.tflow(
        req=tutils.treq(
            host="api.openai.com", port=443, method=b"POST", path=b"/v1/chat/completions", content=ASKED,
            timestamp_start=1_700_000_000, headers=http.Headers(content_type="application/json"),
        ),
        resp=tutils.tresp(content=CHAT, timestamp_start=1_700_000_001, timestamp_end=1_700_000_002),
    )  # fmt: skip
    for hook in (proxy.addon.requestheaders, proxy.addon.request, proxy.addon.responseheaders, proxy.addon.response):
        hook(flow)

    (row,) = proxy.rows()
    assert (row["started_at"].year, row["latency_ms"], row["ttft_ms"]) == (2023, 2000, 1000)
    assert (row["request_model"], row["input_tokens"]) == ("gpt-x", 10)


@pytest.mark.parametrize(
    ("sni", "address", "ignored"),
    [
        ("api.openai.com", ("203.0.113.9", 443), False),
        (None, ("api.openai.com", 443), False),
        ("example.org", ("example.org", 443), True),
        (None, None, True),
    ],
)
def test_only_providers_are_decrypted(
    proxy: Proxy, sni: str | None, address: tuple[str, int] | None, ignored: bool
) -> None:
    """Any host that is not a provider's is tunnelled with its own certificate."""

    flow = tflow.tflow()
    flow.server_conn.address = address
    context = type("Context", (), {"server": flow.server_conn})()
    hello = type("Hello", (), {"sni": sni})()
    data = tls.ClientHelloData(context, hello)
    proxy.addon.tls_clienthello(data)

    assert data.ignore_connection is ignored


def test_a_client_that_distrusts_us_is_told_what_to_do_once(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A refused certificate is explained once a host."""

    flow = tflow.tflow()
    flow.client_conn.sni = "api.openai.com"
    data = tls.TlsData(flow.client_conn, None)  # type: ignore[arg-type]
    proxy.addon.tls_failed_client(data)
    proxy.addon.tls_failed_client(data)

    assert caplog.text.count("does not trust the proxy's CA") == 1


def test_bad_prices_stop_the_start(tmp_path: Path, prices: Path) -> None:
    """A mistake in the user's own file ends the start with its place, and a running proxy keeps what it has."""

    mine = tmp_path / "mine.yaml"
    mine.write_text("providers:\n  openai:\n    modles: {}\n")

    with pytest.raises(SystemExit, match=r"mine.yaml:3.*models"):
        Proxy(tmp_path, llmobserve_pricing=str(mine))
    proxy = Proxy(tmp_path)
    with pytest.raises(exceptions.OptionsError, match=r"mine.yaml:3.*models"):
        proxy.context.configure(proxy.addon, llmobserve_pricing=str(mine))
    proxy.call(proxy.flow(), CHAT)
    assert len(proxy.rows()) == 1


def test_no_place_for_rows_stops_the_start(tmp_path: Path, prices: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing can be kept the proxy does not start, and says what to do."""

    (tmp_path / "events.duckdb.spool").write_text("a file, not a folder")
    Proxy(tmp_path).addon.done()

    (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
    assert "name a database elsewhere" in record.message


def test_a_foreign_database_stops_the_start(tmp_path: Path, prices: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database of another program is not written to, and the start says so."""

    duckdb.connect(str(tmp_path / "events.duckdb")).execute("CREATE TABLE theirs (x INTEGER)").close()
    Proxy(tmp_path).addon.done()

    (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
    assert "another program" in record.message


def test_a_database_that_is_locked_does_not_stop_the_start(
    tmp_path: Path, prices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be written now is spooled: the start only warns."""

    with store.writing(tmp_path / "events.duckdb"):
        pass
    hold = f"import duckdb; db = duckdb.connect({str(tmp_path / 'events.duckdb')!r}); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        proxy = Proxy(tmp_path)
        proxy.call(proxy.flow(), CHAT)
        assert str(other.pid) in caplog.text
        other.communicate(b"\n")

    assert len(proxy.rows()) == 1


def test_a_provider_that_cannot_be_reached_is_named(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    """A connection that fails before any request is said, for providers only."""

    for host in ("api.openai.com", "example.org"):
        server = tflow.tflow().server_conn
        server.address, server.error = (host, 443), "connection refused"
        proxy.addon.server_connect_error(server_hooks.ServerConnectionHookData(server, tflow.tclient_conn()))

    assert [r.message for r in caplog.records if "reached" in r.message] == [
        "api.openai.com:443 could not be reached: connection refused"
    ]


def test_a_new_database_takes_over(proxy: Proxy, tmp_path: Path) -> None:
    """Changing the option while running closes the one and opens the other."""

    proxy.call(proxy.flow(), CHAT)
    other = tmp_path / "other.duckdb"
    proxy.context.configure(proxy.addon, llmobserve_db=str(other))
    proxy.call(proxy.flow(), CHAT)
    proxy.addon.done()

    for database in (proxy.database, other):
        assert len(rows_of(database)) == 1


def test_a_failure_of_ours_still_leaves_a_row(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If pricing itself breaks, what the request told is recorded and the log says so."""

    flow = proxy.flow()
    tap = flow.request.stream
    assert isinstance(tap, RequestTap)
    monkeypatch.setattr(type(tap.attempt), "event", lambda *_: 1 / 0)
    assert proxy.call(flow, CHAT) == CHAT

    (row,) = proxy.rows()
    assert (row["outcome"], row["cost_usd"]) == ("interrupted", None)
    assert "could not be priced" in caplog.text


@pytest.mark.parametrize(
    ("key", "status"), [("sk-ant-oat01-a-login-of-a-plan", "not_billed"), ("sk-ant-api03-a-key", "exact")]
)
def test_a_key_of_a_plan_is_not_billed(tmp_path: Path, key: str, status: str) -> None:
    """A login that a subscription pays for costs nothing; what it would have cost stands apart."""
    proxy = Proxy(tmp_path)
    headers = {"authorization": f"Bearer {key}"}
    asked = b'{"model":"claude-haiku-4-5","messages":[]}'
    flow = proxy.flow(asked, "/v1/messages", host="api.anthropic.com", headers=headers)
    usage = b'"usage":{"input_tokens":1000000,"output_tokens":0}'
    proxy.call(flow, b'{"type":"message","model":"claude-haiku-4-5","stop_reason":"end_turn",' + usage + b"}")

    (row,) = proxy.rows("cost_status, cost_usd, list_cost_usd")
    assert (row["cost_status"], row["list_cost_usd"]) == (status, 1)
    assert row["cost_usd"] == (1 if status == "exact" else 0)
