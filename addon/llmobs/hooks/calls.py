"""The attempts that run, and the one way out for their rows; it does not know flows."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore

from msgspec import structs

from llmobs import store
from llmobs.attempt import Attempt
from llmobs.content import Content
from llmobs.event import Event, Outcome
from llmobs.fault import told
from llmobs.hooks.published import Target
from llmobs.limits.watch import LimitWatch
from llmobs.lines import Lines
from llmobs.metrics import Overhead
from llmobs.policy import Kind
from llmobs.publishing import Publisher
from llmobs.retries.links import Retries
from llmobs.tap import ResponseTap
from llmobs.writer import Writer

LOG = logging.getLogger("llmobserve")

# Calls whose content waits to be made fit to keep, some megabytes each; beyond that it is dropped.
CONTENTS = 32
OK = 200
# What we answered ourselves says nothing of a provider's limits.
_REFUSALS = frozenset(Kind)


class Calls:
    """Every attempt between its request and its row, whichever way it ends.

    `settled` has the last word on each row and its host, `heard` is told of it once it is kept. `overhead` learns how
    long answers were kept.
    """

    def __init__(self, settled: Callable[[Event, str], Event], keep_days: Callable[[], int | None]) -> None:
        self.writer: Writer
        self.publisher: Publisher | None = None
        self._settled = settled
        self.retries = Retries()
        self._keep_days = keep_days
        self.heard: Callable[[Event], None] = lambda event: None
        self.overhead = Overhead()
        self._contents = BoundedSemaphore(CONTENTS)
        self._limits = LimitWatch()
        self._estimator: ThreadPoolExecutor | None = None
        self._live: dict[str, tuple[Attempt, ResponseTap | None]] = {}

    @property
    def running(self) -> bool:
        """Whether rows can be kept."""
        return self._estimator is not None

    def open(self, database: Path, target: Target | None = None) -> None:
        """Start keeping rows, or go on in another database or to another target; raises SpoolError or StoreError."""
        if self.running:
            self._leave()
        self.writer = Writer(database, LOG, self._keep_days)
        self.writer.start()
        try:
            with store.writing(self.writer.database):
                pass  # whoever asks before the first call finds an empty table
        except (store.ForeignError, store.NewerError):
            self.writer.close()
            raise
        except store.StoreError as problem:
            LOG.warning("%s", problem)
        if target is not None:
            self.publisher = Publisher(self.writer.database, target.place, LOG, target.interval_s)
            self.publisher.start()
        self._estimator = self._estimator or ThreadPoolExecutor(1, thread_name_prefix="llmobserve-estimate")

    def close(self) -> None:
        """End what is running as interrupted, and leave every row in the database or the spool."""
        for attempt, tap in list(self._live.values()):
            if tap is not None:
                tap.close()
            self.finish(attempt, Outcome.INTERRUPTED)
        if self._estimator is not None:
            self._estimator.shutdown()
            self._estimator = None
            self._leave()

    def _leave(self) -> None:
        """All rows go into the database, and from there to where they are published."""
        self.writer.close()
        if self.publisher is not None:
            self.publisher.close()
            self.publisher = None

    def begin(self, attempt: Attempt) -> None:
        """Keep an attempt until it ends, also against a kill; one that only looks things up leaves nothing behind.

        Of one that is held nothing is sent, and so nothing billed, before `complete` writes it down.
        """
        self._live[attempt.opening.event_id] = attempt, None
        if not (attempt.held or attempt.silent):
            self.writer.begin(attempt.opening)

    def complete(self, attempt: Attempt, request_id: str | None) -> None:
        """The request is complete: what is known of the attempt outlives a kill before the request goes."""
        if attempt.opening.event_id not in self._live:
            return
        if request_id is not None:
            self._link(attempt, request_id)
        if request_id is not None or attempt.held:
            self.writer.begin(attempt.opening)

    def _link(self, attempt: Attempt, request_id: str) -> None:
        """Know which attempt of a call this is, and its model."""
        try:
            opening = structs.replace(attempt.opening, request_id=request_id, request_model=attempt.request_model)
            attempt.opening = self.retries.begin(opening, attempt.said)
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            LOG.warning("%s could not be linked: %s", attempt.opening.event_id, told(problem))

    def expect(self, attempt: Attempt) -> None:
        """Wait for the answer to an upgrade: it leaves a row if it is refused, what passes over the socket if not."""
        self._live[attempt.opening.event_id] = attempt, None

    def drop(self, attempt: Attempt) -> None:
        """The upgrade was granted."""
        self._live.pop(attempt.opening.event_id, None)

    def in_flight(self) -> list[Event]:
        """The openings of the calls that have begun and not ended; asked from any thread."""
        return [attempt.opening for attempt, _ in list(self._live.values()) if not attempt.silent]

    def watch(self, attempt: Attempt, tap: ResponseTap) -> None:
        """Its answer comes, and this is who sees it."""
        if attempt.opening.event_id in self._live:
            self._live[attempt.opening.event_id] = attempt, tap

    def finish(self, attempt: Attempt, outcome: Outcome, error_type: str | None = None) -> None:
        """Hand over the row, once; counting tokens happens off the event loop."""
        live = self._live.pop(attempt.opening.event_id, None)
        if live is None or (attempt.silent and attempt.job_id is None):
            return
        if (tap := live[1]) is not None:
            self.overhead.add("stream", tap.spent_s)
        self._warn(attempt)
        self._hand_over(attempt, partial(attempt.event, outcome, error_type), slow=attempt.guesses(outcome))

    def end(self, attempt: Attempt, event: Event) -> None:
        """Hand over a row that is made already, once."""
        if self._live.pop(attempt.opening.event_id, None) is not None:
            self._hand_over(attempt, lambda: event)

    def _hand_over(self, attempt: Attempt, row: Callable[[], Event], *, slow: bool = False) -> None:
        if attempt.content is not None and not self._contents.acquire(blocking=False):
            LOG.warning("the content of %s is dropped: that of too many calls waits", attempt.opening.event_id)
            attempt.content = None
        if (slow or attempt.content is not None) and self._estimator is not None:
            self._estimator.submit(self._submit, attempt, row)
        else:
            self._submit(attempt, row)

    def _warn(self, attempt: Attempt) -> None:
        opening = attempt.opening
        if attempt.trouble in _REFUSALS:
            return
        try:
            said = self._limits.see(opening.host, opening.api_key_id, attempt.told_limits(), attempt.status_code)
        except Exception as problem:  # noqa: BLE001 - metering never breaks a call
            LOG.warning("the rate limits of %s could not be watched: %s", opening.host, told(problem))
        else:
            for text in said:
                LOG.warning("%s", text)

    def lines(self, attempt: Attempt) -> Lines | None:
        """What takes the calls that an answer brings the results of."""
        results = attempt.dialect.results
        return Lines(attempt, results, self.tell) if results and attempt.status_code == OK else None

    def tell(self, event: Event) -> None:
        """Hand over what an answer tells of a job that another attempt began; each state of it is told once."""
        if self.writer.submit(event, f"{event.provider} {event.job_id} {event.results_id} {event.cost_status}"):
            self.heard(event)

    def _submit(self, attempt: Attempt, row: Callable[[], Event]) -> None:
        try:
            event = self.retries.end(row(), attempt.said)
        except Exception as problem:  # noqa: BLE001 - a row that tells little is better than none
            where = attempt.opening.event_id, told(problem)
            LOG.error("%s could not be priced; its row says what its request told: %s", *where)  # noqa: TRY400
            event = attempt.opening
        if attempt.content is not None:
            event = _with_content(event, attempt, attempt.content)
            self._contents.release()
        if attempt.silent:
            self.tell(event)
        else:
            # In this order: whoever counts it must not find it in the database before.
            event = self._settled(event, attempt.authority)
            if self.writer.submit(event):
                self.heard(event)


def _with_content(event: Event, attempt: Attempt, content: Content) -> Event:
    """The row with request and answer; without them where they can't be made fit to keep."""
    try:
        return structs.replace(event, content=content.text(attempt.asked, attempt.request_bytes))
    except Exception as problem:  # noqa: BLE001 - rather none than too much
        LOG.warning("the content of %s is dropped: %s", event.event_id, told(problem))
        return event
