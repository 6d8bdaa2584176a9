"""The tables: made once, brought up to date, and never mixed with another program's."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import Event, to_json, to_row
from llmobs.store.schema import SCHEMA
from tests.store.files import foreign
from tests.writer.calls import ended, running


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one event in it."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(ended("old"))], {})
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE customers (name VARCHAR)",
        "CREATE VIEW numbers AS SELECT 1",
        "CREATE TABLE meta (version INT)",
        "CREATE TABLE meta (key VARCHAR, value VARCHAR); INSERT INTO meta VALUES ('program', 'other')",
        "CREATE TABLE meta (key VARCHAR, value VARCHAR); INSERT INTO meta VALUES ('program', 'llmobserve')",
    ],
)
def test_database_of_another_program(tmp_path: Path, sql: str) -> None:
    """A database with other tables is refused, and no table is added to it."""
    path = foreign(tmp_path / "other.duckdb", sql)

    for door in (store.writing, store.reading):
        with pytest.raises(store.ForeignError, match="another program"), door(path):
            pass
    with duckdb.connect(path) as db:
        assert len(db.execute("SHOW TABLES").fetchall()) == 1


def test_newer_schema(database: Path) -> None:
    """A database of a newer version is refused with the advice to update."""
    with duckdb.connect(database) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")

    for door in (store.writing, store.reading):
        with pytest.raises(store.NewerError, match=r"schema 99.*update"), door(database):
            pass


def test_older_schema(database: Path) -> None:
    """An older database gets the columns that it lacks, and keeps its rows and what a user added."""
    with duckdb.connect(database) as db:
        db.execute("ALTER TABLE events DROP COLUMN run_id; ALTER TABLE events DROP COLUMN list_cost_usd")
        db.execute("ALTER TABLE events ADD COLUMN note VARCHAR; UPDATE events SET note = 'mine'")
        db.execute("UPDATE meta SET value = '0' WHERE key = 'schema'")

    with store.writing(database) as db:
        db.load([to_row(ended("new"))], {})

    rows = store.read(database, "SELECT event_id, run_id, note FROM events ORDER BY started_at, event_id DESC").rows
    assert rows == [("old", None, "mine"), ("new", None, None)]
    names = {name for name, *_ in store.read(database, "DESCRIBE events").rows}
    assert names == {*COLUMNS, "note"}
    assert store.read(database, "SELECT value FROM meta WHERE key = 'schema'").rows == [(str(SCHEMA),)]


def test_first_schema(tmp_path: Path) -> None:
    """A database of the first version keeps its rows, gets the columns and their meanings, and takes jobs."""
    path = tmp_path / "events.duckdb"
    names = list(COLUMNS)
    first = {name: COLUMNS[name][0] for name in names[: names.index("job_id")]}
    with duckdb.connect(path) as db:
        db.execute(f"CREATE TABLE events ({', '.join(f'{name} {kind}' for name, kind in first.items())})")
        db.execute("CREATE TABLE spool_marks (segment VARCHAR, loaded BIGINT)")
        db.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
        db.execute("INSERT INTO meta VALUES ('program', 'llmobserve'), ('schema', '1')")
        with db.appender("events", columns=list(first)) as appender:
            appender.append_row(*to_row(ended("old"))[: len(first)])

    with store.writing(path) as db:
        db.load([to_row(replace(ended("new"), job_id="resp_1"))], {})

    rows = store.read(path, "SELECT event_id, cost_usd, job_id FROM events ORDER BY event_id").rows
    assert rows == [("new", Decimal("0.0025"), "resp_1"), ("old", Decimal("0.0025"), None)]
    told = store.read(path, "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'events'").rows
    assert told == [(name, meaning) for name, (_, meaning) in COLUMNS.items()]
    assert store.read(path, "SELECT value FROM meta WHERE key = 'schema'").rows == [(str(SCHEMA),)]


@pytest.mark.parametrize("event", [running("bare"), ended("full")])
def test_line_and_row_are_the_same(tmp_path: Path, event: Event) -> None:
    """What a line leaves out is in the table what the row says, with all money and charges."""
    lines = tmp_path / "events.jsonl"
    lines.write_bytes(to_json(event) + b"\n")
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(event)], {})
        db.load_lines(lines, 1, {})

    one, other = store.read(tmp_path / "events.duckdb", "FROM events").rows

    assert one == other
