"""Short-lived connections to the database file: one to append events, one to ask; neither knows where events come from.

Nobody may open() the file: closing any other descriptor of it drops the lock that DuckDB holds (POSIX locks belong to
the process).
"""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from uuid import uuid4

import duckdb

from llmobs.event import COLUMNS
from llmobs.store import jobs, repricing, schema, undo
from llmobs.store.errors import BadRowError, CorruptError, LockedError, MissingError, explained
from llmobs.store.question import Reading, Row, Table

# Files of DuckDB 2's own format can't be read by the 1.x command lines that people have; the oldest format of 1.x costs
# neither size nor speed here, and every version since 1.0 reads it.
STORAGE_VERSION = "v1.0.0"
# One appended batch needs no parallelism, and a thread per core every second is a cost on large machines. Looking at a
# file of another program must not make DuckDB download an extension for it.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": STORAGE_VERSION,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# The one checkpoint of a turn is at its end, where `undo` stands by.
_WRITER_CONFIG = _CONFIG | {"threads": "1", "checkpoint_threshold": "1TB"}
_writer = Lock()
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25
# What DuckDB and its Python layer raise for a value that a column can't hold.
_BAD_VALUE = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError, TypeError, OverflowError)
_JOB_ID = list(COLUMNS).index("job_id")


class Writing:
    """An open, checked database; nothing is kept that was not committed."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def marks(self) -> dict[str, int]:
        """How far each spool segment is loaded."""
        return dict(self._db.execute("SELECT segment, loaded FROM spool_marks").fetchall())

    def load(self, rows: Sequence[Row], marks: Mapping[str, int], gone: Sequence[str] = ()) -> None:
        """Append rows, set marks and drop those that are gone, in one transaction; rows with a job_id are merged.

        Raises BadRowError where a column can't hold a value.
        """
        merging = any(row[_JOB_ID] is not None for row in rows)
        with self._transaction(marks, gone), self._table(merging=merging) as table:
            self._append(table, rows)

    def load_lines(
        self, lines: Path, count: int, marks: Mapping[str, int], gone: Sequence[str] = (), *, merging: bool = True
    ) -> None:
        """The same for a file of `count` events as JSON lines, which DuckDB reads while the proxy's thread runs on.

        Where no line has a job_id, `merging` may be False, which saves the look for one.
        """
        with self._transaction(marks, gone), self._table(merging=merging) as table:
            try:
                [(loaded,)] = self._db.execute(schema.from_lines(table), [str(lines)]).fetchall()
                if loaded != count:
                    raise BadRowError(f"{count - loaded} of {count} lines are no events")
            except _BAD_VALUE as error:
                raise BadRowError(str(error)) from error

    def reprice(self, lines: Path, at: datetime) -> int:
        """Put new costs into their rows and keep the former ones beside them, in one transaction; gives the number.

        `lines` are JSON objects of `repricing.RENEWED` and `repricing.WAS`; `at` is naive UTC.
        """
        # Beyond that DuckDB uses the disk: half a million rows fit into 400 MB in no more time than they take without.
        self._db.execute("SET memory_limit = '1GB'")
        with self._transaction({}, ()):
            self._db.execute(repricing.READ, [str(lines)])
            [(kept,)] = self._db.execute(repricing.KEEP, [at]).fetchall()
            self._db.execute(repricing.RENEW)
        return int(kept)

    def forget_content(self, before: datetime) -> int:
        """Take request and answer out of the rows of calls that began before; gives their number."""
        with self._transaction({}, ()):
            old = [before.astimezone(UTC).replace(tzinfo=None)]
            [(count,)] = self._db.execute(
                "UPDATE events SET content = NULL WHERE content IS NOT NULL AND started_at < ?", old
            ).fetchall()
        return int(count)

    @contextmanager
    def _table(self, *, merging: bool) -> Iterator[str]:
        """The table to append to, with what has to be done before and after."""
        if not merging:
            yield "events"
            return
        jobs.stage(self._db)
        yield jobs.ARRIVED
        jobs.merge(self._db)

    @contextmanager
    def _transaction(self, marks: Mapping[str, int], gone: Sequence[str]) -> Iterator[None]:
        self._db.begin()
        try:
            yield
            self._db.execute("DELETE FROM spool_marks WHERE list_contains(?, segment)", [[*marks, *gone]])
            for segment, loaded in marks.items():
                self._db.execute("INSERT INTO spool_marks VALUES (?, ?)", [segment, loaded])
            self._db.commit()
        except BaseException:
            with suppress(duckdb.Error):
                self._db.rollback()
            raise

    def refusal(self, row: Row) -> str | None:
        """Why the table can't take this row; None where it can."""
        self._db.begin()
        try:
            self._append("events", [row])
        except BadRowError as error:
            return str(error)
        finally:
            self._db.rollback()
        return None

    def _append(self, table: str, rows: Iterable[Row]) -> None:
        try:
            with self._db.appender(table, columns=list(COLUMNS)) as appender:
                for row in rows:  # not append_rows: that holds the interpreter, and with it the proxy, to the end
                    appender.append_row(*row)
        except _BAD_VALUE as error:
            raise BadRowError(str(error)) from error


@contextmanager
def writing(path: Path, wait: float = 1.0) -> Iterator[Writing]:
    """Open the database for writing, with its tables; raises StoreError, a LockedError after `wait` seconds."""
    with explained(path), _alone(path, wait):
        if not path.exists():
            _create(path)
        db = _connect(path, read_only=False, wait=wait)
        try:
            schema.provision(db, path)
            copy = undo.arm(db, path)
            yield Writing(db)
        finally:
            db.close()
        copy.unlink(missing_ok=True)


@contextmanager
def reading(path: Path, wait: float = 5.0) -> Iterator[Reading]:
    """Open the database for reading; it blocks the writer while it is open, so ask, and leave."""
    if not path.exists():
        raise MissingError(f"{path} does not exist: start the proxy first, or name another database")
    with explained(path):
        db = _connect(path, read_only=True, wait=wait)
        try:
            schema.check(db, path)
            yield Reading(db)
        finally:
            db.close()


def read(path: Path, sql: str, params: Sequence[object] = ()) -> Table:
    """The answer to one query, over a connection of its own."""
    with reading(path) as db:
        return db.query(sql, params)


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


def _create(path: Path) -> None:
    """Make the file elsewhere and link it in place: a kill in between must not leave half a database under its name."""
    draft = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        with duckdb.connect(draft, config=_WRITER_CONFIG) as db:
            schema.provision(db, path)
        with suppress(FileExistsError, FileNotFoundError):  # another proxy was faster, and may have swept up since
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def _connect(path: Path, *, read_only: bool, wait: float) -> duckdb.DuckDBPyConnection:
    deadline, pause, repaired = time.monotonic() + wait, _FIRST_PAUSE, False
    config = _CONFIG if read_only else _WRITER_CONFIG
    while True:
        try:
            with explained(path):
                return duckdb.connect(path, read_only=read_only, config=config)
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
