"""DuckDB's texts become kinds of trouble with advice."""

from pathlib import Path

import duckdb
import pytest

from llmobs import store
from llmobs.store.errors import explain, explained

_LOCK = (
    'IO Error: Could not set lock on file "/x/events.duckdb": Conflicting lock is held in /opt/bin/duckdb (PID 42). '
    "See also https://duckdb.org/docs/current/connect/concurrency"
)


@pytest.mark.parametrize(
    ("text", "kind", "advice"),
    [
        (_LOCK, store.LockedError, "is locked by /opt/bin/duckdb (PID 42): close it there"),
        (_LOCK.replace(" (PID", " by user ann (PID"), store.LockedError, "is locked by /opt/bin/duckdb (PID 42)"),
        ("IO Error: Could not set lock on file: No locks available", store.LockedError, "close the program"),
        ("Unique file handle conflict: the file is already attached", store.LockedError, "close the program"),
        ("Could not write file: No space left on device", store.FullError, "free some space"),
        ("Cannot open file: Permission denied", store.ReadOnlyError, "write permission"),
        ("trying to read a database file with version number 99", store.NewerError, "update this installation"),
        ("WAL was created for a newer version of this database. File", store.CorruptError, "/x/events.duckdb.wal away"),
        ("Failure while replaying WAL file", store.CorruptError, "ending in .wal"),
        ("IO Error: No more data remaining in MetadataReader", store.CorruptError, "move it aside"),
        ("Serialization Error: Failed to deserialize: field id mismatch", store.CorruptError, "move it aside"),
        ("Corrupt database file: computed checksum 1", store.CorruptError, "move it aside"),
    ],
)
def test_text_of_duckdb(text: str, kind: type[store.StoreError], advice: str) -> None:
    """Each known text has its kind, and says what to do about which file."""
    error = explain(Path("/x/events.duckdb"), duckdb.Error(text))

    assert type(error) is kind
    assert str(error).startswith("/x/events.duckdb ")
    assert advice in str(error)


def test_unknown_text() -> None:
    """An unknown trouble is told in DuckDB's words, the first line of them."""
    error = explain(Path("/x/events.duckdb"), duckdb.Error("Strange Error: moon is full\nmore"))

    assert type(error) is store.StoreError
    assert str(error) == "/x/events.duckdb can't be used (Strange Error: moon is full)"


def test_error_of_another_kind() -> None:
    """A mistake in a program is not taken for trouble with a file."""
    with pytest.raises(ZeroDivisionError), explained(Path("x")):
        _ = 1 / 0
