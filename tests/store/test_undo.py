"""A database whose process dies inside DuckDB's checkpoint opens again, with all that was committed."""

from pathlib import Path

import duckdb
import pytest

from llmobs import store
from llmobs.event import to_row
from llmobs.store import undo
from tests.store.files import held, killed, tries
from tests.writer.calls import ended

_PAGE = 4096


def torn(path: Path, page: int) -> None:
    """Leave what a kill leaves: log and copy there, header old, one metadata block written up to a page of it."""
    with store.writing(path) as db:
        db.load([to_row(ended("first"))], {"s": 1})
    with store.writing(path) as db:
        db.load([to_row(ended("second"))], {"s": 2})
        before = path.read_bytes()
        log = path.with_name(f"{path.name}.wal").read_bytes()
        (copy,) = path.parent.glob("*.undo")
        kept = copy.read_bytes()
    after = path.read_bytes()
    blocks = [
        at for at in range(3 * _PAGE, len(before), 262_144) if before[at : at + 262_144] != after[at : at + 262_144]
    ]
    content = bytearray(before)
    for at in blocks:
        content[at : at + page * _PAGE] = after[at : at + page * _PAGE]
    path.write_bytes(content)
    path.with_name(f"{path.name}.wal").write_bytes(log)
    copy.write_bytes(kept)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database that does not open."""
    path = tmp_path / "events.duckdb"
    torn(path, page=1)
    with pytest.raises(duckdb.Error, match="checksum"):
        duckdb.connect(path)
    return path


def events(path: Path) -> list[str]:
    """The keys that are stored."""
    return [str(key) for (key,) in store.read(path, "SELECT event_id FROM events ORDER BY 1").rows]


def test_writing_a_torn_database(database: Path) -> None:
    """The writer repairs it, and finds the transaction of the kill."""
    with store.writing(database) as db:
        assert db.marks() == {"s": 2}

    assert events(database) == ["first", "second"]
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_reading_a_torn_database(database: Path) -> None:
    """A reader repairs it as well."""
    assert events(database) == ["first", "second"]


def test_torn_database_without_a_copy(database: Path) -> None:
    """Where nothing can be put back, the database is called damaged."""
    for copy in database.parent.glob("*.undo"):
        copy.unlink()

    with pytest.raises(store.CorruptError, match="damaged"), store.writing(database):
        pass


def test_damage_that_no_copy_undoes(database: Path) -> None:
    """One repair is tried, not more."""
    content = bytearray(database.read_bytes())
    content[:_PAGE] = b"\xff" * _PAGE
    database.write_bytes(content)

    with pytest.raises(store.StoreError), store.writing(database):
        pass


def test_file_that_may_not_be_written(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader without the right to repair calls the database damaged."""

    def denied(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(undo, "repair", denied)

    with pytest.raises(store.CorruptError), store.reading(database):
        pass


def test_another_that_has_the_file(tmp_path: Path) -> None:
    """Nobody repairs a file that another process has open."""
    path = tmp_path / "events.duckdb"
    with store.writing(path):
        pass

    with held(path), pytest.raises(BlockingIOError):
        undo.repair(path)


def test_another_that_repairs(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds another at the repair looks again afterwards."""
    repair = undo.repair

    def by_another(path: Path) -> bool:
        repair(path)
        raise BlockingIOError

    monkeypatch.setattr(undo, "repair", by_another)

    assert events(database) == ["first", "second"]


def test_copies_of_completed_checkpoints(tmp_path: Path) -> None:
    """What a kill left after its checkpoint, and drafts, are removed by the next writer."""
    path = tmp_path / "events.duckdb"
    with store.writing(path):
        pass
    for name in ("events.duckdb.1.undo", "events.duckdb.2.new", "events.duckdb.2.new.wal"):
        (tmp_path / name).touch()

    with store.writing(path):
        pass

    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def test_database_that_is_replaced(tmp_path: Path) -> None:
    """A new file under the same name is copied and repaired, not the old one."""
    path = tmp_path / "events.duckdb"
    torn(path, page=1)
    path.unlink()
    for left in tmp_path.iterdir():
        left.unlink()
    torn(path, page=2)

    assert events(path) == ["first", "second"]


@pytest.mark.parametrize("behind", [1, 3])
def test_older_copy_that_is_restored(tmp_path: Path, behind: int) -> None:
    """What would undo a write of the newer file is not put into the older one; who moves the log away reads that."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(ended("old"))], {"s": 1})
    old = path.read_bytes()
    for turn in range(behind):
        with store.writing(path) as db:
            db.load([to_row(ended(str(turn)))], {"s": turn})
    killed(path, "newest")
    path.write_bytes(old)

    for door in (store.writing, store.reading):
        with pytest.raises(store.CorruptError, match=r"bring that copy back, or move .*\.wal away"), door(path):
            pass
    assert path.read_bytes() == old

    path.with_name(f"{path.name}.wal").rename(tmp_path / "away")
    with store.writing(path):
        pass
    assert events(path) == ["old"]


def test_kept_descriptor(tmp_path: Path) -> None:
    """Copying does not drop the lock that DuckDB holds."""
    path = tmp_path / "events.duckdb"
    with store.writing(path):
        assert "Conflicting lock" in tries("duckdb.connect(sys.argv[1])", path)
