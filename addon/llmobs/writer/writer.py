"""The door for events: takes them in microseconds and sees to it that they reach the database; it does not meter."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from llmobs import store
from llmobs.event import Event, from_json, to_json
from llmobs.spool import Spool
from llmobs.store import LockedError
from llmobs.writer.loader import REJECTED, Loader, interrupted
from llmobs.writer.trouble import Trouble

# Rows are promised within two seconds, and a turn takes a tenth of one.
INTERVAL_S = 1.5
# How long one attempt waits for others to leave the database.
LOCK_WAIT_S = 1.0
# A turn that has begun may need as long again, and longer on a busy machine.
LAST_TURN_S = 10.0
# What the dead left may take a while; whoever stops the proxy waits for it no longer than this.
RECOVERY_AT_CLOSE_S = 3.0
# Content lives for days, so that an hour more is nothing.
FORGET_S = 3600.0
# Days are summed up when they are over, and again when a call of theirs has changed since.
SUM_UP_S = 600.0
# A call that began before midnight is mostly over by then.
GRACE = timedelta(hours=1)


def spool_of(database: Path) -> Path:
    """The spool of a database, beside it; one database, however it is named, has one."""
    found = database.resolve()
    return found.with_name(f"{found.name}.spool")


class Writer:
    """Events of one proxy: `begin` and `submit` from any thread, `start` and `close` from the one that owns it."""

    def __init__(self, database: Path, log: logging.Logger, keep_days: Callable[[], int | None] = lambda: None) -> None:
        self.database = database.resolve()
        self.spool_directory = spool_of(self.database)
        self._log = log
        self._keep_days = keep_days
        self._forgot: float | None = None
        self._forgot_days: int | None = None
        self._summed_up: float | None = None
        self._spool = Spool(self.spool_directory)
        self._loader = Loader(self.database, self._spool)
        self._trouble = Trouble(log)
        self._wake = Signal()
        self._stop = Signal()
        self._closing = 0.0
        self._patience = 0.0
        self._loaded = 0.0
        self._thread: Thread | None = None
        self._umask = 0

    def start(self) -> None:
        """Take a spool and start loading; raises SpoolError where nothing can be kept at all. May run twice."""
        if self._thread:
            return
        self._spool.start()
        # The files hold who asked what when; DuckDB makes its log anew at each turn, so the mask has to stay.
        self._umask = os.umask(0o077)
        self._stop.clear()
        self._thread = Thread(target=self._run, name="llmobserve-writer", daemon=True)
        self._thread.start()

    def begin(self, event: Event) -> None:
        """Keep what is known of a running call, so that it leaves a row even if the proxy is killed."""
        self._spool.begin(event.event_id, to_json(event))

    def submit(self, event: Event, key: str | None = None) -> bool:
        """Keep an ended call; only the first of several for one key counts, by default for one `event_id`."""
        return self._spool.end(key or event.event_id, to_json(event))

    def wake(self) -> None:
        """Load now."""
        self._wake.set()

    def close(self, timeout: float = 30.0) -> None:
        """Store all that was submitted, and what still runs as interrupted; what can't be stored stays in the spool."""
        if not self._thread:
            return
        for body in self._spool.open_calls().values():
            self.submit(interrupted(from_json(body)))
        self._closing, self._patience = time.monotonic(), timeout
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout + LAST_TURN_S)
        os.umask(self._umask)
        if self._thread.is_alive():
            # A call of the database that hangs may still commit: the files stay ours until the process ends.
            self._log.warning("The database does not answer; %d calls are stored at the next start.", self.spooled)
            return
        self._thread = None
        if not self._spool.close(self._loader.marks):
            self._log.warning("%d calls stay in %s, for the next start.", self.spooled, self.spool_directory)
        self._tell()

    @property
    def seen(self) -> int:
        """Calls that were submitted."""
        return self._spool.ended

    @property
    def stored(self) -> int:
        """Calls of this process that are in the database."""
        return self._loader.stored

    @property
    def spooled(self) -> int:
        """Calls of this process that wait for the database."""
        return self._spool.kept - self.stored

    @property
    def recovered(self) -> int:
        """Calls of earlier, dead processes that this one has stored."""
        return self._loader.recovered

    @property
    def lost(self) -> int:
        """Calls that neither the disk nor the memory could hold."""
        return self._spool.lost

    @property
    def rejected(self) -> int:
        """Calls that fit no table."""
        return self._loader.rejected

    @property
    def problem(self) -> str | None:
        """Why rows do not reach the database now, as a sentence; None where they do."""
        if self._thread is None or not self._thread.is_alive():
            return "Nothing writes to the database."
        if waiting := self._spool.waiting:
            return f"The disk does not take the spool: {waiting} lines wait in memory."
        if (met := self._trouble.lasting) is not None:
            return f"{met}. {self.spooled} calls wait for the database."
        return None

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(INTERVAL_S)
            self._wake.clear()
            self._turn()
        while isinstance(self._turn(), LockedError) and not self._late(self._patience):
            pass  # a turn waits for the lock itself

    def _turn(self) -> Exception | None:
        """Load what there is; gives what went wrong, because the thread must outlive anything."""
        try:
            self._load()
            self._recover()
            self._forget()
            self._sum_up()
        except Exception as error:  # noqa: BLE001
            self._trouble.met(error, self.spooled, self.spool_directory)
            return error
        else:
            self._trouble.over(self.stored)
            return None
        finally:
            self._tell()

    def _load(self) -> None:
        with closing(self._loader.load(LOCK_WAIT_S)) as steps:
            for _ in steps:
                if self._late(self._patience):
                    break
        self._loaded = time.monotonic()

    def _recover(self) -> None:
        """Load what dead processes left; our own calls do not wait for the end of that."""
        with closing(self._loader.recover(LOCK_WAIT_S)) as steps:
            for _ in steps:
                if self._late(min(self._patience, RECOVERY_AT_CLOSE_S)):
                    break
                if time.monotonic() - self._loaded > INTERVAL_S:
                    self._load()

    def _forget(self) -> None:
        """Take content out of the rows that are older than it may be, once an hour and when that changes."""
        now, days = time.monotonic(), self._keep_days()
        waits = self._forgot is not None and now - self._forgot < FORGET_S and days == self._forgot_days
        if days is None or waits or not self.database.exists():
            return
        with store.writing(self.database, LOCK_WAIT_S) as db:
            db.forget_content(datetime.now(UTC) - timedelta(days=days))
        self._forgot, self._forgot_days = now, days

    def _sum_up(self) -> None:
        """Sum up the next finished day, one a turn."""
        now = time.monotonic()
        waits = self._summed_up is not None and now - self._summed_up < SUM_UP_S
        if waits or self._stop.is_set() or not self.database.exists():
            return
        with store.writing(self.database, LOCK_WAIT_S) as db:
            if not db.sum_up((datetime.now(UTC) - GRACE).date()):
                self._summed_up = now

    def _late(self, patience: float) -> bool:
        return self._stop.is_set() and time.monotonic() - self._closing > patience

    def _tell(self) -> None:
        self._trouble.lost(self.lost)
        self._trouble.rejected(self._loader.rejected, self.spool_directory / REJECTED)
