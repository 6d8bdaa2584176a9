"""Tests of the parts of scripts/run.py that need no proxy."""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import connection, http
from mitmproxy.test import taddons, tflow

from llmobs import authority
from scripts.run_parts import child, leash, proxies, trust
from scripts.run_parts.bearer import bearer
from scripts.run_parts.environment import BUNDLES, Way, environment

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA's certificate."""
    return authority.make(tmp_path_factory.mktemp("ca"), ["api.openai.com"]).path


# On whose behalf.


@given(customer=TEXT, key=TEXT, value=TEXT)
def test_a_user_name_carries_any_text(customer: str, key: str, value: str) -> None:
    """Whatever a value holds, it is there when the address and then its parts are decoded."""

    url = urlsplit(bearer({"customer": customer, "run": "r"}, [(key, value)]).url("127.0.0.1", 8080))
    pairs = [part.split("=") for part in unquote(url.username or "").split(";")]

    assert (url.hostname, url.port, url.password) == ("127.0.0.1", 8080, "x")
    assert urlsplit(bearer({}, ()).url("::1", 8080)).hostname == "::1"
    expected = {key: value, "customer": customer, "run": "r"}
    assert {unquote(name): unquote(found) for name, found in pairs} == expected


def test_a_run_has_an_id() -> None:
    """A new one where none is given, and never the same twice; what was not said is not there."""

    first, second = (bearer({"run": None, "customer": None}, ()) for _ in range(2))

    assert first.run != second.run
    assert first.headers() == {"X-LLMObserve-Run-ID": first.run}
    said = bearer({"run": "nightly", "customer": "acme"}, [("team", "a b")])
    assert said.headers() == {
        "X-LLMObserve-Run-ID": "nightly",
        "X-LLMObserve-Customer-ID": "acme",
        "X-LLMObserve-Tags": "team=a%20b",
    }


# Variables.


def way(**changes: Any) -> Way:
    """A way through a proxy."""
    known: dict[str, Any] = {
        "url": "http://run%3Dr:x@127.0.0.1:9000",
        "host": "127.0.0.1",
        "port": 9000,
        "bundle": Path("/b.pem"),
        "extra": Path("/ca.pem"),
        "java_store": None,
        "package": Path("/addon"),
        "run": "r",
        "reverse": {},
    }
    return Way(**(known | changes))


def test_every_client_is_led() -> None:
    """Proxy in both spellings, the bundle wherever one is named, Node's own, and nothing for plain HTTP."""

    found = environment({"SSL_CERT_DIR": "/certs", "HOME": "/home/ann"}, way())

    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://run%3Dr:x@127.0.0.1:9000"
    assert {found[name] for name in BUNDLES} == {"/b.pem"}
    assert (found["NODE_EXTRA_CA_CERTS"], found["NODE_USE_ENV_PROXY"]) == ("/ca.pem", "1")
    assert (found["NO_PROXY"], found["no_proxy"]) == ("localhost,127.0.0.1,::1",) * 2
    assert found["JAVA_TOOL_OPTIONS"] == "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9000"
    assert (found["PYTHONPATH"], found["LLMOBSERVE_RUN_ID"], found["HOME"]) == ("/addon", "r", "/home/ann")
    assert not {"SSL_CERT_DIR", "HTTP_PROXY", "http_proxy", "OPENAI_BASE_URL"} & set(found)


def test_what_the_user_had_is_kept() -> None:
    """Own exceptions, Java options and module folders stay, ours come behind."""

    before = {"no_proxy": "corp.example, localhost", "JAVA_TOOL_OPTIONS": "-Xmx1g", "PYTHONPATH": "/mine"}
    found = environment(before, way(java_store=Path("/my store.jks"), reverse={"https://api.openai.com": 9001}))

    assert found["NO_PROXY"] == "corp.example,localhost,127.0.0.1,::1"
    assert found["JAVA_TOOL_OPTIONS"].startswith("-Xmx1g -Dhttps.proxyHost")
    assert '"-Djavax.net.ssl.trustStore=/my store.jks" -Djavax.net.ssl.trustStorePassword' in found["JAVA_TOOL_OPTIONS"]
    assert found["PYTHONPATH"] == "/mine:/addon"
    assert found["OPENAI_BASE_URL"] == "http://127.0.0.1:9001/v1"


# Trust.


