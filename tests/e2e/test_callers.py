"""Programs and users that share one proxy are told apart, however many of them call at once."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from tests.e2e import asks
from tests.e2e.test_http_clients import FETCHES, Fetch
from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import Upstream

# What knows nothing of us: its environment names the proxy, and that is all.
PROGRAM = """
import anthropic, openai
hello = [{"role": "user", "content": "hello"}]
chat, claude = openai.OpenAI(api_key="sk-1"), anthropic.Anthropic(api_key="sk-2")
for _ in range(5):
    chat.chat.completions.create(model="testbed-chat", messages=hello)
    claude.messages.create(model="testbed-claude", max_tokens=9, messages=hello)
"""
STREAMS = 200


def _named(proxy: Proxy, name: str, password: str = "x") -> str:
    return proxy.url.replace("http://", f"http://{name}:{password}@")


def test_two_programs_at_once(run: Run) -> None:
    """Each program's calls, by either SDK, are those of the customer that its proxy address names."""
    programs = []
    for customer in ("acme", "globex"):
        url = _named(run.proxy, f"customer={customer};run={run.id};feature={customer}-search")
        environment = os.environ | {"HTTPS_PROXY": url, "https_proxy": url}
        programs.append(subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment))
    assert [program.wait(120) for program in programs] == [0, 0]

    found = run.rows(20)
    told = [(row["customer_id"], row["provider"], row["tags"]) for row in found]
    for customer in ("acme", "globex"):
        for provider in ("openai", "anthropic"):
            assert told.count((customer, provider, f'{{"feature":"{customer}-search"}}')) == 5


