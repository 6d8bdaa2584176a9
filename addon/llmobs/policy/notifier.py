"""Sends notifications from a thread of its own, so that nobody waits for them; it does not know what they are about."""

import contextlib
import logging
from collections.abc import Callable, Iterable
from queue import Empty, Full, Queue
from threading import Thread

from llmobs.policy.address import Address, send

LOG = logging.getLogger("llmobserve")

# Alerts come a few at a time; more than this at once is a flood that nobody reads.
WAITING = 100
# Who stops the proxy waits this long for what is still to be sent.
CLOSE_S = 5.0

type Send = Callable[[Address, str, str], bool]
type _Job = tuple[Address, str, str] | None


class Notifier:
    """A bounded queue and the thread that empties it, which begins with the first notification."""

    def __init__(self, send: Send = send) -> None:
        self._send = send
        self._queue: Queue[_Job] = Queue(WAITING)
        self._thread: Thread | None = None

    def tell(self, addresses: Iterable[Address], title: str, body: str) -> None:
        """Send a message to each address, soon."""
        for address in addresses:
            self._start()
            try:
                self._queue.put_nowait((address, title, body))
            except Full:
                LOG.warning("a notification to %s is dropped: too many wait to be sent", address)

    def close(self) -> None:
        """Send what waits, for a few seconds at most. May be called again, and `tell` after it."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        while True:
            try:
                self._queue.put_nowait(None)
            except Full:
                self._drop()
            else:
                break
        thread.join(CLOSE_S)

    def _drop(self) -> None:
        with contextlib.suppress(Empty):
            self._queue.get_nowait()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="llmobserve-notify", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._deliver(*job)

    def _deliver(self, address: Address, title: str, body: str) -> None:
        try:
            sent = self._send(address, title, body)
        except Exception as problem:  # noqa: BLE001 - its text may quote the address
            LOG.warning("a notification to %s could not be sent: %s", address, type(problem).__name__)
        else:
            if not sent:
                LOG.warning("a notification to %s could not be sent: %s", address, title)
