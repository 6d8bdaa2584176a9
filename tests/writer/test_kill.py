"""The writer and `kill -9`: every call that was begun has one row, whenever its process dies."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from llmobs import store

PROCESS = Path(__file__).with_name("proxy_process.py")


def proxy(database: Path, prefix: str, calls: int, *words: str) -> "subprocess.Popen[bytes]":
    """A process that writes calls."""
    command = [sys.executable, str(PROCESS), str(database), prefix, str(calls), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def outcomes(database: Path) -> dict[str, str]:
    """The outcome of each call; fails where a call has two rows."""
    rows = store.read(database, "SELECT event_id, outcome FROM events").rows
    twice = [key for key, count in Counter(key for key, _ in rows).items() if count > 1]
    assert not twice
    return {str(key): str(outcome) for key, outcome in rows}


def read(process: "subprocess.Popen[bytes]", count: int) -> list[str]:
    """So many lines of what a process says once it has started: a moment of its work, on a machine of any speed."""
    assert process.stdout
    assert process.stdout.readline() == b"started\n"
    return [process.stdout.readline().decode().strip() for _ in range(count)]


def keys(word: str, said: list[str]) -> set[str]:
    """The calls of which a process said this."""
    return {line.split()[1] for line in said if line.startswith(f"{word} ")}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_at_random_moments(tmp_path: Path) -> None:
    """Forty kills at any moment of the work lose no call and repeat none; those that ran are interrupted."""
    database = tmp_path / "events.duckdb"
    moments = random.Random(7)
    begun: set[str] = set()
    ended: set[str] = set()
    for turn in range(40):
        process = proxy(database, f"{turn}-", 1_000_000)
        said = read(process, int(600 * moments.random() ** 2))  # often early, when all is made
        process.kill()
        said += process.communicate()[0].decode().splitlines()
        begun |= keys("begun", said)
        ended |= keys("ended", said)
    survivor = proxy(database, "survivor-", 10, "alone")
    assert survivor.communicate()[0].decode().splitlines()[-1].startswith("closed 10 10 ")

    rows = outcomes(database)

    assert len(ended) > 2000
    assert begun <= rows.keys()
    assert all(rows[key] == "ok" for key in ended)
    # A kill between the work and the word leaves at most one call a turn that is further than was said.
    told = {key for key in rows if not key.startswith("survivor-")}
    assert len(told - begun) <= 40
    assert sum(rows[key] == "ok" for key in told - ended) <= 40
    assert sum(outcome == "interrupted" for outcome in rows.values()) > 40
    assert not list(database.with_name("events.duckdb.spool").iterdir())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_recovery_killed_half_way(tmp_path: Path) -> None:
    """A recovery that is itself killed again and again stores each call once in the end."""
    database = tmp_path / "events.duckdb"
    with store.writing(database):  # the lock keeps all of it in the spool
        process = proxy(database, "dead-", 1_000_000)
        assert process.stdout
        begun: set[str] = set()
        ended: set[str] = set()
        while len(ended) < 6000:
            word, _, key = process.stdout.readline().decode().strip().partition(" ")
            {"begun": begun, "ended": ended}.get(word, set()).add(key)
        process.kill()
        process.communicate()
    moments = random.Random(11)
    for _ in range(15):
        recovery = proxy(database, "none-", 0)
        assert recovery.stdout
        recovery.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.25))
        recovery.kill()
        recovery.communicate()
    proxy(database, "none-", 0, "alone").communicate()

    rows = outcomes(database)

    assert begun <= rows.keys()
    assert all(rows[key] == "ok" for key in ended)
    assert sum(outcome == "interrupted" for outcome in rows.values()) >= 2
    assert not list(database.with_name("events.duckdb.spool").iterdir())


def test_database_deleted_after_a_kill(tmp_path: Path) -> None:
    """Who deletes only the database of a killed proxy has a new one at the next start, with what the spool holds."""
    database, log = tmp_path / "events.duckdb", tmp_path / "events.duckdb.wal"
    begun: set[str] = set()
    for turn in range(50):  # until the kill comes before the log is in the file
        process = proxy(database, f"{turn}-", 1_000_000)
        while not log.exists():
            time.sleep(0.0005)
        process.kill()
        begun = {
            line.split()[1] for line in process.communicate()[0].decode().splitlines() if line.startswith("begun ")
        }
        if log.exists():
            break
    database.unlink()

    assert proxy(database, "next-", 10, "alone").communicate()[0].decode().splitlines()[-1].startswith("closed 10 10 ")

    rows = outcomes(database)
    assert begun <= rows.keys()
    assert {f"next-{number}" for number in range(10)} <= rows.keys()
    assert list(tmp_path.glob("events.duckdb.left-over-*/events.duckdb.wal"))


def test_two_proxies_on_one_database(tmp_path: Path) -> None:
    """Two processes that write at the same time, beside a reader, store all of their calls once."""
    database = tmp_path / "events.duckdb"
    both = [proxy(database, prefix, 1500) for prefix in ("a-", "b-")]
    while any(process.poll() is None for process in both):
        if database.exists():
            with store.reading(database, wait=60) as db:
                db.query("SELECT count(*) FROM events")
        time.sleep(0.05)

    assert all(process.communicate()[0].endswith(b"closed 1500 1500 0\n") for process in both)
    assert Counter(outcomes(database).values()) == {"ok": 3000}
