"""The door for events: what goes in comes into the database, or stays in the spool, and nobody waits."""

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.spool import Owner
from llmobs.writer import SpoolError, Writer
from llmobs.writer import writer as module
from llmobs.writer.loader import Loader
from tests.store.files import NOBODY, foreign, held
from tests.writer.calls import ended, running
from tests.writer.test_loader import dead, outcomes

LOG = logging.getLogger("llmobserve.test")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short turns."""
    monkeypatch.setattr(module, "INTERVAL_S", 0.02)
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.05)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database is made."""
    return tmp_path / "events.duckdb"


@pytest.fixture
def writer(database: Path) -> Iterator[Writer]:
    """A started writer."""
    started = Writer(database, LOG)
    started.start()
    yield started
    started.close()


def until(reached: Callable[[], object]) -> None:
    """Wait for something that comes sooner or later."""
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def warned(caplog: pytest.LogCaptureFixture, word: str) -> Callable[[], bool]:
    """Whether a warning with this word was logged."""
    return lambda: any(word in record.message for record in caplog.records)


def test_call_while_the_proxy_runs(writer: Writer, database: Path) -> None:
    """A call is in the database soon after its end, and counted; its file is for this user only."""
    writer.begin(running("a"))
    writer.submit(ended("a"))
    assert writer.seen == 1

    until(lambda: writer.stored)

    assert outcomes(database) == [("a", "ok")]
    assert (writer.seen, writer.stored, writer.spooled, writer.lost) == (1, 1, 0, 0)
    assert database.stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in writer.spool_directory.iterdir()} == {0o600}


