"""Where a real mitmdump listens when it is told nothing, and when it is told to listen to everyone."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.testbed.proxy import ADDON, Proxy
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def loopback_only(port: int) -> bool:
    """Whether 127.0.0.1 alone takes connections; who listens everywhere takes them at 127.0.0.2, too."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while taken("127.0.0.2", port) or not taken("127.0.0.1", port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def taken(host: str, port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def command(folder: Path, *arguments: str) -> list[str]:
    """What a user types."""
    options = (f"confdir={folder}", f"llmobserve_db={folder / 'events.duckdb'}", "llmobserve_web=off")
    settings = [part for option in options for part in ("--set", option)]
    program = [sys.executable, "-uc", "from mitmproxy.tools.main import mitmdump; mitmdump()", "-s", str(ADDON)]
    return [*program, *settings, *arguments]


def mitmdump(folder: Path, *arguments: str, meanwhile: Callable[[], object] = bool) -> tuple[int | None, str]:
    """Start it as a user does; its exit status, None where it runs until it is stopped, and what it said."""
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(command(folder, *arguments), stdout=file, stderr=file, cwd=folder)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and "events go to" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    status = process.poll()
    if status is None:
        meanwhile()
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
    return status, log.read_text()


def test_it_listens_on_loopback_when_told_nothing(tmp_path: Path) -> None:
    """`mitmdump -s addon/llmobserve.py` is open to this machine only."""

    port, homes = free_port(), list[bool]()
    status, said = mitmdump(tmp_path, "-p", str(port), meanwhile=lambda: homes.append(loopback_only(port)))

    assert status is None
    assert f"LLMObserve listens on 127.0.0.1:{port} (regular)" in said
    assert homes == [True]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--listen-host", "0.0.0.0"),
        ("--mode", "regular@0.0.0.0:{port}"),
        ("--mode", "regular@{port}", "--mode", "reverse:https://api.openai.com@[::]:{port}"),
        ("--mode", "regular@0.0.0.0:{port}", "--proxyauth", "any"),
        ("--mode", "wireguard@{port}", "--mode", "regular@{port}"),
    ],
    ids=" ".join,
)
def test_an_open_door_is_refused(tmp_path: Path, arguments: Sequence[str]) -> None:
    """It does not start where anyone could come in, and says what to write instead."""

    port = str(free_port())
    status, said = mitmdump(tmp_path, "-p", port, *(part.format(port=port) for part in arguments))

    assert status == 1
    assert "would listen beyond this machine" in said
    assert "llmobserve_open=true" in said
    assert "listening at" not in said


@pytest.mark.parametrize("meant", [("--proxyauth", "ann:secret"), ("--set", "llmobserve_open=true")], ids=" ".join)
def test_a_door_that_is_guarded_or_meant_opens(tmp_path: Path, meant: Sequence[str]) -> None:
    """With a password, or where the user says so, it listens where it is told."""

    port = free_port()
    status, said = mitmdump(tmp_path, "--mode", f"regular@0.0.0.0:{port}", *meant)

    assert status is None, said


def test_a_port_that_is_taken_is_the_last_thing_said(tmp_path: Path) -> None:
    """Another program's port ends the start with that, and with no list of what a library still holds."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        words = command(tmp_path, "-p", str(other.getsockname()[1]))
        ended = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)

    assert ended.returncode == 1
    assert "address already in use" in ended.stdout
    assert "nanobind" not in ended.stderr
    assert "exiting" in ended.stderr.splitlines()[-1]


def test_an_option_that_is_misset_stops_the_start(upstream: Upstream, tmp_path: Path) -> None:
    """mitmproxy would drop the whole addon without a word; the start ends with the option and what to write."""
    with pytest.raises(
        RuntimeError, match="llmobserve_include_usage=yes: there is no such choice; write true or false"
    ):
        Proxy(tmp_path / "proxy", upstream, options={"llmobserve_include_usage": "yes"}).start()
