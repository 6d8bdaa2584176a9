"""Moves a day's events from the table to a file, counted and summed on both sides; it decides on no day.

A file is written, put and read again while the database is free. One transaction then compares what was read with the
rows as they are by now, takes these out, and names the file: so at any moment an event is in one of both.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package and quoted names of files

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from llmobs.place import Place
from llmobs.store import archived, daily, fleet, parquet, publication, views
from llmobs.store.errors import explained

# A pending row changes yet, and one that is not published must be first. A day has both bounds in its variables.
_PUBLISHED = f"event_id NOT IN (SELECT event_id FROM {publication.NOTES})"
_SETTLED = "cost_status <> 'pending'"
_ALL = ", ".join(f'"{name}"' for name in parquet.ORDER)
_SUMS = f"SELECT count(*), coalesce(sum(cost_usd), 0), coalesce(bit_xor(hash({_ALL})), 0) FROM "


@dataclass(frozen=True, slots=True)
class Sums:
    """What tells whether two sets of events are the same: their number, their cost, and all that is in them."""

    rows: int
    cost_usd: Decimal
    content: int


def begin(db: duckdb.DuckDBPyConnection, place: Place, here: str) -> None:
    """Archive to this place from now on."""
    db.execute(archived.TABLE)
    db.execute(publication.TABLE)
    publication.identify(db, here)
    publication.say(db, {"archive": str(place)})
    show(db)


def next_name(db: duckdb.DuckDBPyConnection, day: date) -> str:
    """What the day's file is called; the number is free again where a file was put and never named."""
    [(number,)] = db.execute("SELECT coalesce(max(number), 0) + 1 FROM archived").fetchall()
    return parquet.name(archived.FOLDER, day, publication.node(db), number)


def save(db: duckdb.DuckDBPyConnection, day: date, file: Path) -> None:
    """Write the day's rows into a file of this machine."""
    db.execute("SET VARIABLE day = ?::DATE", [day])
    query = f"SELECT {_ALL} FROM events WHERE {_day(db)} ORDER BY started_at"
    db.execute(f"COPY ({query}) TO {parquet.text(file)} ({parquet.WRITING})")


def sums(place: Place, name: str) -> Sums:
    """What lies in a file at its place, read again from there; raises StoreError."""
    with fleet.asked(), explained(place), duckdb.connect() as db:
        fleet.register(db, place)
        return Sums(*db.execute(f"{_SUMS} ({parquet.rows([place.address(name)])})").fetchall()[0])


def settle(db: duckdb.DuckDBPyConnection, day: date, name: str, there: Sums) -> bool:
    """Take the day's rows out of the table for the file; False where they have changed since, and nothing is done."""
    db.execute("SET VARIABLE day = ?::DATE", [day])
    if Sums(*db.execute(f"{_SUMS} events WHERE {_day(db)}").fetchall()[0]) != there:
        return False
    db.execute(f"DELETE FROM events WHERE {_day(db)}")
    number = int(name.rpartition("-")[2].partition(".")[0])
    db.execute("INSERT INTO archived VALUES (?, ?, ?, ?)", [name, day, there.rows, number])
    show(db)
    return True


def delete(db: duckdb.DuckDBPyConnection, before: date) -> list[str]:
    """Forget all events of days before this one; gives the files that count no longer."""
    db.execute(archived.TABLE)
    old = "day < ?::DATE"
    gone = [name for (name,) in db.execute(f"SELECT name FROM archived WHERE {old}", [before]).fetchall()]
    db.execute(f"DELETE FROM archived WHERE {old}", [before])
    db.execute("DELETE FROM events WHERE started_at < ?::DATE", [before])
    daily.delete(db, before)
    show(db)
    return gone


def show(db: duckdb.DuckDBPyConnection) -> None:
    """Let the database's own views give both, for the DuckDB command line; where it can't, they say so."""
    for statement in views.creation(archived.lasting(db)):
        db.execute(statement)


def _day(db: duckdb.DuckDBPyConnection) -> str:
    begun = "started_at >= getvariable('day') AND started_at < getvariable('day') + INTERVAL 1 DAY"
    return " AND ".join((begun, _SETTLED, *([_PUBLISHED] if publication.on(db) else [])))
