"""Keys, passwords and prompts are kept nowhere: neither where all goes well nor in what is said of faults."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import httpx

from tests.e2e import asks
from tests.testbed import rows
from tests.testbed.proxy import FAULTS, Proxy
from tests.testbed.raw import Connection
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import Upstream

SECRET = "sk-proj-SecretThatMustNotBeKept-0123456789wxyz"
PASSWORD = "proxy-PasswordThatMustNotBeKept"
PROMPT = "PromptThatMustNotBeKept"
SIGNED = f"X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F20261120&X-Amz-Signature={SECRET}&X-Amz-Security-Token={SECRET}"
BASIC = b64encode(f"AC123:{SECRET}".encode()).decode()
# However it is written: as it is, as part of a Basic header, of the key with its name, or of the proxy's.
HIDDEN = [
    text.encode()
    for text in (SECRET[8:30], PASSWORD, PROMPT, BASIC, b64encode(f"customer=acme:{PASSWORD}".encode()).decode())
]
WAYS: dict[str, tuple[dict[str, str], str]] = {
    "bearer": ({"Authorization": f"Bearer {SECRET}"}, ""),
    "header": ({"x-api-key": SECRET}, ""),
    "google": ({"x-goog-api-key": SECRET}, ""),
    "basic": ({"Authorization": f"Basic {BASIC}"}, ""),
    "query": ({}, f"key={SECRET}"),
    "presigned": ({}, SIGNED),
    "subprotocol": ({"Sec-WebSocket-Protocol": f"openai-insecure-api-key.{SECRET}"}, ""),
}
ASKS = (asks.CHAT, asks.MESSAGES, asks.GEMINI, asks.RESPONSES)


def _call_all(proxy: Proxy) -> int:
    """Each API by each way to send a key, by a client with a proxy password."""
    url = proxy.url.replace("http://", f"http://customer=acme:{PASSWORD}@")
    with httpx.Client(proxy=url, verify=proxy.trust(), trust_env=False) as client:
        for ask in ASKS:
            for headers, query in WAYS.values():
                answer = client.post(f"{ask.url}?{query}", json=ask.body | {"user": PROMPT}, headers=headers)
                assert answer.status_code == 200
    return len(ASKS) * len(WAYS)


def _kept(proxy: Proxy) -> list[str]:
    """The files of a proxy that hold what they must not, its log among them."""
    files = [path for path in proxy.folder.rglob("*") if path.is_file()]
    assert {proxy.db, proxy.log} <= set(files)
    contents = {path.name: path.read_bytes() for path in files}
    return [name for name, content in contents.items() if any(secret in content for secret in HIDDEN)]


def test_calls_that_go_well(upstream: Upstream, tmp_path: Path) -> None:
    """No file of the proxy has a secret, by whatever way it was sent, while it runs and when it has ended."""
    with Proxy(tmp_path / "proxy", upstream) as proxy:
        found = rows.every(proxy.db, _call_all(proxy))
        meanwhile = _kept(proxy)

    assert {row["customer_id"] for row in found} == {"acme"}
    assert {str(row["api_key_id"]).partition("...")[2] for row in found} == {"wxyz", "MNOP", ""}
    assert meanwhile == _kept(proxy) == []


def test_faults_of_ours(upstream: Upstream, tmp_path: Path) -> None:
    """Where the metering fails with a secret in hand, the client gets its answer and the log the place of the fault."""
    with Proxy(tmp_path / "proxy", upstream, scripts=[FAULTS]) as proxy:
        count = _call_all(proxy) - len(WAYS)  # those whose attempt could not begin have no row
        found = rows.every(proxy.db, count)

    log = proxy.log.read_text()
    assert {row["provider"] for row in found} == {"openai", "anthropic"}
    for said in ("requestheaders failed", "could not be read", "is not metered to its end", "could not be priced"):
        assert log.count(said) == len(WAYS), said
    assert log.count("Fault at faults.py:") == len(ASKS) * len(WAYS)
    assert _kept(proxy) == []


def test_faults_of_others(upstream: Upstream, tmp_path: Path) -> None:
    """What mitmproxy itself refuses, and what an upstream breaks off, is not repeated in a log either."""
    ask = replace(asks.CHAT, path=f"{asks.CHAT.path}?key={SECRET}")
    headers = {"Authorization": f"Bearer {SECRET}"}
    with Proxy(tmp_path / "proxy", upstream) as proxy:
        with Connection(upstream, ask.host, proxy) as connection:
            head, _, body = ask.raw(**headers).partition(b"\r\n\r\n")
            connection.send(head + f"\r\nnot a header {SECRET}\r\n\r\n".encode() + body)
            assert b" 400 " in connection.receive_rest().partition(b"\r\n")[0]
        with Connection(upstream, ask.host, proxy) as connection:
            connection.send(ask.raw(Scenario(ending="reset", after=0), **headers))
            connection.receive_rest()
        (row,) = rows.every(proxy.db, 1)

    assert row["outcome"] != "ok"
    assert _kept(proxy) == []