def test_a_bundle_trusts_all_that_was_trusted(tmp_path: Path, ca: Path) -> None:
    """The usual authorities, a company's that the user named, and ours; made once for the same content."""

    company = authority.make(tmp_path / "company", ["corp.example"]).path
    found = trust.bundle(tmp_path, ca, {"SSL_CERT_FILE": str(company), "REQUESTS_CA_BUNDLE": "/no/such"})
    held = trust.certificates(found)

    assert set(trust.certificates(Path(certifi.where()))) <= set(held)
    assert set(trust.certificates(company)) | set(trust.certificates(ca)) <= set(held)
    assert len(held) == len(set(held))
    assert trust.bundle(tmp_path, ca, {"SSL_CERT_FILE": str(company)}) == found
    ssl.create_default_context(cafile=str(found))


def test_node_gets_ours_and_what_it_had(tmp_path: Path, ca: Path) -> None:
    """Its variable adds to what Node trusts, so our certificate is enough."""

    company = authority.make(tmp_path / "company", ["corp.example"]).path

    assert trust.for_node(tmp_path, ca, {}) == ca
    assert trust.for_node(tmp_path, ca, {"NODE_EXTRA_CA_CERTS": str(ca)}) == ca
    both = trust.certificates(trust.for_node(tmp_path, ca, {"NODE_EXTRA_CA_CERTS": str(company)}))
    assert both == trust.certificates(company) + trust.certificates(ca)


def test_java_gets_a_store(tmp_path: Path, ca: Path) -> None:
    """The JDK's own store with our CA in it, made once."""

    if shutil.which("java") is None or shutil.which("keytool") is None:
        pytest.skip("no JDK is installed")
    before = {"PATH": os.environ["PATH"]}
    found = trust.java_store(tmp_path, ca, before)

    assert found is not None
    listed = ["keytool", "-list", "-alias", "llmobserve", "-keystore", str(found), "-storepass", "changeit"]
    assert subprocess.run(listed, capture_output=True, check=False).returncode == 0
    assert trust.java_store(tmp_path, ca, before) == found


def fake_jdk(folder: Path, script: str) -> dict[str, str]:
    """A JDK whose keytool is a shell script."""
    (folder / "lib" / "security").mkdir(parents=True)
    (folder / "lib" / "security" / "cacerts").write_bytes(b"store")
    (folder / "bin").mkdir()
    keytool = folder / "bin" / "keytool"
    keytool.write_text(f"#!/bin/sh\n{script}\n")
    keytool.chmod(0o755)
    return {"JAVA_HOME": str(folder), "PATH": "/nowhere"}


def test_no_store_where_there_is_no_jdk_or_it_refuses(tmp_path: Path, ca: Path) -> None:
    """Without Java, without keytool, or where it fails, there is none, and nothing is left behind."""

    assert trust.java_store(tmp_path, ca, {"PATH": "/nowhere"}) is None
    assert trust.java_store(tmp_path, ca, {"PATH": "/nowhere", "JAVA_HOME": str(tmp_path)}) is None
    assert trust.java_store(tmp_path, ca, fake_jdk(tmp_path / "broken", "exit 1")) is None
    assert list((tmp_path / "llmobserve-trust").iterdir()) == []
    assert trust.java_store(tmp_path, ca, fake_jdk(tmp_path / "good", "exit 0")) is not None


# The command.


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["no-such-program"], child.NOT_FOUND),
        (["/"], child.NOT_EXECUTABLE),
    ],
)
def test_the_exit_status_is_the_commands_own(command: list[str], status: int) -> None:
    """As a shell would give it, also for a signal and for no command at all."""

    assert child.execute(command, os.environ) == status


def test_signals_reach_the_command(tmp_path: Path) -> None:
    """What ends us ends the command, which may still clean up; afterwards our own handlers are back."""

    before = signal.getsignal(signal.SIGTERM)
    ready, done = tmp_path / "ready", tmp_path / "done"
    script = f"trap 'touch {done}; exit 9' TERM; touch {ready}; while :; do sleep 0.05; done"

    def end() -> None:
        while not ready.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()

    assert child.execute(["sh", "-c", script], os.environ) == 9
    assert done.exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_key_of_the_terminal_is_not_passed_on_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the foreground the terminal has told the command already; elsewhere it is told by us."""

    sent: list[int] = []
    process: Any = SimpleNamespace(send_signal=sent.append)
    monkeypatch.setattr(child, "_in_foreground", lambda: True)
    child._pass_on(signal.SIGINT, [process])
    child._pass_on(signal.SIGTERM, [process])
    monkeypatch.setattr(child, "_in_foreground", lambda: False)
    child._pass_on(signal.SIGINT, [process])

    assert sent == [signal.SIGTERM, signal.SIGINT]


def test_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal knows; where there is none, nobody presses a key."""

    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp())
    monkeypatch.setattr(sys, "__stdin__", None)
    assert child._in_foreground()

    def none(descriptor: int) -> int:
        raise OSError

    monkeypatch.setattr(os, "tcgetpgrp", none)
    assert not child._in_foreground()


