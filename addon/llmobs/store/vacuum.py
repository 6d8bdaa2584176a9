"""Gives the disk back what deleted rows took: copies a database and puts the copy in its place; it deletes no row.

DuckDB reuses room in its file, and never gives it back. While it is copied the file is open for reading, so that no
writer gets in; the proxy spools meanwhile.
"""

import os
import time
from pathlib import Path
from uuid import uuid4

import duckdb

from llmobs.store import parquet, undo
from llmobs.store.errors import StoreError

# Whoever has opened the old file and not locked it yet must find it locked; both happen within microseconds.
_GRACE_S = 1.0


def replace(db: duckdb.DuckDBPyConnection, path: Path, storage_version: str) -> None:
    """Put a copy of the database in its place; `db` holds it read-only as `old`, and is closed after that."""
    copy = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        db.execute(f"ATTACH {parquet.text(copy)} AS fresh (STORAGE_VERSION '{storage_version}')")
        db.execute("COPY FROM DATABASE old TO fresh")
        _compare(db, path)
        db.execute("DETACH fresh")
        if path.with_name(f"{path.name}.wal").exists():
            raise StoreError(f"{path} has a log that is not in the file yet: start and stop the proxy, then try again")
        _into_place(copy, path)
        time.sleep(_GRACE_S)
    finally:
        copy.unlink(missing_ok=True)


def _compare(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'old'"
    for (table,) in db.execute(tables).fetchall():
        rows = [db.execute(f'SELECT count(*) FROM {name}."{table}"').fetchall() for name in ("old", "fresh")]  # noqa: S608
        if rows[0] != rows[1]:
            raise StoreError(f"{path}: the copy of table {table} is not complete; the database is left as it was")


def _into_place(copy: Path, path: Path) -> None:
    """Also through a power cut; with the rights of the old file. Its own undo copies are of no use to the new one."""
    os.chmod(copy, path.stat().st_mode & 0o777)  # noqa: PTH101 -- no descriptor of the old file is opened
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    for old in undo.copies(path):
        old.unlink(missing_ok=True)
    copy.replace(path)
