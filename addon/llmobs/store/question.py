"""What is asked of an open database, and answers that are saved to be read when it is closed; it opens no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

type Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gave."""

    columns: tuple[str, ...]
    rows: list[Row]


class Reading:
    """An open, checked database that can only be asked."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def query(self, sql: str, params: Sequence[object] = (), variables: Mapping[str, object] | None = None) -> Table:
        """Run one query (or a file of them: the last one's answer counts) after setting its SQL variables."""
        for name, value in (variables or {}).items():
            self._db.execute(f'SET VARIABLE "{name}" = ?', [value])
        # A file of several statements can't be prepared, so parameters are passed only where there are any.
        answer = self._db.execute(sql, list(params)) if params else self._db.execute(sql)
        return Table(tuple(column[0] for column in answer.description or ()), answer.fetchall())

    def save(self, sql: str, file: Path, variables: Mapping[str, object]) -> int:
        """Write what a query gives into a file, for when the database is closed again; the number of rows."""
        name = str(file).replace("'", "''")
        self._db.execute("SET threads = 1")  # each one more takes 200 MB, and is no faster
        copy = f"COPY ({sql}) TO '{name}' (FORMAT parquet, ROW_GROUP_SIZE 10000)"
        [(count,)] = self.query(copy, variables=variables).rows
        return int(str(count))


def saved(file: Path, size: int) -> Iterator[list[Row]]:
    """The rows of a file that `Reading.save` wrote, so many at a time."""
    with duckdb.connect(config={"threads": "1"}) as db:
        answer = db.execute("SELECT * FROM read_parquet(?)", [str(file)])
        while rows := answer.fetchmany(size):
            yield rows
