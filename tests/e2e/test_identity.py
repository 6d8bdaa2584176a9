"""The client's bytes are the same directly, through bare mitmdump and through the addon; so are the upstream's."""

import ssl
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.e2e import asks
from tests.e2e.asks import Ask
from tests.testbed.proxy import Proxy
from tests.testbed.raw import Connection, Received
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import Upstream

LONG = ("word ",) * 400

JSON_CASES = {
    "length": Scenario(),
    "chunked": Scenario(framing="chunked"),
    "until_close": Scenario(framing="until_close"),
    "gzip": Scenario(encoding="gzip"),
    "deflate": Scenario(encoding="deflate"),
    "br": Scenario(encoding="br"),
    "zstd": Scenario(encoding="zstd"),
    "malformed": Scenario(malformed=True),
    "no_usage": Scenario(usage=False),
    "400": Scenario(status=400),
    "429": Scenario(status=429),
    "500": Scenario(status=500),
    "cut_in_bytes": Scenario(cut=1),
    "duplicate_headers": Scenario(headers=(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Odd", ""))),
}
STREAM_CASES = {
    "plain": Scenario(),
    "content_length": Scenario(framing="length"),
    "until_close": Scenario(framing="until_close"),
    "gzip": Scenario(encoding="gzip"),
    "deflate": Scenario(encoding="deflate"),
    "br": Scenario(encoding="br"),
    "zstd": Scenario(encoding="zstd"),
    "gzip_cut": Scenario(encoding="gzip", cut=3),
    "cut_in_bytes": Scenario(cut=1),
    "cut_by_7": Scenario(cut=7),
    "crlf": Scenario(crlf=True, cut=5),
    "bom": Scenario(bom=True),
    "comments": Scenario(comments=True),
    "no_space": Scenario(no_space=True),
    "no_final_blank": Scenario(no_final_blank=True),
    "as_json": Scenario(content_type="application/json"),
    "as_text": Scenario(content_type="text/plain"),
    "malformed": Scenario(malformed=True),
    "error_event": Scenario(error_event=True),
    "no_usage": Scenario(usage=False),
    "error_status": Scenario(status=429),
    "long": Scenario(words=LONG),
}
STREAMS = {
    "chat_with_usage": asks.CHAT_STREAM_USAGE,
    "responses": asks.RESPONSES_STREAM,
    "anthropic": asks.MESSAGES_STREAM,
    "gemini": asks.GEMINI_STREAM,
    "openrouter": asks.OPENROUTER_STREAM,
}
DOCUMENTS = {"chat": asks.CHAT, "anthropic": asks.MESSAGES, "gemini": asks.GEMINI, "unknown_path": asks.UNKNOWN_PATH}
# An answer whose length was announced cannot lose what only the asking put in, nor can what is not even JSON.
NOT_ASKABLE = ("content_length", "malformed")


def _fetch(upstream: Upstream, ask: Ask, scenario: Scenario, proxy: Proxy | None) -> tuple[Received, dict[str, Any]]:
    mark = upstream.mark()
    with Connection(upstream, ask.host, proxy) as connection:
        connection.send(ask.raw(scenario, **{"Accept-Encoding": "gzip, deflate, br, zstd"}))
        received = connection.receive()
    return received, upstream.wait(mark, host=ask.host)


def _seen(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["head"], entry["sha256"]


def _assert_same(upstream: Upstream, proxy: Proxy, bare: Proxy, ask: Ask, scenario: Scenario) -> None:
    direct, asked_direct = _fetch(upstream, ask, scenario, None)
    plain, asked_plain = _fetch(upstream, ask, scenario, bare)
    metered, asked_metered = _fetch(upstream, ask, scenario, proxy)

    assert direct.complete
    assert metered == direct
    assert metered == plain
    assert _seen(asked_metered) == _seen(asked_direct) == _seen(asked_plain)


@pytest.mark.parametrize("case", JSON_CASES)
@pytest.mark.parametrize("ask", DOCUMENTS)
def test_document(upstream: Upstream, proxy: Proxy, bare: Proxy, ask: str, case: str) -> None:
    """A document arrives with the same head and body in every framing, and the upstream sees the same request."""
    _assert_same(upstream, proxy, bare, DOCUMENTS[ask], JSON_CASES[case])


@pytest.mark.parametrize("case", STREAM_CASES)
@pytest.mark.parametrize("ask", STREAMS)
def test_stream(upstream: Upstream, proxy: Proxy, bare: Proxy, ask: str, case: str) -> None:
    """A stream arrives with the same head and body in every framing, and the upstream sees the same request."""
    _assert_same(upstream, proxy, bare, STREAMS[ask], STREAM_CASES[case])


@pytest.mark.parametrize("case", [None, *(("cut", n) for n in (1, 3, 64))], ids=str)
def test_gemini_array(upstream: Upstream, proxy: Proxy, bare: Proxy, case: tuple[str, int] | None) -> None:
    """A streamed JSON array arrives unchanged, however it is cut."""
    scenario = Scenario(cut=case[1]) if case else Scenario()
    _assert_same(upstream, proxy, bare, asks.GEMINI_ARRAY, scenario)


@pytest.mark.parametrize("case", [name for name in STREAM_CASES if name not in NOT_ASKABLE])
def test_stream_that_does_not_ask_for_usage(upstream: Upstream, proxy: Proxy, case: str) -> None:
    """A chat stream whose usage the addon asked for is, for the client, the stream it would have been."""
    scenario = STREAM_CASES[case]
    direct, _ = _fetch(upstream, asks.CHAT_STREAM, replace(scenario, encoding=""), None)
    metered, _ = _fetch(upstream, asks.CHAT_STREAM, scenario, proxy)

    assert metered.complete
    assert metered == direct


def test_a_length_that_no_longer_holds(upstream: Upstream, proxy: Proxy) -> None:
    """Where the upstream announced a length, the client gets the same bytes, framed as chunks."""
    scenario = Scenario(framing="length")
    direct, _ = _fetch(upstream, asks.CHAT_STREAM, scenario, None)
    metered, _ = _fetch(upstream, asks.CHAT_STREAM, scenario, proxy)

    assert (metered.body, metered.complete, metered.status) == (direct.body, True, 200)


def _h2(upstream: Upstream, ask: Ask, scenario: Scenario, proxy: Proxy | None) -> tuple[Any, ...]:
    trust = ssl.create_default_context(cafile=str(proxy.bundle if proxy else upstream.files.ca))
    mark = upstream.mark()
    with httpx.Client(http2=True, verify=trust, proxy=proxy.url if proxy else None, trust_env=False) as client:
        url = ask.url if proxy else f"https://127.0.0.1:{upstream.port}{ask.path}"
        extensions = {"sni_hostname": ask.host}
        headers = {"Host": ask.host, **scenario.header()}
        with client.stream("POST", url, json=ask.body, headers=headers, extensions=extensions) as answer:
            body = b"".join(answer.iter_raw())
    assert answer.http_version == "HTTP/2"
    entry = upstream.wait(mark, host=ask.host)
    seen = sorted(map(tuple, entry["headers"])), entry["sha256"]
    return answer.status_code, answer.headers.raw, body, seen


@pytest.mark.parametrize("case", ["plain", "gzip", "zstd", "cut_in_bytes", "crlf", "error_event", "error_status"])
@pytest.mark.parametrize("ask", STREAMS)
def test_stream_over_http2(upstream: Upstream, proxy: Proxy, bare: Proxy, ask: str, case: str) -> None:
    """HTTP/2 streams arrive with the same headers and body, and the upstream sees the same request."""
    wanted, scenario = STREAMS[ask], STREAM_CASES[case]

    metered = _h2(upstream, wanted, scenario, proxy)
    assert metered == _h2(upstream, wanted, scenario, bare)
    assert metered == _h2(upstream, wanted, scenario, None)


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_cut_stream_is_cut_at_the_same_byte(upstream: Upstream, proxy: Proxy, framing: Any) -> None:
    """When the upstream hangs up midway, the client has got every byte that came, and sees that more is missing."""
    scenario = Scenario(ending="close", after=5, framing=framing)
    direct, _ = _fetch(upstream, asks.MESSAGES_STREAM, scenario, None)
    metered, _ = _fetch(upstream, asks.MESSAGES_STREAM, scenario, proxy)

    assert not direct.complete
    assert metered == direct


@pytest.mark.parametrize("through", ["h1", "h2"])
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_cut_document_is_a_broken_connection(upstream: Upstream, proxy: Proxy, ending: Any, through: str) -> None:
    """A client whose small answer is cut meets the kind of error that it would meet without us, and no made-up 502."""
    trust = ssl.create_default_context(cafile=proxy.bundle)
    for address in (None, proxy.url):
        url = asks.CHAT.url if address else f"https://127.0.0.1:{upstream.port}{asks.CHAT.path}"
        headers = {"Host": asks.CHAT.host, **Scenario(ending=ending).header()}
        with (
            httpx.Client(http2=through == "h2", verify=trust, proxy=address, trust_env=False) as client,
            pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
        ):
            client.post(url, json=asks.CHAT.body, headers=headers, extensions={"sni_hostname": asks.CHAT.host})
