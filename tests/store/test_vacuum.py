"""The copy that takes a database's place: checked before, and with nothing of the old file left beside it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from llmobs import store
from llmobs.event import to_row
from llmobs.store import vacuum
from tests.writer.calls import ended


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database with a row."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(ended("a"))], {})
    return path


@pytest.fixture
def db(old: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that holds it."""
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{old}' AS old (READ_ONLY)")
        yield db


def test_old_undo_copies(db: duckdb.DuckDBPyConnection, old: Path) -> None:
    """A copy to undo a write of the old file does not outlive it, and its rights stay."""
    undo = old.with_name(f"{old.name}.abc.undo")
    undo.write_bytes(b"blocks")
    old.chmod(0o640)
    vacuum.replace(db, old, "v1.0.0")

    assert not undo.exists()
    assert old.stat().st_mode & 0o777 == 0o640
    assert store.read(old, "SELECT count(*) FROM calls").rows == [(1,)]


def test_a_log_that_is_not_in_the_file(db: duckdb.DuckDBPyConnection, old: Path) -> None:
    """With a log of a killed writer beside it the file stays as it is."""
    old.with_name(f"{old.name}.wal").write_bytes(b"log")

    with pytest.raises(store.StoreError, match="start and stop the proxy, then try again"):
        vacuum.replace(db, old, "v1.0.0")
    assert not list(old.parent.glob("*.new"))


def test_an_incomplete_copy(old: Path) -> None:
    """A copy with other numbers of rows is not put in place."""
    with duckdb.connect() as db:
        db.execute("ATTACH ':memory:' AS old; ATTACH ':memory:' AS fresh")
        db.execute("CREATE TABLE old.events AS SELECT 1; CREATE TABLE fresh.events AS FROM old.events LIMIT 0")

        with pytest.raises(store.StoreError, match="the copy of table events is not complete"):
            vacuum._compare(db, old)
