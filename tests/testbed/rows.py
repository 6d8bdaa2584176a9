"""The event table as a stranger reads it: plain DuckDB, read-only, reopened for each look."""

import time
from pathlib import Path
from typing import Any

import duckdb

from tests.testbed.upstream import PATIENCE_SECONDS

# To open the file costs a thousand times what it costs to ask when it was written, and rows come by writing it.
_LOOK_SECONDS = 0.01
# What the time of the last write does not tell, the next look after this does.
_LOOK_ANYWAY_SECONDS = 1.0


def query(db: Path, sql: str, *parameters: object) -> list[dict[str, Any]]:
    """Rows as dictionaries; waits while the writer holds the file or has not made it yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with duckdb.connect(str(db), read_only=True) as connection:
                cursor = connection.execute(sql, parameters)
                names = [column[0] for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except (duckdb.IOException, duckdb.CatalogException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.03)


def of_run(db: Path, run_id: str, count: int = 1) -> list[dict[str, Any]]:
    """The rows of a run in the order of their start, once there are `count` of them."""
    return _awaited(db, count, "where run_id = ?", run_id)


def every(db: Path, count: int) -> list[dict[str, Any]]:
    """All rows in the order of their start, once there are `count` of them."""
    return _awaited(db, count, "")


def _awaited(db: Path, count: int, where: str, *parameters: object) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        written = _written(db)
        found = query(db, f"select * from events {where} order by started_at, event_id", *parameters)
        if len(found) >= count:
            assert len(found) == count, found
            return found
        assert time.monotonic() < deadline, f"{len(found)} of {count} rows {where} {parameters}"
        _until_written(db, written)


def _written(db: Path) -> int:
    return db.stat().st_mtime_ns if db.exists() else 0


def _until_written(db: Path, before: int) -> None:
    """Wait until the file is another than it was, which need not bring the row that is waited for."""
    deadline = time.monotonic() + _LOOK_ANYWAY_SECONDS
    while _written(db) == before and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
