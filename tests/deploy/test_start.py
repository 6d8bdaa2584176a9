"""deploy/start.sh, by which a container and a service start, run as they run it."""

import os
import signal
import socket
import stat
import subprocess
import urllib.request
from contextlib import suppress
from pathlib import Path

from llmobs.presence import present
from tests.testbed.proxy import free_port

ROOT = Path(__file__).parents[2]


def told(port: int, page: str) -> str:
    """What a page of the proxy says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10) as answer:
        return str(answer.read().decode())


def two_ports() -> int:
    """The first of two in a row that nobody has."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = int(first.getsockname()[1])
            with suppress(OSError, OverflowError), socket.create_server(("127.0.0.1", port + 1)):
                return port


def test_it_starts_with_nothing_but_a_folder(tmp_path: Path) -> None:
    """It makes a CA of its own, its workers each tell what they have seen, and it ends when it is asked to."""

    web = two_ports()
    named = {"STATE_DIRECTORY": str(tmp_path), "PORT": str(free_port()), "WEB": f"127.0.0.1:{web}", "WORKERS": "2"}
    command = [str(ROOT / "deploy" / "start.sh"), "--set", "llmobserve_retries=skip"]
    with subprocess.Popen(command, env=os.environ | named, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        pages = [told(port, page) for port in (web, web + 1) for page in ("readyz", "metrics")]
        listeners = present(tmp_path / "ca")
        process.send_signal(signal.SIGTERM)

    assert said == "workers: 2 of 2 workers take calls\n"
    assert process.returncode == 0
    assert {each.port for each in listeners} == {int(named["PORT"])}
    assert {each.database for each in listeners} == {tmp_path / "llmobserve.duckdb"}
    assert pages[::2] == ["Rows reach the database.\n"] * 2
    assert all("llm_spool_calls 0.0" in page for page in pages[1::2])
    assert stat.S_IMODE((tmp_path / "ca" / "mitmproxy-ca.pem").stat().st_mode) == 0o600


def test_it_wants_a_folder() -> None:
    """Without one it would not know where the rows go."""

    bare = {name: value for name, value in os.environ.items() if name != "STATE_DIRECTORY"}
    done = subprocess.run([ROOT / "deploy" / "start.sh"], env=bare, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "name the folder of the CA and the database" in done.stderr
