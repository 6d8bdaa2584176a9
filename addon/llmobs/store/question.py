"""What is asked of an open database, and answers that are saved to be read when it is closed; it opens no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from llmobs.columns import COLUMNS
from llmobs.store import spent

type Row = tuple[object, ...]

_NO_ROWS = f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, (kind, _) in COLUMNS.items())} LIMIT 0"
_PARQUET = "FORMAT parquet, ROW_GROUP_SIZE 10000"


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gave."""

    columns: tuple[str, ...]
    rows: list[Row]


class Reading:
    """An open, checked database that can only be asked; `done` are the days whose sums it has."""

    def __init__(self, db: duckdb.DuckDBPyConnection, done: Sequence[date] = ()) -> None:
        self._db = db
        self._done = done
        self._lent: list[spent.Range] = []

    def query(self, sql: str, params: Sequence[object] = (), variables: Mapping[str, object] | None = None) -> Table:
        """Run one query (or a file of them: the last one's answer counts) after setting its SQL variables."""
        for name, value in (variables or {}).items():
            self._db.execute(f'SET VARIABLE "{name}" = ?', [value])
        if self._done:
            self._lend()
        # A file of several statements can't be prepared, so parameters are passed only where there are any.
        answer = self._db.execute(sql, list(params)) if params else self._db.execute(sql)
        return Table(tuple(column[0] for column in answer.description or ()), answer.fetchall())

    def _lend(self) -> None:
        """Let the view of what was spent read the sums of days where they answer what is asked."""
        held = spent.held(self._done, spent.asked(self._db))
        if held != self._lent:
            spent.lend(self._db, held)
            self._lent = held

    def save(self, sql: str, file: Path, variables: Mapping[str, object], form: str = _PARQUET) -> int:
        """Write what a query gives into a file, for when the database is closed again; the number of rows."""
        name = str(file).replace("'", "''")
        self._db.execute("SET threads = 1")  # each one more takes 200 MB, and is no faster
        copy = f"COPY ({sql}) TO '{name}' ({form})"
        [(count,)] = self.query(copy, variables=variables).rows
        return int(str(count))


def saved(file: Path, size: int) -> Iterator[list[Row]]:
    """The rows of a file that `Reading.save` wrote, so many at a time."""
    with duckdb.connect(config={"threads": "1"}) as db:
        answer = db.execute("SELECT * FROM read_parquet(?)", [str(file)])
        while rows := answer.fetchmany(size):
            yield rows


def merge(parts: Sequence[Path], whole: Path, form: str) -> None:
    """Write the rows of Parquet files of events into one, in their order; without any, one that has the columns."""
    rows = "FROM read_parquet(getvariable('parts'))" if parts else _NO_ROWS
    name = str(whole).replace("'", "''")
    with duckdb.connect() as db:
        db.execute("SET VARIABLE parts = ?", [[str(part) for part in parts]])
        db.execute(f"COPY ({rows}) TO '{name}' ({form})")