@pytest.mark.parametrize("fetch", FETCHES, ids=lambda f: f.__name__.strip("_"))
def test_a_client_sends_the_user_name(run: Run, monkeypatch: pytest.MonkeyPatch, fetch: Fetch) -> None:
    """Every client sends the user name of its proxy's address, as it is written there."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, _named(run.proxy, "customer=acme%20inc;feature=search"))
    fetch(run, asks.CHAT)

    row = run.row()
    assert (row["customer_id"], row["tags"]) == ("acme inc", '{"feature":"search"}')


async def _stream(client: httpx.AsyncClient, run: Run, number: int, started: asyncio.Queue[int]) -> str:
    scenario = Scenario(gate=run.id, words=(f"word {number}",))
    headers = run.headers(
        scenario,
        **{"X-LLMObserve-Customer-ID": f"customer {number}", "X-LLMObserve-Section": f"agent:{number}"},
        baggage=f"llmobserve.tag.number={number}",
    )
    async with client.stream(
        "POST", asks.CHAT_STREAM_USAGE.url, json=asks.CHAT_STREAM_USAGE.body, headers=headers
    ) as answer:
        await started.put(number)
        return f"{answer.http_version} {(await answer.aread()).decode()}"


async def _all_at_once(run: Run) -> list[str]:
    """Streams over both versions of HTTP by two programs, none of which goes on before all have begun."""
    started: asyncio.Queue[int] = asyncio.Queue()
    kinds = [(http2, name) for http2 in (False, True) for name in ("program=a", "program=b;customer=other")]
    clients = [
        httpx.AsyncClient(
            http2=http2, proxy=_named(run.proxy, name), timeout=120, limits=httpx.Limits(max_connections=None)
        )
        for http2, name in kinds
    ]
    streams = [asyncio.create_task(_stream(clients[n % len(clients)], run, n, started)) for n in range(STREAMS)]
    for _ in range(STREAMS):
        await started.get()
    await asyncio.to_thread(run.upstream.open_door, run.id)
    try:
        return list(await asyncio.gather(*streams))
    finally:
        for client in clients:
            await client.aclose()


def test_two_hundred_streams_at_once(run: Run) -> None:
    """Every row is of its own context, although all of them were under way at the same time."""
    texts = asyncio.run(_all_at_once(run))

    assert [text.partition(" ")[0] for text in texts] == ["HTTP/1.1", "HTTP/1.1", "HTTP/2", "HTTP/2"] * (STREAMS // 4)
    assert all(f"word {number}" in text for number, text in enumerate(texts))
    found = {row["customer_id"]: row for row in run.rows(STREAMS)}
    assert set(found) == {f"customer {number}" for number in range(STREAMS)}
    for number in range(STREAMS):
        row = found[f"customer {number}"]
        tags = {"number": str(number), "program": "ab"[number % 2]}
        assert (row["section"], json.loads(row["tags"]), row["outcome"]) == (f"agent:{number}", tags, "ok")


def _password_file(folder: Path) -> str:
    digest = b64encode(hashlib.sha1(b"secret").digest()).decode()
    file = folder / "users"
    file.write_text(f"ann:{{SHA}}{digest}\n")
    return f"@{file}"


@pytest.mark.parametrize("kind", ["single", "file"])
def test_users_with_a_password(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    """A user with the right password is let in and named, and says in the same place whose calls these are."""
    options = {"proxyauth": "ann:secret" if kind == "single" else _password_file(tmp_path)}
    with Proxy(tmp_path / "proxy", upstream, options=options, modes=("regular", "socks5")) as proxy:
        for name in ("ann", "ann;customer=acme"):
            with httpx.Client(proxy=_named(proxy, name, "secret"), verify=proxy.trust()) as client:
                assert client.post(asks.CHAT.url, json=asks.CHAT.body).status_code == 200
        for name, password in (
            ("ann;customer=acme", "wrong"),
            ("bob;customer=acme", "secret"),
            ("customer=acme", "secret"),
        ):
            with (
                httpx.Client(proxy=_named(proxy, name, password), verify=proxy.trust()) as client,
                pytest.raises(httpx.ProxyError, match="407"),
            ):
                client.post(asks.CHAT.url, json=asks.CHAT.body)
        found = rows.every(proxy.db, 2)
        log = proxy.log.read_text()

    assert [(row["customer_id"], row["tags"]) for row in found] == [
        (None, '{"user":"ann"}'),
        ("acme", '{"user":"ann"}'),
    ]
    assert "secret" not in log


def test_plain_request_without_the_password(upstream: Upstream, tmp_path: Path) -> None:
    """A request that comes through no tunnel is asked for the password as well, and leaves no row."""
    with Proxy(tmp_path / "proxy", upstream, options={"proxyauth": "ann:secret"}) as proxy:
        with httpx.Client(proxy=_named(proxy, "ann", "wrong")) as client:
            answered = client.post(asks.CHAT.url.replace("https:", "http:"), json=asks.CHAT.body)
        with httpx.Client(proxy=_named(proxy, "ann", "secret"), verify=proxy.trust()) as client:
            told = {"X-LLMObserve-Tags": "user=bob;team=red"}
            assert client.post(asks.CHAT.url, json=asks.CHAT.body, headers=told).status_code == 200
        (row,) = rows.every(proxy.db, 1)

    assert answered.status_code == 407
    assert json.loads(row["tags"]) == {"user": "ann", "team": "red"}


def test_socks(upstream: Upstream, tmp_path: Path) -> None:
    """The same user name says the same over SOCKS."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with Proxy(tmp_path / "proxy", upstream, options={"proxyauth": "ann:secret"}, modes=("regular", "socks5")) as proxy:
        address = f"socks5h://ann;customer=acme:secret@127.0.0.1:{proxy.ports[1]}"
        command = ["curl", "-sS", "--fail", "--proxy", address, "--cacert", str(proxy.bundle), asks.CHAT.url]
        body = ["-H", "content-type: application/json", "-d", json.dumps(asks.CHAT.body)]
        subprocess.run([*command, *body], check=True, timeout=60)
        (row,) = rows.every(proxy.db, 1)

    assert (row["customer_id"], row["tags"]) == ("acme", '{"user":"ann"}')
