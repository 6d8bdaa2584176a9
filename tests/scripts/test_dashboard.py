"""The dashboard of any database: its command line, and that it serves pages until it is interrupted."""

import os
import re
import signal
import socket
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import dashboard
from tests.dashboard.calls import call, stored


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """What a signal does is the same after a test as before."""
    former = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in former.items():
        signal.signal(name, handler)


def test_served_until_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where it is, serves the database, and ends at an interrupt."""
    path = stored(tmp_path / "events.duckdb", [call("1")])
    found: list[bytes] = []

    def look() -> None:
        while not (said := re.search(r"http://\S+/", capsys.readouterr().out)):
            time.sleep(0.01)
        with urllib.request.urlopen(f"{said[0]}?since=all") as answer:
            found.append(answer.read())
        os.kill(os.getpid(), signal.SIGINT)

    looking = threading.Thread(target=look)
    looking.start()
    status = dashboard.main(["--db", str(path), "--address", "127.0.0.1:0"])
    looking.join()

    assert status == 0
    assert b"$2.00" in found[0]


def test_opened_in_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """--open shows the page, here to a browser that ends the program."""
    opened: list[str] = []

    def browser(url: str) -> None:
        opened.append(url)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(webbrowser, "open", browser)
    status = dashboard.main(["--address", "127.0.0.1:0", "--open"])

    assert status == 0
    assert opened[0].startswith("http://127.0.0.1:")


def test_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that another program has costs a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status = dashboard.main(["--address", f"127.0.0.1:{taken.getsockname()[1]}"])

    assert status == 1
    assert "can't be had: Address already in use; name another --address" in capsys.readouterr().err


def test_policy_file_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its mistake is told at once, with its place, not only on a page."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("budgets: [{limit: 5}]\n")

    assert dashboard.main(["--address", "127.0.0.1:0", "--policy", str(policy)]) == 1
    assert "policy.yaml:1: budgets[0].limit: is not a known key; did you mean limit_usd?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "words"), [("9464", "is no address; write HOST:PORT"), ("off", "the dashboard needs an address")]
)
def test_no_address(address: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no address is refused with what to write instead."""
    with pytest.raises(SystemExit):
        dashboard.main(["--address", address])

    assert words in " ".join(capsys.readouterr().err.split())


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """--help has examples."""
    with pytest.raises(SystemExit):
        dashboard.main(["--help"])

    assert "dashboard.py --db old.duckdb" in capsys.readouterr().out
