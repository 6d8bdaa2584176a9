"""Asks the SQL files what a command line wants to know; it neither reads command lines nor prints."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmobs import store
from llmobs.queries import query
from scripts.console.options import TAG


class Rows(list[dict[str, Any]]):
    """Rows by the names of their columns, which are known where there is no row, too."""

    __slots__ = ("columns",)

    def __init__(self, found: Iterable[dict[str, Any]], columns: Iterable[str]) -> None:
        super().__init__(found)
        self.columns = tuple(columns)

    def without(self, left_out: str) -> "Rows":
        """The same with one column less."""
        columns = [name for name in self.columns if name != left_out]
        return Rows(({name: row[name] for name in columns} for row in self), columns)


def ask(options: argparse.Namespace, names: Iterable[str], **own: object) -> dict[str, Rows]:
    """The answers of SQL files by their names, all of one moment, with variables of the script's own besides.

    Raises StoreError.
    """
    with store.reading(options.db) as db:
        return answered(db, names, variables(options) | own)


def answered(db: store.Reading, names: Iterable[str], told: Mapping[str, object]) -> dict[str, Rows]:
    """The answers of SQL files by their names, of a database that is open, which are told these variables."""
    return {name: rows(db.query(query(name), variables=told)) for name in names}


def rows(table: store.Table) -> Rows:
    """Each row by the names of its columns."""
    return Rows((dict(zip(table.columns, row, strict=True)) for row in table.rows), table.columns)


def variables(options: argparse.Namespace) -> dict[str, object]:
    """What the queries are told of the period, of the calls that are wanted, and of the columns to group by."""
    told: dict[str, object] = {name: moment for name in ("since", "until") if (moment := getattr(options, name))}
    by: Sequence[str] = getattr(options, "by", ())
    if by:
        told["by_columns"] = [_column(name) for name in by]
    for name in (*by, *options.where):
        if name.startswith(TAG):
            told["tag_name"] = name.removeprefix(TAG)
    return told | {f"only_{_column(name)}": wanted for name, wanted in options.where.items()}


def named(found: Rows, by: Sequence[str]) -> Rows:
    """The rows with the columns that they are grouped by in front, in that order, a tag under its own name."""
    tag = next((name for name in by if name.startswith(TAG)), "tag")
    own = {name: tag if name == "tag" else name for name in found.columns}
    renamed = ({own[name]: cell for name, cell in row.items()} for row in found)
    return Rows(({name: row[name] for name in by} | row for row in renamed), dict.fromkeys((*by, *own.values())))


def _column(name: str) -> str:
    return "tag" if name.startswith(TAG) else name
