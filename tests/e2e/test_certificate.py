"""A CA that can sign for providers only, with real clients, and what changes in the proxy because of it."""

import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import openai
import pytest

from llmobs import authority
from scripts.doctor_parts.probes import ABSENT, PROBES, Probe
from scripts.doctor_parts.runtimes import ask
from tests.e2e import asks
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream

# api.mistral.ai is not in the testbed's own certificate; api.groq.com is a provider that this CA leaves out.
COVERED = ("api.openai.com", "api.anthropic.com", "api.mistral.ai")
STRANGER = "https://api.groq.com/"
# Node 20 knows no proxy, so it says by hand what a proxy wants to hear.
NODE = """
const http = require("http"), tls = require("tls"), [proxy, host] = process.argv.slice(1);
http.request({ host: "127.0.0.1", port: new URL(proxy).port, method: "CONNECT", path: host + ":443" })
  .on("connect", (answer, socket) => {
    const secure = tls.connect({ socket, servername: host }, () => {
      secure.write(`GET / HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n`);
    });
    secure.on("data", (data) => process.stdout.write(data));
    secure.on("error", (error) => { console.error(error); process.exit(1); });
  }).end();
"""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A mitmdump whose CA can sign for three providers and its own host."""
    folder = tmp_path_factory.mktemp("constrained")
    authority.make(folder, COVERED)
    with Proxy(folder, upstream) as running:
        yield running


def environment(proxy: Proxy) -> dict[str, str]:
    """What a command-line client is started with."""
    named = ("PATH", "HOME", "GOCACHE", "JAVA_HOME")
    bundle = str(proxy.bundle)
    trust = dict.fromkeys(("AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"), bundle)
    return {name: os.environ[name] for name in named if name in os.environ} | proxy.environment() | trust


def asked(probe: Probe, proxy: Proxy, url: str, java_options: str) -> subprocess.CompletedProcess[str]:
    """What a client says to a URL; skipped where it is not installed."""
    program = sys.executable if probe.program == "python3" else shutil.which(probe.program)
    if program is None:
        pytest.skip(f"{probe.program} is not installed")
    done = ask(probe, program, environment(proxy) | {"JAVA_TOOL_OPTIONS": java_options}, url)
    if done.returncode == ABSENT:
        pytest.skip(f"{probe.name} is not installed")
    return done


@pytest.fixture(scope="module")
def java_options(proxy: Proxy) -> str:
    """What leads Java through the proxy."""
    keytool = shutil.which("keytool")
    if keytool is None:
        return ""
    store, ca = proxy.folder / "trust.jks", proxy.folder / authority.PUBLIC
    command = [keytool, "-importcert", "-noprompt", "-alias", "a", "-file", str(ca), "-keystore", str(store)]
    subprocess.run([*command, "-storepass", "changeit"], check=True, capture_output=True)
    trust = f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"
    return f"-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={proxy.ports[0]} {trust}"


@pytest.mark.parametrize("probe", [each for each in PROBES if each.program != "node"], ids=lambda each: each.name)
def test_clients_trust_it_for_its_hosts_and_no_other(proxy: Proxy, probe: Probe, java_options: str) -> None:
    """A covered host is answered; a certificate for another host that it signed is refused."""

    good = asked(probe, proxy, f"https://{authority.RESERVED}/", java_options)
    assert '"seen": true' in good.stdout, good.stderr
    if probe.program == "java":
        pytest.xfail("Java does not look at the name constraints of a root that it trusts")
    bad = asked(probe, proxy, STRANGER, java_options)

    assert bad.returncode != 0
    if "grpc" not in probe.name:  # which says no more than that the channel did not become ready
        assert re.search(r"permitted subtree|not permitted|PKIX|SSL", bad.stderr), bad.stderr


def test_node_trusts_it_for_its_hosts_and_no_other(proxy: Proxy) -> None:
    """Node, which brings an OpenSSL of its own, sees the constraint too."""

    if (node := shutil.which("node")) is None:
        pytest.skip("node is not installed")
    done = [
        subprocess.run(
            [node, "-e", NODE, proxy.url, host], check=False, env=environment(proxy), capture_output=True, text=True
        )
        for host in (authority.RESERVED, "api.groq.com")
    ]

    assert '"seen": true' in done[0].stdout, done[0].stderr
    assert done[1].returncode == 1
    assert "permitted subtree violation" in done[1].stderr


def test_calls_are_metered_with_a_strict_client(
    proxy: Proxy, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's strict mode takes the chain, both ends keep their HTTP version, and an SDK's call is a row."""

    run, mark = Run(proxy, upstream), upstream.mark()
    context = ssl.create_default_context(cafile=str(proxy.bundle))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for http2 in (False, True):
        with httpx.Client(proxy=proxy.url, verify=context, http2=http2, trust_env=False) as client:
            answer = client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2" if http2 else "HTTP/1.1")
    for name, value in proxy.environment().items():
        monkeypatch.setenv(name, value)
    sdk = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", default_headers=run.headers())
    sdk.chat.completions.create(model="testbed-chat", messages=[{"role": "user", "content": "hi"}])

    assert [row["outcome"] for row in run.rows(3)] == ["ok"] * 3
    assert [entry["protocol"] for entry in upstream.since(mark)][:2] == ["HTTP/1.1", "HTTP/2"]


