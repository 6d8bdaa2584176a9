"""Older events that lie in files beside the database: which files, and how both are read as one; it moves none.

A file counts when the transaction that took its rows out of the table has named it. What lies there without that is
left of an archiving that was killed, and is written again under the same name.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package and quoted names of files

from datetime import date
from pathlib import Path

import duckdb

from llmobs.place import Bucket, Folder, Place, PlaceError, place_of
from llmobs.store import parquet

FOLDER = "archive"
TABLE = "CREATE TABLE IF NOT EXISTS archived (name VARCHAR, day DATE, rows BIGINT, number BIGINT)"


def there(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was archived."""
    return place(db) is not None and bool(names(db))


def place(db: duckdb.DuckDBPyConnection, schema: str = "main") -> Place | None:
    """Where the archive is; None where there is none."""
    told = db.execute(f"SELECT value FROM {schema}.meta WHERE key = 'archive'").fetchall()
    return place_of(told[0][0]) if told else None


def names(db: duckdb.DuckDBPyConnection, schema: str = "main") -> list[str]:
    """The files that count."""
    return [name for (name,) in db.execute(f"SELECT name FROM {schema}.archived ORDER BY day, name").fetchall()]


def calls_of_days(db: duckdb.DuckDBPyConnection) -> dict[date, int]:
    """How many calls of each day lie in the archive."""
    if place(db) is None:
        return {}
    return dict(db.execute("SELECT day, sum(rows)::BIGINT FROM main.archived GROUP BY day").fetchall())


def rest(db: duckdb.DuckDBPyConnection, schema: str = "main") -> str:
    """What a query of the table has to go on with to give the archive's rows, too; raises PlaceError."""
    where = place(db, schema)
    files = names(db, schema) if where else []
    if where is None or not files:
        return ""
    if isinstance(where, Bucket):
        db.register_filesystem(where.filesystem)
    else:
        _check(where, files)
    return " UNION ALL " + parquet.rows(map(where.address, files))


def source(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """The table and its archive as one, for the views; `table` stands for the events, all columns."""
    try:
        more = rest(db)
    except PlaceError as problem:
        raise PlaceError(
            f"{problem}. Older calls lie there; where the archive was moved, say so: archive.py --to PLACE --moved"
        ) from problem
    columns = ", ".join(f'"{name}"' for name in parquet.ORDER)
    return f"(SELECT {columns} FROM {table}{more})" if more else table


def lasting(db: duckdb.DuckDBPyConnection) -> str:
    """The same for views that stay in the database; where its own command line can't read the archive, they say so."""
    if not there(db):
        return "events"
    try:
        where = place(db)
        if not isinstance(where, Bucket):
            return source(db, "events")
        told = f"older calls lie in {where}, which the scripts read"
    except PlaceError as problem:
        told = str(problem)
    columns, nothing = ", ".join(f'"{name}"' for name in parquet.ORDER), ", ".join("NULL" for _ in parquet.ORDER)
    return f"(SELECT {columns} FROM events UNION ALL SELECT {nothing} WHERE error({parquet.text(told)}) IS NOT NULL)"


def _check(where: Folder, files: list[str]) -> None:
    for file in files:
        if not Path(where.address(file)).exists():
            raise PlaceError(f"{where.address(file)} is not there")
