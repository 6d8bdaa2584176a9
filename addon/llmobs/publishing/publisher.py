"""Publishes what a database has to show, from time to time in a thread of its own; it knows neither rows nor files.

An upload may take minutes or fail for hours: nobody waits for it, and what is not published yet stays noted in the
database. To put a file again is to put the same bytes under the same name, so that a kill at any moment, or a server
that stores and then says that it did not, makes nothing double.
"""

import fcntl
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread

from llmobs import store
from llmobs.place import Place

# A file for each machine every so often: fewer files are read faster, and what is younger lies in the database.
INTERVAL_S = 300.0
# How long one attempt waits for others to leave the database.
LOCK_WAIT_S = 5.0
# Between two publications others get at the database: the first time there may be hundreds.
PAUSE_S = 0.1
# Whoever stops the proxy waits for the last upload no longer than this; the next start goes on with it.
LAST_TURN_S = 20.0
# A place that failed last time is tried once more, not waited for.
LAST_TRY_S = 2.0


class Publisher:
    """One database's way to one place: `start` and `close` from the thread that owns it."""

    def __init__(self, database: Path, place: Place, log: logging.Logger, interval_s: float = INTERVAL_S) -> None:
        self.database = database.resolve()
        self.staging = self.database.with_name(f"{self.database.name}.publish")
        self.published = 0
        self._place = place
        self._log = log
        self._interval_s = interval_s
        self._stop = Signal()
        self._thread: Thread | None = None
        self._troubled = False

    def start(self) -> None:
        """Begin to publish; may run twice."""
        if self._thread is None:
            self._stop.clear()
            self._thread = Thread(target=self._run, name="llmobserve-publisher", daemon=True)
            self._thread.start()

    def close(self, timeout: float | None = None) -> None:
        """Publish what there is, if that does not take too long."""
        if self._thread is None:
            return
        self._stop.set()
        usual = LAST_TRY_S if self._troubled else LAST_TURN_S
        self._thread.join(usual if timeout is None else timeout)
        if self._thread.is_alive():
            self._log.warning("%s takes long to publish to; the next start goes on with it.", self._place)
        self._thread = None

    def turn(self) -> None:
        """Publish all that waits; raises PlaceError, StoreError or OSError, and may begin anew."""
        with self._alone() as alone:
            if alone:
                self._publish()

    def _run(self) -> None:
        """At once, as something may be left of the last run, then from time to time, and at the end."""
        self._try()
        while not self._stop.wait(self._interval_s):
            self._try()
        self._try()

    def _try(self) -> None:
        """The thread must outlive anything, and says once what is wrong."""
        try:
            self.turn()
        except Exception as error:  # noqa: BLE001
            if not self._troubled:
                self._log.warning("Calls can't be published now and will be later: %s", error)
            self._troubled = True
        else:
            if self._troubled:
                self._log.warning("Calls are published to %s again.", self._place)
            self._troubled = False

    def _publish(self) -> None:
        done: int | None = None
        here = f"{socket.gethostname()}:{self.database}"
        while True:
            with store.writing(self.database, LOCK_WAIT_S) as db:
                db.publish_to(str(self._place), here)
                publication = db.following(self.staging, done)
            if done is not None:
                shutil.rmtree(self.staging / str(done), ignore_errors=True)
            if publication is None:
                return
            for name in publication.files:
                self._place.put(name, publication.folder / name)
            self.published += 1
            done = publication.number
            time.sleep(PAUSE_S)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process publishes this database, as workers of one proxy might."""
        self.staging.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.staging.with_name(f"{self.staging.name}.lock")
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _locked(lock)
        finally:
            os.close(lock)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
