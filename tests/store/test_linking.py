"""A new database in a place where a killed process has left the log of one that is gone."""

import errno
import fcntl
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from llmobs import store
from llmobs.event import to_row
from tests.store.files import held, killed, program
from tests.writer.calls import ended

_STORE = """
from llmobs.event import to_row
from tests.writer.calls import ended
with store.writing(Path(sys.argv[1]), wait=60) as db:
    db.load([to_row(ended(sys.argv[2]))], {sys.argv[2]: 1})
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "events.duckdb"


def write(database: Path, *keys: str) -> None:
    """Store these calls."""
    with store.writing(database, wait=60) as db:
        db.load([to_row(ended(key)) for key in keys], {keys[0]: 1})


def events(database: Path) -> list[str]:
    """The keys that are stored."""
    return [str(key) for (key,) in store.read(database, "SELECT event_id FROM events ORDER BY 1").rows]


def left_over(database: Path) -> list[Path]:
    """The folders with what was moved aside."""
    return list(database.parent.glob(f"{database.name}.left-over-*"))


@pytest.mark.parametrize("turns", [0, 2])
def test_database_deleted_after_a_kill(database: Path, caplog: pytest.LogCaptureFixture, turns: int) -> None:
    """The new database has only what is written into it; the old log is kept in a folder, which is named."""
    for turn in range(turns):
        write(database, f"before-{turn}")
    killed(database, "of the kill")
    database.unlink()

    write(database, "new")

    assert events(database) == ["new"]
    [folder] = left_over(database)
    assert {file.suffix for file in folder.iterdir()} == {".wal", ".undo"}
    assert {file.name for file in database.parent.iterdir()} == {database.name, folder.name}
    [warning] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"lies in {folder} now" in warning.message


def test_old_log_beside_its_database(database: Path) -> None:
    """The database that was only moved away and its log, brought together in the folder, give all calls."""
    write(database, "first")
    killed(database, "of the kill")
    moved = database.rename(database.with_name("elsewhere"))
    write(database, "new")

    [folder] = left_over(database)
    moved.rename(folder / database.name)

    assert events(folder / database.name) == ["first", "of the kill"]
    assert events(database) == ["new"]


def test_several_that_begin_beside_an_old_log(database: Path) -> None:
    """Processes that make the database at the same time move the old log aside once, and never that of another."""
    write(database, "first")
    killed(database, "of the kill")
    database.unlink()

    with program(_STORE, database, "a") as a, program(_STORE, database, "b") as b:
        write(database, "c")
        assert (a.wait(), b.wait()) == (0, 0)

    assert events(database) == ["a", "b", "c"]
    assert len(left_over(database)) == 1


def test_log_of_another_that_was_faster(database: Path, tmp_path: Path) -> None:
    """Who waited while another made the database and writes it leaves the log of that alone."""
    other = tmp_path / "other.duckdb"
    write(other, "first")
    killed(other, "second")
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(store.LockedError, match="is being made"), store.writing(database, wait=0.05):
        pass
    waiting = threading.Thread(target=write, args=(database, "third"))
    waiting.start()
    while not list(tmp_path.glob("events.duckdb.*.new")):
        time.sleep(0.001)

    shutil.copy(other.with_name("other.duckdb.wal"), tmp_path / "events.duckdb.wal")
    other.rename(database)
    os.close(folder)
    waiting.join()

    assert events(database) == ["first", "second", "third"]
    assert not left_over(database)


def test_deleted_while_another_has_it(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a database that is deleted meanwhile makes a new one in the same way."""
    killed(database, "first")
    monkeypatch.setattr(time, "sleep", lambda _: database.unlink())  # between two attempts of the one who waits
    with held(database, "reader"):
        write(database, "second")

    assert events(database) == ["second"]
    assert len(left_over(database)) == 1


def test_folder_that_cannot_be_locked(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file system has no such lock, as that of a network, a database is made all the same."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", no_locks)

    write(database, "a")

    assert events(database) == ["a"]