def test_the_upstream_is_still_verified(proxy: Proxy, upstream: Upstream) -> None:
    """A provider that shows a certificate of another host is not talked to."""

    run = Run(proxy, upstream)
    context = ssl.create_default_context(cafile=str(proxy.bundle))
    with httpx.Client(proxy=proxy.url, verify=context, trust_env=False) as client:
        answer = client.post("https://api.mistral.ai/v1/chat/completions", json=asks.CHAT.body, headers=run.headers())

    assert answer.status_code == 502
    assert "hostname mismatch" in answer.text
    assert (run.row()["outcome"], run.row()["error_type"]) == ("error", "connection_error")


def test_other_hosts_are_tunnelled_as_before(proxy: Proxy) -> None:
    """A server that speaks first is heard at once, and one that can't be reached is a tunnel that fails."""

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def greet() -> None:
        accepted, _ = server.accept()
        accepted.sendall(b"SSH-2.0-testbed\r\n")
        accepted.recv(100)
        accepted.close()

    threading.Thread(target=greet, daemon=True).start()
    with socket.create_connection(("127.0.0.1", proxy.ports[0]), PATIENCE_SECONDS) as client:
        client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        seen = b""
        while b"SSH-2.0-testbed" not in seen:
            seen += client.recv(100)
        client.sendall(b"bye\r\n")
    server.close()
    with socket.create_connection(("127.0.0.1", proxy.ports[0]), PATIENCE_SECONDS) as client:
        client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        refused = client.recv(100)

    assert seen.startswith(b"HTTP/1.1 200")
    assert refused.startswith(b"HTTP/1.1 502")


def test_what_it_can_not_sign_for_is_told(proxy: Proxy) -> None:
    """Providers outside the CA are named at the start, with the command that makes a new one."""

    told = proxy.log.read_text()

    assert "mitmproxy-ca-cert.pem can't sign for " in told
    assert 'make ca ARGS="--force"' in told


def test_files_are_private(proxy: Proxy, upstream: Upstream) -> None:
    """The CA's key, the database, the spool and the file that tells of the proxy are for their owner only."""

    run = Run(proxy, upstream)
    context = ssl.create_default_context(cafile=str(proxy.bundle))
    with httpx.Client(proxy=proxy.url, verify=context, trust_env=False) as client:
        client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())
    run.row()
    spool = proxy.db.with_name(f"{proxy.db.name}.spool")
    told = list((proxy.folder / "llmobserve-proxies").iterdir())
    files = [proxy.folder / authority.SECRET, proxy.db, *told, *(path for path in spool.iterdir() if path.exists())]

    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    assert len(told) == 1
