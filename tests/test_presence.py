import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from llmobs import presence
from llmobs.presence import Presence


def listener(port: int, pid: int = os.getpid()) -> Presence:
    """A listener of this process, or of another."""
    return Presence(pid, "127.0.0.1", port, "regular", "/data/events.duckdb")


def test_listeners_are_found_until_they_are_gone(tmp_path: Path) -> None:
    """Each port has a private file, which ends with its proxy."""

    for port in (9001, 9000, 9000):
        presence.announce(tmp_path, listener(port))
    files = list((tmp_path / "llmobserve-proxies").iterdir())

    assert [each.port for each in presence.present(tmp_path)] == [9000, 9001]
    assert presence.present(tmp_path)[0].database == Path("/data/events.duckdb")
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    presence.withdraw(tmp_path, os.getpid() + 1)
    assert len(presence.present(tmp_path)) == 2
    presence.withdraw(tmp_path, os.getpid())
    assert presence.present(tmp_path) == []


def test_a_proxy_that_died_is_passed_over(tmp_path: Path) -> None:
    """The file of a process that is no more, or one that nobody understands, is no proxy."""

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    presence.announce(tmp_path, listener(9000, dead.pid))
    presence.announce(tmp_path, listener(9001))
    folder = tmp_path / "llmobserve-proxies"
    (folder / "9002.json").write_text("{}")
    (folder / "9003.json").write_text("torn")

    assert [each.port for each in presence.present(tmp_path)] == [9001]


def test_workers_share_a_port(tmp_path: Path) -> None:
    """Each process that listens there has its own file, and one that died is swept up by the next that comes."""

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getppid(), os.getpid()):
        presence.announce(tmp_path, listener(9000, pid))
    names = {path.name for path in (tmp_path / "llmobserve-proxies").iterdir()}

    assert {each.pid for each in presence.present(tmp_path)} == {os.getppid(), os.getpid()}
    assert names == {f"9000-{pid}.json" for pid in (os.getppid(), os.getpid())}


def test_a_proxy_of_another_user_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may not be signalled is there all the same."""

    def forbidden(pid: int, number: int) -> None:
        raise PermissionError

    presence.announce(tmp_path, listener(9000))
    monkeypatch.setattr(os, "kill", forbidden)

    assert len(presence.present(tmp_path)) == 1
