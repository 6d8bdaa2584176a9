"""A bounded queue with a thread, between the proxy and whatever may be slow; it does not know where rows go."""

import logging
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Thread

from msgspec import structs

from llmobs.event import Event
from llmobs.fault import told

LOG = logging.getLogger("llmobserve")

# A few thousand calls of some kilobytes, a minute of a busy proxy; content is left out.
ROOM = 10_000
BATCH = 500

# Takes rows; gives what to tell of them if they could not be delivered.
type Deliver = Callable[[Sequence[Event]], str | None]


class Outbox:
    """Rows that wait for one thread; those that find no room are dropped, which is told once."""

    def __init__(self, name: str, deliver: Deliver, pause_s: float = 0.0) -> None:
        self.dropped = 0
        self._name = name
        self._deliver = deliver
        self._pause_s = pause_s
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._closing = Signal()
        self._trouble = False
        self._thread = Thread(target=self._run, name=f"llmobserve-{name}", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take a row, in less than a microsecond; it is dropped where too many wait."""
        if self._queue.qsize() >= ROOM:
            self.dropped += 1
            if self.dropped == 1:
                LOG.warning("%s: rows come faster than they can be delivered, and some are dropped", self._name)
            return
        self._queue.put(event if event.content is None else structs.replace(event, content=None))

    def close(self, timeout: float) -> bool:
        """Deliver what waits; False, and a warning, where that takes longer."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            LOG.warning("%s: %d rows or more were not delivered in time", self._name, self._queue.qsize())
            return False
        return True

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            self._closing.wait(self._pause_s)
            batch, ended = self._more(first)
            self._hand_over(batch)
            if ended:
                return

    def _more(self, first: Event) -> tuple[list[Event], bool]:
        """What waits behind a row, and whether that is all there will ever be."""
        batch = [first]
        while len(batch) < BATCH:
            try:
                event = self._queue.get_nowait()
            except Empty:
                break
            if event is None:
                return batch, True
            batch.append(event)
        return batch, False

    def _hand_over(self, batch: list[Event]) -> None:
        """Deliver; tell when that begins to fail, and when it is well again."""
        try:
            trouble = self._deliver(batch)
        except Exception as problem:  # noqa: BLE001 - the thread has to outlive anything
            trouble = told(problem)
        if trouble and not self._trouble:
            LOG.warning("%s: %s; rows are lost to it until that is well again", self._name, trouble)
        elif not trouble and self._trouble:
            LOG.warning("%s: rows are delivered again", self._name)
        self._trouble = bool(trouble)
