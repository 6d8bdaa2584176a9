"""Moves days of calls from a database to its archive; it knows no command line."""

import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from llmobs import store
from llmobs.place import Place, PlaceError, place_of

# The proxy stores its rows about once a second, and then lets go of the file.
WAIT_SECONDS = 30.0
# A row may change while its day is on its way; it does so once, not for hours.
_TRIES = 3
_DAYS = """
SELECT started_at::DATE AS day, count(*) FILTER (cost_status <> 'pending') AS calls,
       count(*) FILTER (cost_status = 'pending') AS pending, count(content) AS contents
FROM events WHERE started_at < ?::DATE GROUP BY ALL ORDER BY day
"""
_ARCHIVE = "SELECT value FROM meta WHERE key = 'archive'"
_NODE = "SELECT value FROM meta WHERE key = 'node'"
_NAMED = "SELECT name FROM archived"


@dataclass(frozen=True, slots=True)
class Day:
    """What of a day lies in the table."""

    day: date
    calls: int
    pending: int
    contents: int


def days(database: Path, before: date) -> list[Day]:
    """Each day before this one that has calls in the table; raises StoreError."""
    return [Day(*row) for row in store.read(database, _DAYS, [before]).rows]  # type: ignore[arg-type]


def present(database: Path) -> Place | None:
    """Where the database's archive is by now."""
    rows = store.read(database, _ARCHIVE).rows
    return place_of(str(rows[0][0])) if rows else None


def begin(database: Path, place: Place) -> None:
    """Let the archive be there, and remove what an archiving left there that was killed."""
    with store.writing(database, WAIT_SECONDS) as db:
        db.archive_to(place, f"{socket.gethostname()}:{database.resolve()}")
    node = store.read(database, _NODE).rows[0][0]
    named = {str(name) for (name,) in store.read(database, _NAMED).rows}
    for name in place.names("archive"):
        if name.rpartition("/")[2].startswith(f"{node}-") and name not in named:
            place.remove(name)


def move(database: Path, place: Place, wanted: list[Day], advance: Callable[[float], None]) -> int:
    """Move the days one by one; gives the number of calls. May be killed at any moment, and go on later."""
    moved = 0
    with tempfile.TemporaryDirectory(prefix="llmobserve-") as folder:
        for day in wanted:
            moved += _moved(database, place, day.day, Path(folder) / "day.parquet")
            advance(day.calls)
    return moved


def _moved(database: Path, place: Place, day: date, file: Path) -> int:
    for _ in range(_TRIES):
        with store.writing(database, WAIT_SECONDS) as db:
            name = db.save_day(day, file)
        place.put(name, file)
        there = store.sums(place, name)
        with store.writing(database, WAIT_SECONDS) as db:
            if there.rows and db.settle_day(day, name, there):
                return there.rows
        place.remove(name)
        if not there.rows:
            return 0
    raise store.StoreError(f"the calls of {day} do not hold still, or do not arrive whole in {place}; they stay")


def delete(database: Path, place: Place | None, before: date) -> None:
    """Forget what is older than this day, also in the archive."""
    with store.writing(database, WAIT_SECONDS) as db:
        gone = db.delete_days(before)
    if place is None:
        return
    for name in gone:
        with suppress(PlaceError):  # the next run with an archive removes what is named no longer
            place.remove(name)