def test_log_of_the_database_is_private(writer: Writer, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's own log, which is there while a turn lasts, is for this user only."""
    modes = []
    load = store.Writing.load_lines

    def look(self: store.Writing, *rest: object, **more: object) -> None:
        load(self, *rest, **more)  # type: ignore[arg-type]
        modes.append(database.with_name("events.duckdb.wal").stat().st_mode & 0o777)

    monkeypatch.setattr(store.Writing, "load_lines", look)
    writer.submit(ended("a"))
    until(lambda: modes)

    assert modes == [0o600]


def test_close(database: Path) -> None:
    """After close all is in the database, running calls as interrupted, and the spool is empty."""
    writer = Writer(database, LOG)
    mask = os.umask(0o022)
    writer.start()
    for number in range(300):
        writer.begin(running(f"{number:03}"))
    for number in range(299):
        writer.submit(ended(f"{number:03}"))
    writer.close()

    assert outcomes(database) == [*((f"{number:03}", "ok") for number in range(299)), ("299", "interrupted")]
    assert (writer.seen, writer.stored, writer.spooled) == (300, 300, 0)
    assert list(writer.spool_directory.iterdir()) == []
    assert os.umask(mask) == 0o022


def test_end_that_comes_twice(writer: Writer, database: Path) -> None:
    """Only the first end of a call counts."""
    writer.submit(ended("a"))
    writer.submit(running("a"))
    writer.close()

    assert (outcomes(database), writer.seen) == ([("a", "ok")], 1)


def test_end_after_close(database: Path) -> None:
    """An end that comes late is stored by the next start; one for a call that close has ended counts no more."""
    first = Writer(database, LOG)
    first.start()
    first.begin(running("a"))
    first.close()
    first.submit(ended("a"))
    first.submit(ended("b"))
    assert (first.seen, first.stored, first.spooled) == (2, 1, 1)

    second = Writer(database, LOG)
    second.start()
    until(lambda: second.recovered)
    second.close()

    assert outcomes(database) == [("a", "interrupted"), ("b", "ok")]


def test_start_and_close_twice(database: Path) -> None:
    """Both may run twice, and a writer may start again."""
    writer = Writer(database, LOG)
    threads = threading.active_count()
    writer.close()
    for key in "ab":
        writer.start()
        writer.start()
        writer.submit(ended(key))
        writer.close()
        writer.close()

    assert outcomes(database) == [("a", "ok"), ("b", "ok")]
    assert threading.active_count() == threads


def test_database_under_another_name(database: Path) -> None:
    """One database has one spool, also where a symbolic link names it."""
    link = database.with_name("link.duckdb")
    link.symlink_to(database)

    assert Writer(link, LOG).spool_directory == Writer(database, LOG).spool_directory


def test_calls_of_a_dead_process(writer: Writer, database: Path) -> None:
    """A running writer stores what a dead process left."""
    dead(writer.spool_directory, ("open", running("a")), ("event", ended("b")))

    until(lambda: writer.recovered == 2)

    assert outcomes(database) == [("a", "interrupted"), ("b", "ok")]


def test_own_calls_during_a_recovery(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of this process do not wait until a long recovery is done; close ends it, and the next start goes on."""
    monkeypatch.setattr(module, "RECOVERY_AT_CLOSE_S", 0.0)
    writer = Writer(database, LOG)
    release, begun = threading.Event(), threading.Event()
    recover = Loader._recover

    def slowly(self: Loader, owner: Owner, wait: float) -> Iterator[None]:
        begun.set()
        while not release.is_set():
            time.sleep(0.01)
            yield
        yield from recover(self, owner, wait)

    monkeypatch.setattr(Loader, "_recover", slowly)
    dead(writer.spool_directory, ("event", ended("old")))
    writer.start()
    begun.wait()
    writer.submit(ended("new"))
    until(lambda: writer.stored)
    writer.close()
    assert outcomes(database) == [("new", "ok")]

    release.set()
    writer.start()
    until(lambda: writer.recovered)
    writer.close()
    assert outcomes(database) == [("new", "ok"), ("old", "ok")]


def test_locked_database(writer: Writer, database: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While another program has the database calls are kept; the log names it after a while, and the end of it."""
    with store.writing(database):
        pass
    with held(database) as pid:
        writer.submit(ended("a"))
        until(warned(caplog, f"PID {pid}"))
        assert (writer.stored, writer.spooled) == (0, 1)

    until(lambda: writer.stored)
    until(warned(caplog, "caught up"))
    assert outcomes(database) == [("a", "ok")]


def test_database_locked_until_the_end(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Close waits no longer than it is told; what stays is stored at the next start."""
    with store.writing(database):
        pass
    writer = Writer(database, LOG)
    with held(database):
        writer.start()
        writer.submit(ended("a"))
        writer.close(timeout=0.2)
    assert warned(caplog, "for the next start")()
    assert (writer.seen, writer.stored, writer.spooled) == (1, 0, 1)

    writer.start()
    until(lambda: writer.recovered)
    writer.close()

    assert outcomes(database) == [("a", "ok")]


def test_lock_that_is_left_during_close(writer: Writer, database: Path) -> None:
    """Close stores everything if the lock is left in time."""
    with store.writing(database):
        pass
    with held(database):
        writer.submit(ended("a"))
        closing = threading.Thread(target=writer.close)
        closing.start()
        until(writer._stop.is_set)
    closing.join()

    assert outcomes(database) == [("a", "ok")]


def newer(database: Path) -> None:
    """Make a database of a newer version."""
    with store.writing(database, wait=60) as db:
        db._db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (foreign, "another program"),
        (newer, "newer llmobserve"),
        (lambda path: path.write_bytes(b"no database"), "no DuckDB database"),
        (lambda path: path.mkdir(), "is a folder: name a file"),
    ],
    ids=["foreign", "newer", "text", "directory"],
)
def test_database_that_is_not_ours(
    writer: Writer, database: Path, caplog: pytest.LogCaptureFixture, make: Callable[[Path], object], word: str
) -> None:
    """Such a file is left alone, and the calls are stored when it has been moved away."""
    make(database)
    writer.submit(ended("a"))
    until(warned(caplog, word))
    assert (writer.stored, writer.spooled) == (0, 1)

    database.rename(database.with_name("aside"))
    until(lambda: writer.stored)

    assert outcomes(database) == [("a", "ok")]


def test_database_that_is_moved_away(writer: Writer, database: Path) -> None:
    """Each call is in one of the two files: what the old one has does not come into the new one."""
    writer.submit(ended("a"))
    until(lambda: writer.stored == 1)
    until(lambda: not list(database.parent.glob("*.wal")) and not list(database.parent.glob("*.undo")))
    database.rename(database.with_name("old.duckdb"))
    writer.submit(ended("b"))
    until(lambda: writer.stored == 2)

    assert outcomes(database.with_name("old.duckdb")) == [("a", "ok")]
    assert outcomes(database) == [("b", "ok")]


def test_database_that_is_deleted_while_it_is_written(
    writer: Writer, database: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that went into a file which was deleted under the writer are stored again in the new one."""
    load = store.Writing.load_lines

    def and_delete(self: store.Writing, *arguments: object, **words: object) -> None:
        load(self, *arguments, **words)  # type: ignore[arg-type]
        monkeypatch.undo()
        database.unlink()

    monkeypatch.setattr(store.Writing, "load_lines", and_delete)
    writer.submit(ended("a"))
    until(lambda: writer.stored == 1)

    assert warned(caplog, "deleted or replaced while it was written")()
    assert outcomes(database) == [("a", "ok")]


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def test_everything_deleted_while_the_proxy_runs(writer: Writer, database: Path) -> None:
    """Who removes database and spool to begin anew gets a new database with the calls after that."""
    writer.begin(running("slow"))
    writer.submit(ended("a"))
    until(lambda: writer.stored == 1)
    # A turn of the writer may put a file into the folder meanwhile.
    until(lambda: _removed(writer.spool_directory))
    database.unlink()

    writer.submit(ended("b"))
    until(lambda: writer.stored == 2)
    writer.submit(ended("slow"))
    writer.close()

    assert outcomes(database) == [("b", "ok"), ("slow", "ok")]
    assert writer.lost == 0


def test_spool_that_can_not_be_made(tmp_path: Path) -> None:
    """Where nothing can be kept at all, the start says so and changes nothing."""
    (tmp_path / "file").touch()
    mask = os.umask(0o022)

    with pytest.raises(SpoolError):
        Writer(tmp_path / "file/events.duckdb", LOG).start()

    assert os.umask(mask) == 0o022


def test_unexpected_error(
    writer: Writer, database: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread survives any exception, and tells it."""

    def broken(_self: Loader, _wait: float) -> None:
        raise ZeroDivisionError("what a day")

    with monkeypatch.context() as bad:
        bad.setattr(Loader, "load", broken)
        writer.submit(ended("a"))
        until(warned(caplog, "what a day"))
    until(lambda: writer.stored)

    assert outcomes(database) == [("a", "ok")]


def test_database_that_does_not_answer(
    database: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Close does not wait for ever; the files stay this process's own, because the call may still be done."""
    monkeypatch.setattr(module, "LAST_TURN_S", 0.1)
    hang, begun = threading.Event(), threading.Event()
    load = Loader.load

    def hanging(self: Loader, wait: float) -> Iterator[None]:
        begun.set()
        hang.wait()
        yield from load(self, wait)

    monkeypatch.setattr(Loader, "load", hanging)
    writer = Writer(database, LOG)
    writer.start()
    writer.submit(ended("a"))
    begun.wait()
    writer.close(timeout=0.1)

    assert warned(caplog, "does not answer")()
    assert list(writer.spool_directory.glob("*.lock"))
    hang.set()
    assert writer._thread
    writer._thread.join()


def test_wake(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who can't wait for the next turn asks for one."""
    monkeypatch.setattr(module, "INTERVAL_S", 3600)
    writer = Writer(database, LOG)
    writer.start()
    writer.submit(ended("a"))

    writer.wake()

    until(lambda: writer.stored)
    writer.close()


def test_many_threads(writer: Writer, database: Path) -> None:
    """Calls of several threads are all stored, and the counters say so."""

    def work(name: str) -> None:
        for number in range(250):
            writer.begin(running(f"{name}{number}"))
            writer.submit(ended(f"{name}{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.seen == writer.stored + writer.spooled == 1000
    writer.close()

    assert store.read(database, "SELECT count(*), count(DISTINCT event_id) FROM events").rows == [(1000, 1000)]


def test_short_run(tmp_path: Path) -> None:
    """A process that ends at once, as `mitmdump -nr` does, has stored everything."""
    script = (
        "import logging, sys; from pathlib import Path; from llmobs.writer import Writer\n"
        "from tests.writer.calls import ended\n"
        "writer = Writer(Path(sys.argv[1]), logging.getLogger()); writer.start()\n"
        "for number in range(3000): writer.submit(ended(str(number)))\n"
        "writer.close()"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script, tmp_path / "events.duckdb"], cwd=root, check=True)

    assert store.read(tmp_path / "events.duckdb", "SELECT count(*) FROM events").rows == [(3000,)]


def test_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On a full disk calls wait in memory; with room again all are stored."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own needs root")
    writer = Writer(disk / "events.duckdb", LOG)
    try:
        writer.start()
        writer.submit(ended("before"))
        until(lambda: writer.stored)
        descriptor = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            all(os.write(descriptor, b"x" * 4096) for _ in range(4096))
        os.close(descriptor)
        for number in range(1000):
            writer.begin(running(str(number)))
            writer.submit(ended(str(number)))
        until(warned(caplog, "full"))
        assert writer.seen == 1001 == writer.stored + writer.spooled

        (disk / "filler").unlink()
        until(lambda: writer.stored == 1001)
        until(warned(caplog, "caught up"))

        rows = store.read(disk / "events.duckdb", "SELECT count(*), count(DISTINCT event_id) FROM events").rows
        assert (rows, writer.lost) == ([(1001, 1001)], 0)
    finally:
        writer.close()
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_event_that_can_not_be_encoded(writer: Writer, database: Path) -> None:
    """Half a surrogate pair in a header does not stop the call's row."""

    writer.submit(replace(ended("a"), client="x\ud83d"))

    until(lambda: writer.stored)

    assert store.read(database, "SELECT client FROM events").rows == [("x\\ud83d",)]


def test_read_only_database() -> None:
    """A database file that this user may not write loses nothing: the calls stay in the spool."""
    script = (
        "import logging, os, sys; from pathlib import Path; from llmobs.writer import Writer\n"
        "from tests.writer.calls import ended\n"
        f"os.geteuid() == 0 and os.setuid({NOBODY})\n"
        "logging.basicConfig(format='%(message)s')\n"
        "writer = Writer(Path(sys.argv[1]), logging.getLogger()); writer.start()\n"
        "writer.submit(ended('a')); writer.close(); print(writer.stored, writer.spooled)"
    )

    root = Path(__file__).parents[2]
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        database = Path(directory) / "events.duckdb"
        with store.writing(database):
            pass
        database.chmod(0o444)
        command = [sys.executable, "-c", script, str(database)]
        answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        database.chmod(0o644)
        again = Writer(database, LOG)
        again.start()
        until(lambda: again.recovered)
        again.close()

        assert answer.stdout == "0 1\n"
        assert "give this user write permission" in answer.stderr
        assert outcomes(database) == [("a", "ok")]


def test_content_is_forgotten(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content goes when its days are over, and at once when those are made fewer; without a number all stays."""
    days: list[int | None] = [None]
    writer = Writer(database, LOG, lambda: days[0])
    writer.start()
    writer.submit(replace(ended("a"), content="{}"))
    until(lambda: writer.stored)
    assert store.read(database, "SELECT content FROM events").rows == [("{}",)]

    days[0] = 100_000
    until(lambda: writer._forgot_days == days[0])
    assert store.read(database, "SELECT content FROM events").rows == [("{}",)]
    days[0] = 0
    until(lambda: writer._forgot_days == days[0])
    writer.submit(replace(ended("b"), content="{}"))
    until(lambda: writer.stored == 2)
    kept = store.read(database, "SELECT event_id, content FROM events ORDER BY 1").rows
    writer.close()

    assert kept == [("a", None), ("b", "{}")]


def test_nothing_to_forget(database: Path) -> None:
    """Without a database none is made for it."""
    writer = Writer(database, LOG, lambda: 7)
    writer.start()
    writer.close()

    assert not database.exists()


def test_problem_is_a_sentence(writer: Writer, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps rows from the database is told while it lasts: the database, the disk, the thread."""
    told = [writer.problem]
    database.unlink(missing_ok=True)
    database.mkdir()
    writer.submit(ended("a"))
    until(lambda: writer.problem)
    told.append((writer.problem or "").rpartition(". ")[2])
    database.rmdir()
    until(lambda: writer.problem is None)
    monkeypatch.setattr(type(writer._spool), "waiting", 3)
    told.append(writer.problem)
    monkeypatch.undo()
    writer.close()
    told.append(writer.problem)

    assert told == [
        None,
        "1 calls wait for the database.",
        "The disk does not take the spool: 3 lines wait in memory.",
        "Nothing writes to the database.",
    ]
    assert writer.rejected == 0


def test_finished_days_are_summed_up(writer: Writer, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of a day that is over come by themselves, and again after a late call of it."""
    monkeypatch.setattr(module, "SUM_UP_S", 0.05)
    for calls, key in enumerate(("a", "b"), 1):
        writer.submit(ended(key))
        until(lambda calls=calls: _summed_up(database) == calls)  # type: ignore[misc]


def _summed_up(database: Path) -> object:
    return database.exists() and store.read(database, "SELECT sum(calls) FROM daily_done").rows[0][0]