# The leash.


def test_the_leash_names_the_run_where_the_client_did_not() -> None:
    """A provider's call without a user name gets our headers, one with a user name or a header of its own keeps it."""

    held = leash.Leash()
    with taddons.context(held) as context:
        context.configure(held, llmobserve_run_headers='{"X-LLMObserve-Run-ID": "r"}')
        plain, named, own, http_only = (tflow.tflow() for _ in range(4))
        for flow in (plain, named, own):
            flow.request.scheme = "https"
        connect = tflow.tflow(client_conn=named.client_conn)
        connect.request.headers["proxy-authorization"] = "Basic eDp4"
        held.http_connect(connect)
        held.http_connect(tflow.tflow())
        own.request.headers["X-LLMObserve-Run-ID"] = "mine"
        for flow in (plain, named, own, http_only):
            held.requestheaders(flow)
        held.client_disconnected(named.client_conn)
        held.requestheaders(named)

    def run(flow: http.HTTPFlow) -> str | None:
        return flow.request.headers.get("X-LLMObserve-Run-ID")

    assert [run(flow) for flow in (plain, own, http_only, named)] == ["r", "mine", None, "r"]
    assert isinstance(named.client_conn, connection.Client)


def test_the_leash_ends_the_proxy_when_its_starter_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input that ends is a starter that is no more; anything it says before is passed over."""

    read, write = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(read))

    async def hold() -> None:
        gone = asyncio.Event()
        held = leash.Leash()
        with taddons.context(held) as context:
            monkeypatch.setattr(context.master, "shutdown", gone.set)
            held.running()
            os.write(write, b"x")
            await asyncio.sleep(0.05)
            assert not gone.is_set()
            os.close(write)
            await asyncio.wait_for(gone.wait(), 30)

    asyncio.run(hold())


# The proxy's command line.


def test_a_company_proxy_is_gone_through() -> None:
    """Its address becomes the mode, its user the authentication, and what the user trusts is trusted upstream."""

    wanted = proxies.Wanted(
        confdir=Path("/conf"),
        db=Path("/e.duckdb"),
        pricing=Path("/own.yaml"),
        policy=Path("/policy.yaml"),
        headers={"X": "y"},
        reverse=("https://api.openai.com",),
        company="http://ann:s%40c@proxy.example:3128",
        trusted=Path("/b.pem"),
    )
    command = " ".join(wanted.command())

    assert "--mode upstream:http://proxy.example:3128@0 --mode reverse:https://api.openai.com@" in command
    assert "--set upstream_auth=ann:s@c" in command
    assert "--set ssl_verify_upstream_trusted_ca=/b.pem" in command
    assert "--set llmobserve_pricing=/own.yaml" in command
    assert "--set llmobserve_policy=/policy.yaml" in command


def test_a_proxy_that_does_not_start_says_why(tmp_path: Path) -> None:
    """Its log is the reason that is given."""

    own = tmp_path / "own.yaml"
    own.write_text("providers: 7\n")
    authority.make(tmp_path, ["api.openai.com"])
    wanted = proxies.Wanted(tmp_path, tmp_path / "e.duckdb", own, None, {}, (), None, None)

    with pytest.raises(proxies.ProxyError, match=r"own\.yaml:1"), proxies.Own(wanted):
        pass


def test_a_proxy_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours is left running."""

    own = proxies.Own(proxies.Wanted(tmp_path, tmp_path / "e.duckdb", None, None, {}, (), None, None))
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(99)"
    )
    own._process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert own._process.stdout is not None
    own._process.stdout.readline()
    monkeypatch.setattr(proxies, "_STOP_SECONDS", 0.1)
    own.stop()

    assert own._process.returncode == -signal.SIGKILL
    own._process.stdout.close()
