"""Many machines' events as one: published files in a folder or bucket, or the database files of a folder.

It only reads, and does not know who published. Files of events are read as they are; only those of days of which some
event was revised are looked through for it.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package and quoted names of files

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from llmobs.place import Bucket, Folder, NoPlaceError, Place, PlaceError
from llmobs.store import archived, parquet, publication, schema, views
from llmobs.store.errors import MissingError, StoreError, explained

SUFFIX = ".duckdb"
type Connect = Callable[[duckdb.DuckDBPyConnection, str, str], None]


def lend(db: duckdb.DuckDBPyConnection, place: Place, attach: Connect) -> None:
    """Give an empty connection the events of a place, and the views over them; raises StoreError."""
    with asked(), explained(place):
        register(db, place)
        db.execute(f"CREATE TEMP VIEW events AS {_source(db, place, attach)}")
        views.lend(db)


def register(db: duckdb.DuckDBPyConnection, place: Place) -> None:
    """Let a connection read from this place."""
    if isinstance(place, Bucket):
        db.register_filesystem(place.filesystem)


@contextmanager
def asked() -> Iterator[None]:
    """Turn what a place says inside into a StoreError."""
    try:
        yield
    except NoPlaceError as problem:
        raise MissingError(str(problem)) from problem
    except PlaceError as problem:
        raise StoreError(str(problem)) from problem


def _source(db: duckdb.DuckDBPyConnection, place: Place, attach: Connect) -> str:
    events, databases = place.names(publication.EVENTS), _databases(place)
    if events and databases:
        raise StoreError(
            f"{place} holds published files and a database, {databases[0]}: calls might count twice. "
            "Name the database, or move it to a folder of its own"
        )
    if events:
        return published(place, events, place.names(publication.REVISIONS))
    if files := place.names(archived.FOLDER):
        return parquet.rows(map(place.address, files))
    if databases:
        return " UNION ALL ".join(_attached(db, attach, f"db{at}", file) for at, file in enumerate(databases))
    raise MissingError(
        f"{place} holds no calls: neither files that a proxy publishes (llmobserve_publish) nor databases ({SUFFIX})"
    )


def _databases(place: Place) -> list[str]:
    return sorted(map(str, place.path.glob(f"*{SUFFIX}"))) if isinstance(place, Folder) else []


def _attached(db: duckdb.DuckDBPyConnection, attach: Connect, name: str, file: str) -> str:
    attach(db, file, name)
    schema.check(db, file, f"{name}.main")
    columns = ", ".join(f'"{column}"' for column in parquet.ORDER)
    return f"SELECT {columns} FROM {views.complete(db, f'{name}.main.events')}" + archived.rest(db, f"{name}.main")


def published(place: Place, events: list[str], revisions: list[str]) -> str:
    """The query of the events in these files, the newest revision in the place of each that has one."""
    days = {parquet.day_of(file) for file in revisions}
    untouched = [place.address(file) for file in events if parquet.day_of(file) not in days]
    touched = [place.address(file) for file in events if parquet.day_of(file) in days]
    if not revisions:
        return parquet.rows(untouched)
    newer = parquet.rows(map(place.address, revisions), publication.EXTRA)
    columns = ", ".join(f'"{name}"' for name in parquet.ORDER)
    newest = "row_number() OVER (PARTITION BY event_id ORDER BY revision DESC) = 1"
    parts = [f"SELECT {columns} FROM ({newer}) QUALIFY {newest} AND NOT gone"]
    if untouched:
        parts.append(parquet.rows(untouched))
    if touched:
        parts.append(f"FROM ({parquet.rows(touched)}) ANTI JOIN ({newer}) USING (event_id)")
    return " UNION ALL ".join(f"({part})" for part in parts)
