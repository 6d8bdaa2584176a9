"""What one answer brings that is billed apart from it, such as the lines of a batch: a row for each.

It does not know how the answer was framed, nor where the rows go.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import msgspec
from msgspec import structs

from llmobs.answer import Members
from llmobs.attempt import Attempt
from llmobs.dialect import Dialect, Json, Results, read
from llmobs.dialects import DIALECTS
from llmobs.event import Event, Outcome
from llmobs.meter import Meter

OK = 200
# How vendors call an item that was answered; any other word is the reason why it was not.
_SUCCEEDED = ("succeeded", "success")
# Smaller numbers are codes of gRPC, all of them errors.
_LOWEST_STATUS = 100
_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class Lines:
    """Fed the messages of one answer; gives an event for each call in them to `emit`."""

    attempt: Attempt
    results: Results
    emit: Callable[[Event], None]
    _count: int = 0

    def feed(self, message: bytes) -> None:
        """Take one message, which may hold items."""
        if message.find(self.results.marker) < 0 or self._repeats():
            return
        whole = Members(message)
        named = next((str(found) for path in self.results.batch if (found := whole.find(path))), None)
        route = self.attempt.route
        batch = named or (route.object_id if route else None) or ""
        for item in filter(self._is_result, self._items(whole)):
            self._count += 1
            self.emit(self._event(item, batch if self.attempt.dialect.batch else None))

    def _repeats(self) -> bool:
        """Whether this only looks up what was told when it was made."""
        attempt = self.attempt
        return attempt.silent and not attempt.dialect.batch and attempt.job_id is None

    def _is_result(self, item: Members) -> bool:
        """Other files are fetched over the same path: a batch's input, a training set."""
        return any(item.find(path) is not None for path in (*self.results.answer, *self.results.status))

    def _items(self, whole: Members) -> Iterator[Members]:
        for path in self.results.items:
            if not path:
                yield whole
                return
            if isinstance(found := whole.find(path), list):
                yield from (Members(_JSON.encode(item)) for item in found)
                return

    def _event(self, item: Members, batch: str | None) -> Event:
        status, error = _status(item, self.results)
        line = self._attempt(item, f"{batch}/{self._name(item)}" if batch else self._name(item))
        line.status_code = status
        line.response_bytes = len(item.raw("") or b"")
        return structs.replace(line.event(Outcome.OK, error), results_id=batch)

    def _attempt(self, item: Members, job_id: str) -> Attempt:
        """The attempt that one item stands for."""
        answer = next((found for path in self.results.answer if (found := item.find(path))), None)
        dialect, meter = _metered(self.results.dialects, answer, batch=self.attempt.dialect.batch)
        kind = str(answer.get("object")) if isinstance(answer, dict) else ""
        opening = structs.replace(
            self.attempt.opening,
            event_id=f"{self.attempt.opening.event_id}/{self._count}",
            operation=self.results.operations.get(kind, dialect.operation),
            job_id=job_id,
            request_id=None,
            attempt=None,
            retry_of=None,
        )
        model = self.results.model or None
        made = replace(self.attempt, opening=opening, dialect=dialect, meter=meter, request_model=model, limits={})
        made.silent = made.sent = False
        return made

    def _name(self, item: Members) -> str:
        return next((str(found) for path in self.results.id if (found := item.find(path))), str(self._count))


@cache
def apart(name: str, *, batch: bool) -> Dialect:
    """The dialect of an answer that came within another one, such as a batch's."""
    return replace(DIALECTS[name], batch=batch, job=None, results=None)


def _metered(names: tuple[str, ...], answer: Json, *, batch: bool) -> tuple[Dialect, Meter]:
    """The first dialect that finds usage in an answer, and its meter; the first of all where none does."""
    message = _JSON.encode(answer)
    tried = [_meter(apart(name, batch=batch), message) for name in names]
    return next(((dialect, meter) for dialect, meter in tried if read(dialect, meter.usage or {})), tried[0])


def _meter(dialect: Dialect, message: bytes) -> tuple[Dialect, Meter]:
    meter = Meter(dialect)
    meter.feed(message)
    return dialect, meter


def _status(item: Members, results: Results) -> tuple[int | None, str | None]:
    """The HTTP status that an item tells, and the error where it tells one in a word; None where it failed so."""
    told = next((found for path in results.status if (found := item.find(path)) is not None), OK)
    if isinstance(told, int) and told >= _LOWEST_STATUS:
        return told, None
    return (OK, None) if str(told).lower() in _SUCCEEDED else (None, str(told))
