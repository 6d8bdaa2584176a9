"""What is written into an open database, each change in one transaction; it neither opens nor closes it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import duckdb

from llmobs.columns import COLUMNS
from llmobs.place import Place
from llmobs.store import archiving, daily, jobs, noting, publication, repricing, schema
from llmobs.store.errors import BadRowError
from llmobs.store.question import Row

# What DuckDB and its Python layer raise for a value that a column can't hold.
_BAD_VALUE = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError, TypeError, OverflowError)
_JOB_ID, _EVENT_ID, _STARTED_AT = (list(COLUMNS).index(name) for name in ("job_id", "event_id", "started_at"))
_ROW = "SELECT ? AS event_id, ?::TIMESTAMP AS started_at"


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
            if not merging:
                daily.undo(self._db, {cast(datetime, row[_STARTED_AT]).date() for row in rows})
            if not merging and publication.on(self._db):
                for row in rows:
                    publication.note(self._db, _ROW, [row[_EVENT_ID], row[_STARTED_AT]], fresh=True)

    def load_lines(
        self, lines: Path, count: int, marks: Mapping[str, int], gone: Sequence[str] = (), *, merging: bool = True
    ) -> None:
        """The same for a file of `count` events as JSON lines, which DuckDB reads while the proxy's thread runs on.

        Where no line has a job_id, `merging` may be False, which saves the look for one.
        """
        with self._transaction(marks, gone), self._table(merging=merging) as table:
            try:
                [(loaded,)] = self._db.execute(schema.from_lines(table), [str(lines)]).fetchall()
                daily.undo(self._db, schema.days_of_lines(lines))
                if not merging and publication.on(self._db):
                    publication.note(self._db, schema.IDS_OF_LINES, [str(lines)], fresh=True)
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
            noting.note(self._db, repricing.CHANGED, fresh=False)
            self._db.execute(repricing.RENEW)
        return int(kept)

    def publish_to(self, target: str, here: str) -> None:
        """Note from now on what has to be published; all rows, where it was not or to another target."""
        with self._transaction({}, ()):
            publication.begin(self._db, target, here)

    def following(self, staging: Path, done: int | None = None) -> publication.Publication | None:
        """What is to be published next, its files in a folder, after the one that is done; None at the end."""
        with self._transaction({}, ()):
            return publication.following(self._db, staging, done)

    def archive_to(self, place: Place, here: str) -> None:
        """Let older events lie there from now on, or find them there where they were moved."""
        with self._transaction({}, ()):
            archiving.begin(self._db, place, here)

    def save_day(self, day: date, file: Path) -> str:
        """Write the rows of a day that are to be archived into a file; gives the name that it gets at its place."""
        archiving.save(self._db, day, file)
        return archiving.next_name(self._db, day)

    def settle_day(self, day: date, name: str, there: archiving.Sums) -> bool:
        """Take these rows out, if they are still what was read from the file again; False where they are not."""
        with self._transaction({}, ()):
            return archiving.settle(self._db, day, name, there)

    def delete_days(self, before: date) -> list[str]:
        """Forget all that is older, in the table and the archive; gives the files to remove."""
        with self._transaction({}, ()):
            return archiving.delete(self._db, before)

    def sum_up(self, before: date) -> bool:
        """Sum up one more finished day before this one, for reports of long periods; False where there is none."""
        with self._transaction({}, ()):
            return daily.sum_up(self._db, before)

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
