"""The tables of the database: made, migrated, and told from another program's; it opens and closes nothing."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from llmobs.columns import COLUMNS
from llmobs.event import Charge
from llmobs.store import archived, daily, repricing, views
from llmobs.store.errors import ForeignError, NewerError

PROGRAM = "llmobserve"
SCHEMA = 5
# What a line leaves out is NULL, save these.
_UNSAID = {"streamed": "false", "charges": "[]", "outcome": "'ok'", "cost_status": "'unpriced'"}
_READ_AS = {"charges": "JSON[]", "JSON": "VARCHAR"}

# What a publication has to know of such a file.
IDS_OF_LINES = (
    "FROM read_json(?, format = 'newline_delimited', columns = {'event_id': 'VARCHAR', 'started_at': 'TIMESTAMP'}) "
    "WHERE event_id IS NOT NULL"
)
# Inside a string its quotes would be escaped.
_DAY = re.compile(rb'"started_at":"(\d{4}-\d\d-\d\d)')


def days_of_lines(lines: Path) -> set[date]:
    """The days on which the events of such a file began, without reading it as JSON once more."""
    return {date.fromisoformat(day.decode()) for day in set(_DAY.findall(lines.read_bytes()))}


def from_lines(table: str) -> str:
    """The statement that appends a file of events as `llmobs.event.to_json` writes them; a charge is a JSON array."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    # A line holds JSON as the text it is.
    read = {name: _READ_AS.get(name) or _READ_AS.get(kind, kind) for name, (kind, _) in COLUMNS.items()}
    charge = ", ".join(f"'{field}': line->>{at}" for at, field in enumerate(Charge._fields))
    special = {name: f'coalesce("{name}", {unsaid})' for name, unsaid in _UNSAID.items()}
    special["charges"] = f"[{{{charge}}} FOR line IN {special['charges']}]"
    values = ", ".join(special.get(name, f'"{name}"') for name in COLUMNS)
    source = f"read_json(?, format = 'newline_delimited', columns = {read})"
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {source} WHERE event_id IS NOT NULL"  # noqa: S608


def _meta(db: duckdb.DuckDBPyConnection, schema: str = "main") -> dict[str, str]:
    """What a database of ours says of itself, asked at each turn: a list of its tables takes ten times as long."""
    try:
        # Without its schema the name might also be that of a Python variable.
        return dict(db.execute(f"SELECT key, value FROM {schema}.meta").fetchall())  # noqa: S608
    except (duckdb.CatalogException, duckdb.BinderException):
        return {}


def _tables(db: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall()}


def check(db: duckdb.DuckDBPyConnection, path: object, schema: str = "main") -> int:
    """The schema version of our own database; raises where it is another program's or newer than this program."""
    meta = _meta(db, schema)
    if meta.get("program") != PROGRAM or "schema" not in meta:
        raise ForeignError(f"{path} is a database of another program: name another file for the events")
    version = int(meta["schema"])
    if version > SCHEMA:
        raise NewerError(f"{path} was written by a newer llmobserve (schema {version}): update this one")
    return version


def provision(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the tables in an empty database, or bring older ones up to date."""
    if not _meta(db) and not _tables(db):
        _in_transaction(db, _creation())
    elif check(db, path) < SCHEMA:
        _in_transaction(db, _migration(db))


def _in_transaction(db: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    db.begin()
    for statement in statements:
        db.execute(statement)
    db.commit()


def _creation() -> list[str]:
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
    return [
        f"CREATE TABLE events ({columns})",
        *_comments(),
        # No key on either table: an index doubles the cost of a cycle, and exactly-once does not rest on one.
        "CREATE TABLE spool_marks (segment VARCHAR, loaded BIGINT)",
        "CREATE TABLE meta (key VARCHAR, value VARCHAR)",
        repricing.TABLE,
        *daily.TABLES,
        *views.creation(),
        f"INSERT INTO meta VALUES ('program', '{PROGRAM}'), ('schema', '{SCHEMA}')",  # noqa: S608
    ]


def _migration(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Additive only: the tables and columns that an older version did not have, columns at the end."""
    there = {name for name, *_ in db.execute("DESCRIBE events").fetchall()}
    return [
        *(f'ALTER TABLE events ADD COLUMN "{name}" {kind}' for name, (kind, _) in COLUMNS.items() if name not in there),
        repricing.TABLE,
        *daily.TABLES,
        *views.creation(archived.lasting(db)),
        *_comments(),
        f"UPDATE meta SET value = '{SCHEMA}' WHERE key = 'schema'",  # noqa: S608
    ]


def _comments() -> list[str]:
    meanings = {name: meaning.replace("'", "''") for name, (_, meaning) in COLUMNS.items()}
    return [f"COMMENT ON COLUMN events.\"{name}\" IS '{meaning}'" for name, meaning in meanings.items()]
