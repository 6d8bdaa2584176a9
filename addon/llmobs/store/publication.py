"""What of the events other machines have not seen yet, and the files that show it to them; it puts no file anywhere.

Each change of a row is noted in the transaction that makes it. A publication is a number of these notes, taken in one
transaction; its files bear the number, so that to put them again is to put the same. A row that was published before
comes as a revision, of which readers take the newest. Content is not published: there it could not be forgotten.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package, and numbers

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import duckdb

from llmobs.columns import COLUMNS
from llmobs.store import parquet

EVENTS, REVISIONS = "events", "revisions"
# What a revision has besides; later ones of the same event have greater numbers.
EXTRA = {"revision": "BIGINT", "gone": "BOOLEAN"}
# A few megabytes, written in a fraction of a second.
ROWS = 20_000
NOTES = "publishing"
TABLE = f"""
CREATE TABLE IF NOT EXISTS {NOTES} (event_id VARCHAR, day DATE, fresh BOOLEAN, publication BIGINT, node VARCHAR)
"""
_INTO = f"INSERT INTO {NOTES} (event_id, day, fresh)"
_PUBLISHED = ", ".join(
    f"NULL::{kind} AS content" if name == "content" else f'events."{name}"' for name, (kind, _) in COLUMNS.items()
)
_GONE = ", ".join("batch.event_id" if name == "event_id" else f"NULL::{kind}" for name, (kind, _) in COLUMNS.items())


@dataclass(frozen=True, slots=True)
class Publication:
    """Files that lie in a folder of this machine, under the names that they get."""

    number: int
    folder: Path
    files: tuple[str, ...]


def begin(db: duckdb.DuckDBPyConnection, target: str, here: str) -> None:
    """Publish to this target from now on, all rows anew where it is another; `here` tells a copied database."""
    said = _meta(db)
    db.execute(TABLE)
    identify(db, here)
    if said.get("published_to") != target:
        say(db, {"published_to": target})
        db.execute(f"DELETE FROM {NOTES}")
        db.execute(f"{_INTO} SELECT event_id, started_at::DATE, true FROM events")


def on(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether changes are to be noted."""
    return "published_to" in _meta(db)


def identify(db: duckdb.DuckDBPyConnection, here: str) -> None:
    """Call the database by a name of its own, anew where it was copied: two of one name would overwrite their files."""
    if _meta(db).get("node_place") != here:
        say(db, {"node": uuid4().hex[:12], "node_place": here})


def node(db: duckdb.DuckDBPyConnection) -> str:
    """What this database is called among others."""
    return _meta(db)["node"]


def note(db: duckdb.DuckDBPyConnection, source: str, params: Sequence[object] = (), *, fresh: bool) -> None:
    """Note rows of a query of `event_id` and `started_at`: new ones, or changed ones as they were before."""
    db.execute(f"{_INTO} SELECT event_id, started_at::DATE, {fresh} FROM ({source})", list(params))


def following(db: duckdb.DuckDBPyConnection, staging: Path, done: int | None) -> Publication | None:
    """The oldest publication that is not done, or a new one; None where there is nothing to show."""
    db.execute(f"DELETE FROM {NOTES} WHERE publication = ?", [done])
    [(number,)] = db.execute(f"SELECT min(publication) FROM {NOTES}").fetchall()
    if number is None:
        if (number := _plan(db)) is None:
            return None
        shutil.rmtree(staging / str(number), ignore_errors=True)  # of a transaction that failed
    folder = staging / str(number)
    if not folder.exists():
        _stage(db, int(number), folder)
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.parquet"))
    return Publication(int(number), folder, tuple(files))


def _plan(db: duckdb.DuckDBPyConnection) -> int | None:
    """Take the oldest notes for a publication of the next number."""
    number, name = int(_meta(db).get("publications", "0")) + 1, node(db)
    waiting = f"SELECT rowid FROM {NOTES} WHERE publication IS NULL ORDER BY rowid LIMIT {ROWS}"
    taken = db.execute(
        f"UPDATE {NOTES} SET publication = ?, node = ? WHERE rowid IN ({waiting})", [number, name]
    ).fetchall()
    if not taken[0][0]:
        return None
    say(db, {"publications": str(number)})
    return number


def _stage(db: duckdb.DuckDBPyConnection, number: int, folder: Path) -> None:
    """Write its files; the folder has its name when all are complete."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE batch AS SELECT event_id, bool_or(fresh) AS fresh, arg_min(day, rowid) AS day, "
        "min(day) AS least, max(day) AS most, any_value(node) AS node "
        f"FROM {NOTES} WHERE publication = {number} GROUP BY event_id"
    )
    [(name, first, last)] = db.execute("SELECT any_value(node), min(least), max(most) FROM batch").fetchall()
    db.execute("SET VARIABLE first = ?::DATE", [first])
    db.execute("SET VARIABLE last = ?::DATE", [last])
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for kind, days, query in (
        (EVENTS, _DAYS_OF_EVENTS, _EVENTS),
        (REVISIONS, _DAYS_OF_REVISIONS, _REVISIONS.format(number=number)),
    ):
        for (day,) in db.execute(days).fetchall():
            _write(db, query, day, draft / parquet.name(kind, day, name, number))
    draft.rename(folder)


# An event, and what comes to replace it, lie under the day that the first note of it told. No row is older than the
# oldest note, nor younger than the youngest, which spares a look at those that are.
_BETWEEN = "started_at >= getvariable('first') AND started_at < getvariable('last') + INTERVAL 1 DAY"
_DAYS_OF_EVENTS = f"""
SELECT DISTINCT day FROM batch WHERE fresh AND event_id IN (SELECT event_id FROM events WHERE {_BETWEEN})
"""
_DAYS_OF_REVISIONS = "SELECT DISTINCT day FROM batch WHERE NOT fresh"
_ROWS = f"""
events SEMI JOIN (FROM batch WHERE {{which}} AND day = getvariable('day')) AS chosen USING (event_id)
WHERE {_BETWEEN}
"""
_CHANGED = "batch WHERE NOT fresh AND day = getvariable('day')"
_EVENTS = f"SELECT {_PUBLISHED} FROM {_ROWS.format(which='fresh')} ORDER BY started_at"
_REVISIONS = f"""
SELECT {_PUBLISHED}, {{number}}::BIGINT AS revision, false AS gone FROM {_ROWS.format(which="NOT fresh")}
UNION ALL
SELECT {_GONE}, {{number}}, true FROM (FROM {_CHANGED}) AS batch ANTI JOIN events USING (event_id)
"""


def _write(db: duckdb.DuckDBPyConnection, query: str, day: date, file: Path) -> None:
    file.parent.mkdir(parents=True)
    db.execute("SET VARIABLE day = ?::DATE", [day])
    db.execute(f"COPY ({query}) TO {parquet.text(file)} ({parquet.WRITING})")


def _meta(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(db.execute("SELECT key, value FROM main.meta").fetchall())


def say(db: duckdb.DuckDBPyConnection, told: dict[str, str]) -> None:
    """Let the database say this of itself."""
    for key, value in told.items():
        db.execute("DELETE FROM main.meta WHERE key = ?", [key])
        db.execute("INSERT INTO main.meta VALUES (?, ?)", [key, value])
