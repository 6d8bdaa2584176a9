"""Counts rows as they are handed over, on whichever thread: microseconds each; it does not know who reads them."""

from threading import Lock

from llmobs.event import Event, Outcome
from llmobs.metrics.jobs import Jobs
from llmobs.metrics.labels import OTHER, UNKNOWN, Models
from llmobs.metrics.tally import CACHE, Tally

# Provider, model, operation and outcome of a call.
type Labels = tuple[str, str, str, str]
# Class of the error, HTTP status, and whether a policy refused the call.
type Failure = tuple[str, str, str]

# The line of a batch may tell any number.
_STATUSES = range(100, 600)


class Counts:
    """Tallies by labels; the same rows as in the table, since this process began."""

    def __init__(self, models: Models | None = None) -> None:
        self.tallies: dict[Labels, Tally] = {}
        self.failures: dict[tuple[Labels, Failure], int] = {}
        self.fallbacks: dict[tuple[Labels, str], int] = {}
        self._models = models or Models()
        self._jobs = Jobs()
        self._lock = Lock()

    def count(self, event: Event) -> None:
        """Count a row, or what is new about a job that has one."""
        with self._lock:
            labels = (
                event.provider or event.host,
                self._models.label(event),
                event.operation or UNKNOWN,
                str(event.outcome),
            )
            tally = self.tallies.get(labels)
            if tally is None:
                tally = self.tallies[labels] = Tally()
            if event.job_id is None:
                self._row(labels, tally, event)
                tally.bill(event)
                if event.policy != CACHE and event.status_code is not None and not refused(event):
                    tally.time(event)
            else:
                self._job(labels, tally, event)

    def _job(self, labels: Labels, tally: Tally, event: Event) -> None:
        """How long a job takes is no latency: it waits in a queue, and for whoever asks for it."""
        row, bill = self._jobs.news(event)
        if row:
            self._row(labels, tally, event)
        elif bill:
            self._failure(labels, event)
        if bill:
            tally.bill(event)

    def _row(self, labels: Labels, tally: Tally, event: Event) -> None:
        tally.row(event)
        self._failure(labels, event)
        if event.requested_provider is not None:
            _add(self.fallbacks, (labels, event.requested_provider))

    def _failure(self, labels: Labels, event: Event) -> None:
        if event.outcome is not Outcome.OK:
            _add(self.failures, (labels, failure(event)))


def refused(event: Event) -> bool:
    """Whether a policy let a call not go; the same as the column of the view `calls`."""
    return event.policy is not None and event.policy.startswith(("budget:", "rate_limit:", "breaker:"))


def failure(event: Event) -> Failure:
    """What kind of failure it was, in words of which there are few."""
    code = event.status_code
    status = "none" if code is None else str(code) if code in _STATUSES else OTHER
    return event.error_class or "none", status, str(refused(event)).lower()


def _add[Key](counts: dict[Key, int], key: Key) -> None:
    counts[key] = counts.get(key, 0) + 1
