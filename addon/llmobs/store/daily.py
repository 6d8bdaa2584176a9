"""Sums of finished days, so that a report of a year need not read each call again; it opens nothing and knows no clock.

A day is done when `daily_done` names it. Whatever changes a call of such a day undoes the day in its own transaction,
and the calls are read instead until the day is summed up again: its sums are right, or they are not there.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package and dates

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import duckdb

from llmobs.store import archived, spent, views

_SUMS = spent.SUMS | spent.OF_CACHING
TABLES = (
    "CREATE TABLE IF NOT EXISTS daily ("
    + ", ".join(f'"{name}" {kind}' for name, kind in spent.KEYS.items())
    + ", first_at TIMESTAMP, last_at TIMESTAMP, "
    + ", ".join(f'"{name}" {kind}' for name, (kind, _) in _SUMS.items())
    + ")",
    "CREATE TABLE IF NOT EXISTS daily_done (day DATE, calls BIGINT)",
)
_SUM_UP = (
    f"INSERT INTO daily SELECT {', '.join(spent.KEYS)}, min(started_at), max(started_at), "
    + ", ".join(f"sum({adds})::{kind}" for kind, adds in _SUMS.values())
    + " FROM temp.calls WHERE started_at >= $1::DATE AND started_at < $1::DATE + 1 GROUP BY ALL"
)
_DONE = """
INSERT INTO daily_done
SELECT days.day::DATE, coalesce((SELECT sum(calls) FROM daily WHERE daily.day = days.day::DATE), 0)
FROM range($1::DATE, $2::DATE, INTERVAL 1 DAY) AS days(day)
"""
_FIRST = "SELECT min(started_at)::DATE FROM events WHERE started_at >= ?::DATE AND started_at < ?::DATE"


def sum_up(db: duckdb.DuckDBPyConnection, before: date) -> bool:
    """Do the oldest day that is not done and has calls, with the days before it that have none; False at the end."""
    [(first,)] = db.execute("SELECT min(started_at)::DATE FROM events").fetchall()
    settled = {*_done(db), *archived.calls_of_days(db)}
    while first is not None and first in settled:
        first += timedelta(days=1)
    if first is None or first >= before:
        return False
    end = min([before, *(day for day in settled if day > first)])
    [(busy,)] = db.execute(_FIRST, [first, end]).fetchall()
    if busy is not None:
        for statement in views.creation(kind="TEMP VIEW"):
            db.execute(statement)
        db.execute(_SUM_UP, [busy])
        end = busy + timedelta(days=1)
    db.execute(_DONE, [first, end])
    return True


def _done(db: duckdb.DuckDBPyConnection) -> dict[date, int]:
    return dict(db.execute("SELECT day, calls FROM main.daily_done ORDER BY day").fetchall())


def undo(db: duckdb.DuckDBPyConnection, days: Iterable[date]) -> None:
    """Forget the sums of days of which a call is changed, comes or goes."""
    [(undone,)] = db.execute("DELETE FROM daily_done WHERE list_contains(?::DATE[], day)", [list(days)]).fetchall()
    if undone:
        db.execute("DELETE FROM daily WHERE day NOT IN (SELECT day FROM daily_done)")


def undo_of(db: duckdb.DuckDBPyConnection, source: str, params: Sequence[object] = ()) -> None:
    """The same for the days of a query's `started_at`."""
    days = db.execute(f"SELECT DISTINCT started_at::DATE FROM ({source})", list(params)).fetchall()
    undo(db, (day for (day,) in days))


def delete(db: duckdb.DuckDBPyConnection, before: date) -> None:
    """Forget the sums of older days, whose calls are gone."""
    for table in ("daily", "daily_done"):
        db.execute(f"DELETE FROM {table} WHERE day < ?::DATE", [before])


def done(db: duckdb.DuckDBPyConnection) -> list[date]:
    """The days whose sums can be asked, in order; none where calls came or went that nobody told of."""
    try:
        days = _done(db)
    except duckdb.CatalogException:  # an older database
        return []
    moved = archived.calls_of_days(db)
    conditions = spent.outside(spent.ranges(days))
    others = " + ".join(f"(SELECT count(*) FROM main.events WHERE {condition})" for condition in conditions)
    [(all_here, others_here)] = db.execute(f"SELECT (SELECT count(*) FROM main.events), {others}").fetchall()
    others_there = sum(calls for day, calls in moved.items() if day not in days)
    told = all_here + sum(moved.values()) == sum(days.values()) + others_here + others_there
    return list(days) if told else []
