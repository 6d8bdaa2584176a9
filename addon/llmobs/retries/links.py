"""Which attempts belong to one call: by what the client's SDK says, else by requests being equal, for an hour.

It does not know headers of answers, prices, or clocks: the times are those of the attempts.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile
from threading import Lock

from msgspec import structs

from llmobs.event import CostStatus, Event

# Clients give up within minutes; whoever asks the same an hour later means it.
WINDOW_SECONDS = 3600
# A few megabytes; the call that was not heard of for longest is forgotten.
REMEMBERED = 10_000
# Attempts of one call that are remembered: no SDK tries as often, and equal requests side by side are rarely more.
ATTEMPTS = 64
SKIPPED = "retries:skip"


@dataclass(frozen=True, slots=True)
class Signal:
    """What the client says: the `number` of the attempt from 1 on, and the `call` that all its attempts name."""

    number: int | None = None
    call: str | None = None


_NOTHING = Signal()
# Headers that number attempts: the pattern of the number, and what makes it 1 for the first one.
_NUMBERS = (
    ("x-stainless-retry-count", re.compile(r"([0-9]{1,4})"), 1),  # OpenAI, Anthropic, Groq, Together, Cerebras ...
    ("amz-sdk-request", re.compile(r"(?:.*;\s*)?attempt=([0-9]{1,4})(?:\s*;.*)?"), 0),  # every AWS SDK
    ("x-goog-api-client", re.compile(r"(?:.*\s)?gccl-attempt-count/([0-9]{1,4})(?:\s.*)?"), 0),
    ("grpc-previous-rpc-attempts", re.compile(r"([0-9]{1,4})"), 1),
)
# Headers that name the call, the same for each of its attempts.
_CALLS = (
    ("amz-sdk-invocation-id", re.compile(r"(.{1,200})")),
    ("idempotency-key", re.compile(r"(.{1,300})")),
    ("x-goog-api-client", re.compile(r"(?:.*\s)?gccl-invocation-id/(\S{1,200})(?:\s.*)?")),
)
_SIGNS = frozenset({name for name, *_ in _NUMBERS} | {name for name, _ in _CALLS})


def signal(headers: Mapping[str, str]) -> Signal:
    """What request headers, by names in small letters, say of the attempt."""
    if _SIGNS.isdisjoint(headers):
        return _NOTHING
    number, call = 0, None
    for name, pattern, first in _NUMBERS:
        if name in headers and (found := pattern.fullmatch(headers[name])):
            number = number or int(found[1]) + first
    for name, pattern in _CALLS:
        if name in headers and call is None and (found := pattern.fullmatch(headers[name])):
            call = f"{name} {found[1]}"
    return Signal(number or None, call)


@dataclass(slots=True)
class _Try:
    """One attempt. `ended`: its answer is over. `repeated`: another attempt is known to follow it."""

    event_id: str
    number: int
    ended: bool = False
    repeated: bool = False


@dataclass(slots=True)
class _Call:
    """The attempts of one call by their events, the latest at a time in seconds since 1970.

    billed: when the first one counted.
    """

    at: float
    tries: dict[str, _Try] = field(default_factory=dict)
    billed: float | None = None


type _Key = tuple[str | None, ...]


@dataclass(slots=True)
class Retries:
    """Links attempts; where `skip` is set, equal ones within the window are billed once."""

    skip: bool = False
    _calls: OrderedDict[_Key, _Call] = field(default_factory=OrderedDict)
    # Rows are finished on the event loop, and where tokens are counted.
    _lock: Lock = field(default_factory=Lock)

    def begin(self, opening: Event, said: Signal) -> Event:
        """The opening with the number of its attempt, and the attempt that it repeats; `request_id` is known.

        An attempt that was seen before, as a recording is that is read again, keeps its place.
        """
        with self._lock:
            tries = self._call(_linked(opening, said), opening.started_at.timestamp()).tries
            earlier = _before(tries, opening.event_id)
            latest = next(reversed(earlier.values()), None)
            number = said.number or (latest.number + 1 if latest else 1)
            former = latest if said.number is None else _former(earlier.values(), number)
            if former is not None:
                former.repeated = True
            tries[opening.event_id] = _Try(opening.event_id, number)
            if len(tries) > ATTEMPTS:
                del tries[next(iter(tries))]
        return structs.replace(opening, attempt=number, retry_of=former.event_id if former else None)

    def end(self, event: Event, said: Signal) -> Event:
        """The row of an attempt that ended; without its cost where an equal one was counted before."""
        if event.request_id is None:
            return event
        with self._lock:
            call = self._calls.get(_linked(event, said))
            if call is not None and (attempt := call.tries.get(event.event_id)) is not None:
                attempt.ended = True
            if not self.skip or not _billed(event) or self._counts(event, said):
                return event
        nothing = Decimal(0)
        return structs.replace(event, cost_usd=nothing, charges=(), cost_status=CostStatus.NOT_BILLED, policy=SKIPPED)

    def _counts(self, event: Event, said: Signal) -> bool:
        """Whether this is the first of its equals, by either way of being equal, and so the one that is billed."""
        at = event.started_at.timestamp()
        calls = [self._call(key, at) for key in _equals(event, said)]
        if any(call.billed is not None and abs(at - call.billed) <= WINDOW_SECONDS for call in calls):
            return False
        for call in calls:
            call.billed = at
        return True

    def _call(self, key: _Key, at: float) -> _Call:
        """What is remembered under a key within the window, made new where there is nothing."""
        call = self._calls.pop(key, None)
        if call is None or abs(at - call.at) > WINDOW_SECONDS:
            call = _Call(at)
        call.at = at
        self._calls[key] = call
        if len(self._calls) > REMEMBERED:
            self._calls.popitem(last=False)
        return call


def _scope(event: Event) -> _Key:
    """Who asks whom: equal requests of two callers are two calls."""
    return event.provider, event.api_key_id, event.customer_id, event.run_id


def _equals(event: Event, said: Signal) -> Iterator[_Key]:
    yield (*_scope(event), event.request_id)
    if said.call is not None:
        yield (*_scope(event), said.call)


def _linked(event: Event, said: Signal) -> _Key:
    """The key of the attempts of one call: what the client calls it, else what it asks."""
    return (*_scope(event), said.call or event.request_id)


def _before(tries: dict[str, _Try], event_id: str) -> dict[str, _Try]:
    """The attempts that came before one, in their order: all, where it is new."""
    return dict(takewhile(lambda known: known[0] != event_id, tries.items())) if event_id in tries else tries


def _former(tries: Iterable[_Try], number: int) -> _Try | None:
    """The attempt that one repeats, where an SDK numbers them: the first to have ended unrepeated."""
    fitting = [attempt for attempt in tries if attempt.number == number - 1]
    fitting.sort(key=lambda attempt: (attempt.repeated, not attempt.ended))
    return fitting[0] if fitting else None


def _billed(event: Event) -> bool:
    """Work that goes on after its request is counted by its id, however often it is asked for."""
    return event.cost_status is not CostStatus.NOT_BILLED and event.job_id is None
