"""Asks the same SQL files as the terminal's reports do, about the same calls; it does not know what they mean."""

from collections.abc import Mapping
from typing import Any

from llmobs import store
from llmobs.queries import query

type Rows = list[dict[str, Any]]


class Questions:
    """Queries by their names on one open database, all about the same calls."""

    def __init__(self, db: store.Reading, told: Mapping[str, object]) -> None:
        self._db = db
        self._told = dict(told)

    def rows(self, name: str, most: int | None = None, **own: object) -> Rows:
        """A query's rows by the names of their columns, the first so many."""
        # What one query was told must not be told to the next.
        variables = {**dict.fromkeys(("by_columns", "since", "until")), **self._told, **own}
        table = self._db.query(_text(name, most), variables=variables)
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

    def first(self, name: str, **own: object) -> dict[str, Any]:
        """The one row of a query."""
        [row] = self.rows(name, None, **own)
        return row


def _text(name: str, most: int | None) -> str:
    sql = query(name)
    if most is None:
        return sql
    # The last statement of the file is the query; those before it set variables.
    head, _, last = sql.rstrip().removesuffix(";").rpartition(";\n")
    return f"{head + ';' if head else ''}\nSELECT *, count(*) OVER () AS all_rows FROM ({last}\n) LIMIT {int(most)}"
