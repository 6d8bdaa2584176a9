"""Connections to the database: what is stored, who may, and what is said where that does not work."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import to_row
from tests.store.files import NOBODY, foreign, held, tries
from tests.writer.calls import ended

_TRY_TO_WRITE = """
try:
    with store.writing(Path(sys.argv[1])) as db:
        db.load([], {"s": 1})
    print("stored")
except store.StoreError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "events.duckdb"


def test_first_writing(database: Path) -> None:
    """A missing database is made with its tables, and what is loaded can be read."""
    with store.writing(database) as db:
        db.load([to_row(ended("a")), to_row(ended("b"))], {"1-1.1.jsonl": 300})

    table = store.read(database, "SELECT event_id, cost_usd FROM events WHERE event_id > ? ORDER BY 1", ["a"])

    assert table == store.Table(("event_id", "cost_usd"), [("b", Decimal("0.0025"))])
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_meanings_of_the_columns(database: Path) -> None:
    """Each column says in the database what it means."""
    with store.writing(database):
        pass

    comments = store.read(
        database, "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'events'"
    ).rows

    assert comments == [(name, meaning) for name, (_, meaning) in COLUMNS.items()]


def test_marks(database: Path) -> None:
    """A mark is set anew and dropped in the transaction of a load."""
    with store.writing(database) as db:
        db.load([], {"a": 5, "b": 1})
        db.load([to_row(ended("x"))], {"a": 9}, gone=["b"])

        assert db.marks() == {"a": 9}


