"""From spool files to the database, each event exactly once; it does not know threads, clocks or who waits for it.

How far a file is loaded is written in the same transaction as its events, so a kill at any moment neither loses nor
repeats one.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import batched
from json import dumps
from pathlib import Path

from msgspec import structs

from llmobs import store
from llmobs.event import CostStatus, Event, Outcome, from_json, to_row
from llmobs.spool import Kind, Line, Owner, Spool, abandoned, lines

# One transaction: some 2,000 calls, a fifth of a second in which no reader gets in.
BATCH_LINES = 5_000
REJECTED = "rejected.jsonl"
# How a line says that it is about a job; inside a string its quotes would be escaped.
_JOB = b'"job_id":"'


class Loader:
    """Loads our own files and those of dead processes; `stored`, `recovered` and `rejected` count events."""

    def __init__(self, database: Path, spool: Spool) -> None:
        self.stored = 0
        self.recovered = 0
        self.rejected = 0
        self.marks: dict[str, int] = {}
        self._database = database
        self._spool = spool

    def load(self, wait: float) -> Generator[None]:
        """Load our own files, a step for each transaction; raises StoreError or OSError, and may begin anew."""
        self._spool.retry(self.marks)
        for path in self._spool.segments():
            for batch in batched(lines(path, self.marks.get(path.name, 0)), BATCH_LINES):
                if ended := _ended(batch):
                    rejected = self.rejected
                    self._store(path.name, ended, wait)
                    self.stored += len(ended) - (self.rejected - rejected)
                self.marks[path.name] = batch[-1].end
                yield
        self._spool.trim(self.marks)

    def recover(self, wait: float) -> Generator[None]:
        """Load the files of dead processes in the same way; to stop between two steps is safe."""
        for owner in abandoned(self._spool.directory):
            with _held(owner):
                yield from self._recover(owner, wait)

    def _recover(self, owner: Owner, wait: float) -> Iterator[None]:
        """Store the ended calls of an owner, then those that it can't end any more, as interrupted."""
        running: dict[str, Line] = {}
        for path in owner.segments():
            for batch in batched(lines(path, ended=True), BATCH_LINES):
                _follow(running, batch)
                if ended := _ended(batch):
                    self.recovered += self._store(path.name, ended, wait)
                    yield
        if running:
            interrupted = [line._replace(end=1) for line in running.values()]
            self.recovered += self._store(owner.name, interrupted, wait)
        owner.remove()

    def _store(self, name: str, batch: list[Line], wait: float) -> int:
        """Store the lines after the database's own mark of this file; an unclear commit is settled by it, too."""
        with store.writing(self._database, wait) as db:
            marks = db.marks()
            fresh = [line for line in batch if line.end > marks.get(name, 0)]
            return self._commit(db, fresh, {name: batch[-1].end}, self._gone(marks)) if fresh else 0

    def _commit(self, db: store.Writing, fresh: list[Line], mark: Mapping[str, int], gone: list[str]) -> int:
        """Store these lines; one by one where DuckDB can't take them as they are, or they have to be changed."""
        if all(line.kind is Kind.EVENT for line in fresh):
            with suppress(store.BadRowError):
                self._load_lines(db, fresh, mark, gone)
                return len(fresh)
        events = [(line, event) for line in fresh if (event := self._event(line))]
        rows = [row for line, event in events if (row := self._accepted(db, line, event))]
        db.load(rows, mark, gone)
        return len(rows)

    def _load_lines(self, db: store.Writing, fresh: list[Line], mark: Mapping[str, int], gone: list[str]) -> None:
        path = self._spool.directory / f"{next(iter(mark))}.loading"
        try:
            text = b"".join(line.body + b"\n" for line in fresh)
            path.write_bytes(text)
            db.load_lines(path, len(fresh), mark, gone, merging=_JOB in text)
        finally:
            path.unlink(missing_ok=True)

    def _event(self, line: Line) -> Event | None:
        try:
            event = from_json(line.body)
        except ValueError as error:
            self._reject(line, str(error))
            return None
        return interrupted(event) if line.kind is Kind.OPEN else event

    def _accepted(self, db: store.Writing, line: Line, event: Event) -> store.Row | None:
        """The row as the table takes it, if need be without content, or with the usage object as a JSON string."""
        if db.refusal(row := to_row(event)) is None:
            return row
        if event.content is not None:
            return self._accepted(db, line, structs.replace(event, content=None))
        row = to_row(structs.replace(event, usage=dumps(event.usage)))
        if (reason := db.refusal(row)) is None:
            return row
        self._reject(line, reason)
        return None

    def _reject(self, line: Line, reason: str) -> None:
        """Keep what no table will ever take, so that the rest goes on."""
        with (self._spool.directory / REJECTED).open("ab") as file:
            file.write(b'{"reason":%b,"line":%b}\n' % (dumps(reason).encode(), dumps(line.body.decode()).encode()))
        self.rejected += 1

    def _gone(self, marks: Mapping[str, int]) -> list[str]:
        """Marks whose files are removed; the mark of an owner itself goes when its lock does."""
        there = {path.name for path in self._spool.directory.iterdir()}
        return [name for name in marks if name not in there and f"{name}.lock" not in there]


@contextmanager
def _held(owner: Owner) -> Iterator[None]:
    """Whatever stops a recovery, the owner's files are free for the next one."""
    try:
        yield
    except BaseException:
        owner.release()
        raise


def _ended(batch: Iterable[Line]) -> list[Line]:
    return [line for line in batch if line.kind is Kind.EVENT]


def _follow(running: dict[str, Line], batch: Iterable[Line]) -> None:
    """Keep the last line of each call that has begun and not ended."""
    for line in batch:
        if line.kind is Kind.TORN:
            continue
        try:
            key = from_json(line.body).event_id
        except ValueError:
            continue
        if line.kind is Kind.OPEN:
            running[key] = line
        else:
            running.pop(key, None)


def interrupted(event: Event) -> Event:
    """A call that nobody saw end: what it cost is known in part at best, unless its status says more already.

    A job goes on without the call that asked for it.
    """
    unseen = event.cost_status is CostStatus.UNPRICED and event.usage is None and not event.charges
    unknown = CostStatus.PARTIAL if event.job_id is None else CostStatus.PENDING
    return structs.replace(event, outcome=Outcome.INTERRUPTED, cost_status=unknown if unseen else event.cost_status)
