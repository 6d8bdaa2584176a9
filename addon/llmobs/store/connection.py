"""Short-lived connections to the database file: one to append events, one to ask; neither knows where events come from.

Nobody may open() the file: closing any other descriptor of it drops the lock that DuckDB holds (POSIX locks belong to
the process).
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from uuid import uuid4

import duckdb

from llmobs.place import Place, is_url, place_of
from llmobs.store import archived, daily, fleet, linking, parquet, schema, undo, vacuum, views
from llmobs.store.changes import Writing
from llmobs.store.errors import CorruptError, LockedError, MissingError, explained
from llmobs.store.question import Reading, Table

# Files of DuckDB 2's own format can't be read by the 1.x command lines that people have; every version since 1.3 reads
# this one. It keeps NULL in the dictionaries of texts: a report of ten million calls takes a seventh less than with
# the format of 1.0, and a turn of the writer 45 ms of CPU instead of 75.
STORAGE_VERSION = "v1.3.0"
# One appended batch needs no parallelism, and a thread per core every second is a cost on large machines. Looking at a
# file of another program must not make DuckDB download an extension for it.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": STORAGE_VERSION,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# The one checkpoint of a turn is at its end, where `undo` stands by.
_WRITER_CONFIG = _CONFIG | {"threads": "1", "checkpoint_threshold": "1TB"}
_READER_CONFIG = {name: value for name, value in _CONFIG.items() if name != "storage_compatibility_version"}
_writer = Lock()
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25


# A database file or a folder; a bucket is a text, as a path has no "//".
type Source = Path | str


@contextmanager
def writing(path: Path, wait: float = 1.0) -> Iterator[Writing]:
    """Open the database for writing, with its tables; raises StoreError, a LockedError after `wait` seconds."""
    with explained(path), _alone(path, wait):
        db = _patiently(path, wait, lambda: _own(path))
        try:
            schema.provision(db, path)
            copy = undo.arm(db, path)
            yield Writing(db)
        finally:
            db.close()
        copy.unlink(missing_ok=True)
        if undo.deleted(path):
            raise MissingError(f"{path} was deleted or replaced while it was written, and what was written is gone")


def vacuumed(path: Path, wait: float = 30.0) -> tuple[int, int]:
    """Copy the database to a smaller file, and put that in its place; gives both sizes. Raises StoreError."""
    path = path.resolve()
    with writing(path, wait):
        pass  # up to date, and its log is in the file
    before = path.stat().st_size
    command = f"ATTACH {parquet.text(path)} AS old (READ_ONLY)"
    with explained(path), duckdb.connect(config=_READER_CONFIG) as db:
        _patiently(path, wait, lambda: db.execute(command))
        vacuum.replace(db, path, STORAGE_VERSION)
    return before, path.stat().st_size


@contextmanager
def reading(source: Source, wait: float = 5.0) -> Iterator[Reading]:
    """Open a database file for reading, which blocks its writer while it is open: ask, and leave.

    A folder or a bucket is opened as the events of all that publish there, or of the databases that it holds.
    """
    path = source_of(str(source))
    if not isinstance(path, Path) or path.is_dir():
        with _fleet(path, wait) as reading:
            yield reading
        return
    if not path.exists():
        raise MissingError(f"{path} does not exist: start the proxy first, or name another database")
    with explained(path):
        db = _patiently(path, wait, lambda: duckdb.connect(path, read_only=True, config=_CONFIG))
        try:
            schema.check(db, path)
            with fleet.asked():
                views.lend(db, archived.source(db, views.complete(db, "events")))
            yield Reading(db, daily.done(db))
        finally:
            db.close()


@contextmanager
def _fleet(source: Source, wait: float) -> Iterator[Reading]:
    """Many databases' events, by a connection that has none of its own."""

    def attach(db: duckdb.DuckDBPyConnection, file: str, name: str) -> None:
        command = f"ATTACH {parquet.text(file)} AS {name} (READ_ONLY)"
        _patiently(Path(file), wait, lambda: db.execute(command))

    with fleet.asked():
        place: Place = place_of(str(source))
    with duckdb.connect(config=_READER_CONFIG) as db:
        fleet.lend(db, place, attach)
        with explained(source):
            yield Reading(db)


def read(source: Source, sql: str, params: Sequence[object] = ()) -> Table:
    """The answer to one query, over a connection of its own."""
    with reading(source) as db:
        return db.query(sql, params)


def source_of(text: str) -> Source:
    """What a user names as the events: a file or folder as a path, a bucket as its URL."""
    return text if is_url(text) else Path(text)


@contextmanager
def _alone(path: Path, wait: float) -> Iterator[None]:
    """One writer at a time in this process, where DuckDB would let in several: a checkpoint has one copy to undo it."""
    if not _writer.acquire(timeout=wait):
        raise LockedError(f"{path} is locked: this process writes it already")
    try:
        yield
    finally:
        _writer.release()


def _repaired(path: Path) -> bool:
    try:
        return undo.repair(path)
    except BlockingIOError:  # another proxy has it open, or repairs it
        return True
    except OSError:
        return False


def _own(path: Path) -> duckdb.DuckDBPyConnection:
    """Open it alone; also one that goes while another has it is made here, not by DuckDB."""
    if not path.exists():
        _create(path)
    return duckdb.connect(path, config=_WRITER_CONFIG)


def _create(path: Path) -> None:
    """Make the file elsewhere and link it in place: a kill in between must not leave half a database under its name."""
    draft = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        with duckdb.connect(draft, config=_WRITER_CONFIG) as db:
            schema.provision(db, path)
        linking.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _patiently[Opened](path: Path, wait: float, connect: Callable[[], Opened]) -> Opened:
    """Open the file when others have left it, and after its repair where a kill has torn it."""
    deadline, pause, repaired = time.monotonic() + wait, _FIRST_PAUSE, False
    while True:
        try:
            with explained(path):
                return connect()
        except LockedError:
            if time.monotonic() >= deadline:
                raise
        except CorruptError:
            if repaired or not _repaired(path):
                raise
            repaired = True
            continue
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 -- jitter: who collided once shall not again
        pause = min(pause * 1.5, _LONGEST_PAUSE)