@pytest.mark.parametrize(
    "change",
    [
        {"status_code": 70_000},
        {"input_tokens": 2**70},
        {"usage": "{no json"},
        {"cost_usd": Decimal("NaN")},
        {"client": object()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_value_that_does_not_fit(database: Path, change: dict[str, object]) -> None:
    """A bad value stores nothing of its batch and moves no mark; the row at fault can be told."""
    good, bad = to_row(ended("good")), to_row(replace(ended("bad"), **change))

    with store.writing(database) as db:
        with pytest.raises(store.BadRowError):
            db.load([good, bad], {"a": 5})

        assert (db.refusal(good), db.marks()) == (None, {})
        assert db.refusal(bad)
    assert store.read(database, "FROM events").rows == []


def test_variables_of_a_query(database: Path) -> None:
    """A file of several statements sees the variables that are set before it."""
    with store.writing(database):
        pass

    with store.reading(database) as db:
        table = db.query("SET VARIABLE n = coalesce(getvariable('n'), 1); SELECT getvariable('n')", variables={"n": 7})

    assert table.rows == [(7,)]


def test_statement_without_an_answer(database: Path) -> None:
    """A statement that gives nothing back gives an empty table."""
    with store.writing(database):
        pass

    with store.reading(database) as db:
        assert db.query("SET VARIABLE n = 1").rows == []


def test_readers_and_a_writer_at_the_same_time(database: Path) -> None:
    """Readers that ask and leave, in threads and processes, never stop a writer, nor it them."""
    with store.writing(database):
        pass
    script = (
        "import sys; from pathlib import Path; from llmobs import store\n"
        "for _ in range(20): print(store.read(Path(sys.argv[1]), 'SELECT count(*) FROM events').rows[0][0])"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", script, database], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    turns = 0
    while turns < 20 or any(reader.poll() is None for reader in readers):
        with store.writing(database, wait=60) as db:
            db.load([to_row(ended(str(turns)))], {"s": turns})
        turns += 1
        time.sleep(0.02)

    for reader in readers:
        counts = [int(line) for line in reader.communicate()[0].split()]
        assert len(counts) == 20
        assert counts == sorted(counts)
    assert store.read(database, "SELECT count(*) FROM events").rows == [(turns,)]


@pytest.mark.parametrize("how", ["writer", "reader"])
def test_locked_by_another_program(database: Path, how: str) -> None:
    """Who waits for a lock in vain is told which process has it."""
    with store.writing(database):
        pass

    with (
        held(database, how) as pid,
        pytest.raises(store.LockedError, match=f"PID {pid}"),
        store.writing(database, wait=0.1),
    ):
        pass


def test_lock_that_is_left(database: Path) -> None:
    """Who waits for a lock gets in when it is left."""
    with store.writing(database):
        pass
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with held(database):
            entered.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    threading.Timer(0.2, leave.set).start()

    with store.writing(database, wait=60) as db:
        assert db.marks() == {}
    holder.join()


def test_reading_in_the_process_that_writes(database: Path) -> None:
    """DuckDB's complaint about two configurations in one process is a lock like any other."""
    with store.writing(database), pytest.raises(store.LockedError), store.reading(database, wait=0):
        pass


def test_two_writers_in_one_process(database: Path) -> None:
    """The second waits like one in another process."""
    with (
        store.writing(database),
        pytest.raises(store.LockedError, match="this process"),
        store.writing(database, wait=0.01),
    ):
        pass


def test_reading_a_missing_database(database: Path) -> None:
    """A reader makes no file."""
    with pytest.raises(store.MissingError, match="start the proxy first"), store.reading(database):
        pass

    assert not database.exists()


def test_missing_directory(tmp_path: Path) -> None:
    """A directory that is not there is named."""
    with pytest.raises(store.MissingError, match="create its directory"), store.writing(tmp_path / "no/events.duckdb"):
        pass


@pytest.mark.parametrize("content", [b"", b"some text\n" * 1000, b"SQLite format 3\0" + b"\0" * 5000], ids=len)
def test_file_that_is_no_database(database: Path, content: bytes) -> None:
    """A file of another kind is refused and left as it is, and nothing is downloaded to read it."""
    database.write_bytes(content)

    for door in (store.writing, store.reading):
        with pytest.raises(store.ForeignError, match="no DuckDB database"), door(database):
            pass
    assert database.read_bytes() == content


def test_two_that_make_the_same_database(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second finds the first one's database, whole."""
    made = Path.hardlink_to

    def too_late(self: Path, target: Path) -> None:
        foreign(self, "CREATE TABLE first (a INT)")
        made(self, target)

    monkeypatch.setattr(Path, "hardlink_to", too_late)

    with pytest.raises(store.ForeignError), store.writing(database):
        pass


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may reach and write; those of pytest are closed to others."""
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        yield Path(directory)
        Path(directory).chmod(0o777)


def test_read_only_file(open_directory: Path) -> None:
    """A file that may not be written is named with what to do."""
    database = open_directory / "events.duckdb"
    with store.writing(database):
        pass
    database.chmod(0o444)

    said = tries(_TRY_TO_WRITE, database, user=NOBODY)

    assert said.startswith("ReadOnlyError")
    assert "give this user write permission" in said


def test_read_only_directory(open_directory: Path) -> None:
    """A directory in which DuckDB can't put its log is named with what to do."""
    database = open_directory / "events.duckdb"
    with store.writing(database):
        pass
    database.chmod(0o666)
    open_directory.chmod(0o555)

    said = tries(_TRY_TO_WRITE, database, user=NOBODY)

    assert said.startswith("ReadOnlyError")


def test_read_only_directory_without_a_database(open_directory: Path) -> None:
    """A directory in which no database can be made is named with what to do, and nothing is left in it."""
    open_directory.chmod(0o555)

    said = tries(_TRY_TO_WRITE, open_directory / "events.duckdb", user=NOBODY)

    assert said.startswith("ReadOnlyError")
    assert "give this user write permission for the file and its directory" in said
    assert not list(open_directory.iterdir())


def _written_and_gone(database: Path, other: str | None) -> None:
    with store.writing(database) as db:
        db.load([to_row(ended("lost"))], {"s": 1})
        database.with_name(other).rename(database) if other else database.unlink()


@pytest.mark.parametrize("other", [None, "other.duckdb"], ids=["deleted", "replaced"])
def test_file_that_goes_while_it_is_written(database: Path, other: str | None) -> None:
    """Who has written into a file that is no more is told so, and what takes its place is left as it is."""
    with store.writing(database.with_name("other.duckdb")) as db:
        db.load([to_row(ended("of the other"))], {})

    with pytest.raises(store.MissingError, match="deleted or replaced while it was written"):
        _written_and_gone(database, other)
    with store.writing(database) as db:
        assert db.marks() == {}
        db.load([to_row(ended("again"))], {"s": 1})

    stored = store.read(database, "SELECT event_id FROM events ORDER BY 1").rows
    assert stored == ([("again",), ("of the other",)] if other else [("again",)])
    assert not list(database.parent.glob("*.left-over-*"))


def test_folder_in_place_of_a_file(database: Path) -> None:
    """A folder is not written as a database; what to name instead is said."""
    database.mkdir()

    advice = r"is a folder: name a file for the events, such as .*/llmobserve"
    with pytest.raises(store.ForeignError, match=advice), store.writing(database):
        pass
    assert not list(database.iterdir())


def test_full_disk(tmp_path: Path) -> None:
    """A full disk stores nothing and says so; with room it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("a disk of its own needs root")
    try:
        database, filler = disk / "events.duckdb", disk / "filler"
        with store.writing(database) as db:
            db.load([to_row(ended("before"))], {"s": 1})
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            all(os.write(descriptor, b"x" * 4096) for _ in range(4096))
        os.close(descriptor)

        with pytest.raises(store.FullError, match="free some space"), store.writing(database) as db:
            db.load([to_row(ended("lost"))] * 2000, {"s": 2})
        assert store.read(database, "SELECT event_id FROM events").rows == [("before",)]

        filler.unlink()
        with store.writing(database) as db:
            assert db.marks() == {"s": 1}
            db.load([to_row(ended("after"))], {"s": 2})
        assert store.read(database, "SELECT event_id FROM events").rows == [("before",), ("after",)]
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_command_line_of_an_older_duckdb_reads_the_file(database: Path) -> None:
    """The file has the format of DuckDB 1.3, which every command line since then reads."""
    with store.writing(database) as db:
        db.load([to_row(ended("a"))], {"s": 1})

    with duckdb.connect(database, read_only=True) as plain:
        tags = plain.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'events'").fetchall()

    assert "v1.3.0" in str(tags)
