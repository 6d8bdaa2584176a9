"""Reads the database again and again on a thread of its own, only when it has changed; it does not know what for."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from llmobs import store

LOG = logging.getLogger("llmobserve")

# What another proxy spends counts here so much later, and a second and a half that its rows take to be stored.
INTERVAL_S = 1.0
# A large database is read less often: no more than a twentieth of the time.
REST = 20
# Who has it open keeps it for a tenth of a second; one that is locked for long is not waited for.
WAIT_S = 2.0
# Writers and readers take turns; only a lock that lasts longer is worth a word.
LOCKED_S = 10.0

# Given None where there is no database yet.
type Read = Callable[[store.Reading | None], None]


class Reader:
    """Calls `read` with the open database after `start`, and whenever the file has changed since."""

    def __init__(self, database: Callable[[], Path], read: Read) -> None:
        self._database = database
        self._read = read
        self._thread: Thread | None = None
        self._wake = Signal()
        self._stop = Signal()
        self._first = Signal()
        self._stamp: tuple[object, ...] = ()
        self._trouble = ""
        self._paused = False
        self._looked = 0.0

    def start(self) -> None:
        """Read now, and go on. May run twice."""
        self._first.clear()
        self._stamp = ()
        self._paused = False
        self._looked = time.monotonic()
        self._wake.set()
        if self._thread is None:
            self._stop.clear()
            self._thread = Thread(target=self._run, name="llmobserve-budgets", daemon=True)
            self._thread.start()

    def pause(self) -> None:
        """Read no more until the next `start`, without waiting for a look that goes on."""
        self._paused = True
        self._wake.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the first reading after `start`; False where it takes longer, or the database can't be read."""
        return self._first.wait(seconds)

    def close(self) -> None:
        """Read no more. May run twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            self._wake.set()
            thread.join(WAIT_S * 2)

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.is_set():
            self._wake.wait(None if self._paused else pause)
            self._wake.clear()
            if not (self._stop.is_set() or self._paused):
                pause = max(INTERVAL_S, REST * self._turn())

    def _turn(self) -> float:
        """Read, if there is anything new, and say how long that took."""
        began = time.monotonic()
        try:
            database = self._database().resolve()
            if (stamp := _stamp(database)) != self._stamp:
                self._look(database)
                self._stamp, self._trouble = stamp, ""
        except store.MissingError:
            self._read(None)
            self._first.set()
        except Exception as problem:  # noqa: BLE001 - the thread must outlive anything
            self._tell(problem)
        return 0 if self._trouble else time.monotonic() - began

    def _look(self, database: Path) -> None:
        with store.reading(database, WAIT_S) as db:
            self._read(db)
        self._looked = time.monotonic()
        self._first.set()

    def _tell(self, problem: Exception) -> None:
        """Say once what is wrong, until it is over."""
        if isinstance(problem, store.LockedError) and time.monotonic() - self._looked < LOCKED_S:
            return
        if str(problem) != self._trouble:
            LOG.warning("budgets go on with what they know, as the database can't be read: %s", problem)
        self._trouble = str(problem)


def _stamp(database: Path) -> tuple[object, ...]:
    """What changes when the file does. It is not opened for that, which would drop the lock of whoever has it."""
    files = (database, database.with_name(f"{database.name}.wal"))
    return (str(database), *((s.st_ino, s.st_mtime_ns, s.st_size) for f in files if f.exists() for s in [f.stat()]))
