"""Tests of scripts/workers.py that need no proxy; what keeps the workers is tested in test_crew.py."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scripts import workers
from scripts.worker_parts import worker
from scripts.worker_parts.arguments import ArgumentError, Wanted, wanted
from tests.testbed.proxy import free_port

# What the workers are started with.


def test_each_worker_has_metrics_of_its_own_and_one_greets() -> None:
    """All have the same arguments, but for the port of the metrics, and only the first says where it listens."""

    shared = wanted(3, ["-s", "addon.py", "--mode", "regular@8080", "--set", "llmobserve_db=a"])

    assert shared.of(1) == [
        *("-s", "addon.py", "--listen-host", "127.0.0.1", "--mode", "regular@8080"),
        *("--set", "llmobserve_db=a", "--set", "llmobserve_web=127.0.0.1:9464"),
    ]
    assert shared.of(3)[-4:] == ["--set", "llmobserve_quiet=true", "--set", "llmobserve_web=127.0.0.1:9466"]


@pytest.mark.parametrize(
    ("told", "third"),
    [
        ("0.0.0.0:9000", "0.0.0.0:9002"),
        ("[::1]:9000", "[::1]:9002"),
        ("0.0.0.0:9000,proxy", "0.0.0.0:9002,proxy"),
        ("off", "off"),
        ("", ""),
    ],
)
def test_a_web_page_that_was_named(told: str, third: str) -> None:
    """The first has what was said, the others the ports after it; one that is off stays off."""

    shared = wanted(3, ["--set", f"llmobserve_web={told}"])

    assert (shared.page(1), shared.page(3)) == (told, third)
    assert shared.of(1).count("--set") == 1


@pytest.mark.parametrize("said", [["--listen-host", "::"], ["--listen-host=::"], ["--set", "listen_host=::"]])
def test_a_host_that_was_named_stays(said: list[str]) -> None:
    """Loopback is what is taken where nothing was said."""

    assert "127.0.0.1" not in wanted(2, said).of(1)


def test_the_folder_of_the_ca_is_found_where_it_was_named() -> None:
    """Both spellings of mitmdump are understood, and passed on."""

    by_set = wanted(2, ["--set", "confdir=/conf"])

    assert by_set.confdir == wanted(2, ["--confdir", "/conf"]).confdir == Path("/conf")
    assert "confdir=/conf" in by_set.of(2)
    assert "confdir=/conf" in wanted(2, ["--confdir", "/conf"]).of(2)
    assert wanted(2, []).confdir == Path("~/.mitmproxy").expanduser()


@pytest.mark.parametrize(
    ("number", "said", "why"),
    [
        (0, [], "0 workers can't run; write 1 or more"),
        (2, ["--mode", "wireguard"], "wireguard can't be shared: only TCP ports can"),
        (2, ["--mode", "local:curl"], "local:curl can't be shared"),
        (2, ["-m", "dns@5353"], "dns@5353 can't be shared"),
        (2, ["--mode", "regular@0"], "can't share any free port; name one"),
        (2, ["--mode", "regulra"], "regulra"),
    ],
)
def test_what_workers_can_not_share(number: int, said: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused in one sentence before anything is started."""

    assert workers.main(["--workers", str(number), "--", *said]) == 2
    assert why in capsys.readouterr().err
    with pytest.raises(ArgumentError):
        wanted(number, said)


# The port.


def test_a_port_is_shared_by_those_who_know_of_it() -> None:
    """Two servers listen on one port; the first of all refuses one that another program has."""

    async def share(port: int) -> None:
        opening = asyncio.start_server
        servers = [
            await worker.shared(opening, print, "127.0.0.1", port, first=number == 1, backlog=9) for number in (1, 2)
        ]
        assert {server.sockets[0].getsockname()[1] for server in servers} == {port}
        with pytest.raises(OSError, match="in use"):
            await worker.shared(opening, print, "127.0.0.1", port, first=True)
        with socket.create_server(("127.0.0.1", 0)) as door:
            server = await worker.shared(opening, print, first=True, sock=door)
            assert server.sockets[0].getsockname() == door.getsockname()
            server.close()
        for server in servers:
            server.close()

    asyncio.run(share(free_port()))


@pytest.mark.parametrize("first", [[], [worker.FIRST]])
def test_a_worker_is_mitmdump_that_shares(monkeypatch: pytest.MonkeyPatch, first: list[str]) -> None:
    """It takes mitmdump's arguments, and is ended when nobody holds the other end of its standard input."""

    read, write = os.pipe()
    ends: list[tuple[int, int]] = []
    given: list[list[str]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: ends.append((pid, number)))
    monkeypatch.setattr(asyncio, "start_server", asyncio.start_server)
    monkeypatch.setattr(worker, "mitmdump", given.append)
    monkeypatch.setattr(sys, "argv", ["worker.py", *first, "--mode", "regular"])
    with os.fdopen(read) as input_, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", input_)
        worker.main()
        os.write(write, b"x")
        assert not ends
        os.close(write)
        deadline = time.monotonic() + 30
        while not ends and time.monotonic() < deadline:
            time.sleep(0.01)
    opening: Any = asyncio.start_server

    assert given == [["--mode", "regular"]]
    assert opening.keywords == {"first": bool(first)}
    assert ends == [(os.getpid(), signal.SIGTERM)]


# The command line.


def test_the_command_starts_a_crew(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes mitmdump's arguments after `--`; where a port can't be shared well, one worker runs, and it says so."""

    seen: list[Wanted] = []

    class Ready:
        def __init__(self, shared: Wanted) -> None:
            seen.append(shared)

        async def run(self) -> int:
            return 0

    monkeypatch.setattr(workers, "Crew", Ready)

    assert workers.main(["--workers", "3", "--", "--mode", "regular@9000"], "linux") == 0
    assert workers.main(["--workers", "3", "--", "--mode", "regular@9000"], "darwin") == 0
    assert [shared.number for shared in seen] == [3, 1]
    assert {shared.modes for shared in seen} == {("regular@9000",)}
    assert "does not spread the connections" in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """It names the way through make, too."""

    with pytest.raises(SystemExit):
        workers.main(["--help"])
    assert "make run WORKERS=4" in capsys.readouterr().out
