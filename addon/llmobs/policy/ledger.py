"""Pots and what is in them: what the database said, what ended since, and what running calls may still cost.

It does not know rules, clocks or databases, and it is used from several threads.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock

from llmobs.event import Event
from llmobs.policy.rule import Pot
from llmobs.policy.spent import Job

ZERO = Decimal(0)
type Amounts = Mapping[Pot, Decimal]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a call costs, or may cost, by pot; one of a `job` counts until the table knows what that costs."""

    event: Event
    usd: Decimal
    amounts: Amounts
    job: Job | None = None


type Entries = dict[str, Entry]
type Pay = Callable[[Event, Decimal], Amounts]


@dataclass(slots=True)
class Ledger:
    """What was read last, and by event id the calls that came since."""

    _read: Amounts = field(default_factory=dict)
    _ended: Entries = field(default_factory=dict)
    _running: Entries = field(default_factory=dict)
    _since: dict[Pot, Decimal] = field(default_factory=dict)
    _held: dict[Pot, Decimal] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def spent(self, pot: Pot) -> Decimal:
        """What was paid from a pot."""
        with self._lock:
            return self._read.get(pot, ZERO) + self._since.get(pot, ZERO)

    def stored(self, pot: Pot) -> Decimal:
        """The part of it that the database knew when it was read."""
        with self._lock:
            return self._read.get(pot, ZERO)

    def reserved(self, pot: Pot) -> Decimal:
        """What running calls may still take from it."""
        with self._lock:
            return self._held.get(pot, ZERO)

    def reserve(self, entry: Entry) -> None:
        """Set aside what a call may cost."""
        with self._lock:
            self._running[entry.event.event_id] = entry
            _add(self._held, entry.amounts, 1)

    def running(self, event_id: str) -> Entry | None:
        """What is set aside for a call."""
        return self._running.get(event_id)

    def settle(self, event_id: str, ended: Entry | None) -> None:
        """A call ended: what was set aside is free again, and what it cost, if anything, is paid."""
        with self._lock:
            if (held := self._running.pop(event_id, None)) is not None:
                _add(self._held, held.amounts, -1)
            if ended is not None and event_id not in self._ended:
                self._ended[event_id] = ended
                _add(self._since, ended.amounts, 1)

    def waiting(self) -> Entries:
        """The calls that ended and were not seen in the database."""
        with self._lock:
            return dict(self._ended)

    def renew(self, read: Amounts, seen: Collection[str]) -> None:
        """Take what the database says now, which the calls that were seen in it are part of."""
        with self._lock:
            for event_id in seen:
                if (ended := self._ended.pop(event_id, None)) is not None:
                    _add(self._since, ended.amounts, -1)
            self._read = read

    def sort_anew(self, running: Pay, ended: Pay) -> None:
        """Other rules hold: the calls go into the pots that they name."""
        with self._lock:
            self._running, self._held = _sorted(self._running, running)
            self._ended, self._since = _sorted(self._ended, ended)

    def pots(self) -> list[Pot]:
        """Every pot that something was paid from."""
        with self._lock:
            return list({**self._read, **self._since})


def _sorted(entries: Entries, pay: Pay) -> tuple[Entries, dict[Pot, Decimal]]:
    fresh = {name: replace(entry, amounts=pay(entry.event, entry.usd)) for name, entry in entries.items()}
    sums: dict[Pot, Decimal] = {}
    for entry in fresh.values():
        _add(sums, entry.amounts, 1)
    return fresh, sums


def _add(sums: dict[Pot, Decimal], amounts: Amounts, sign: int) -> None:
    for pot, amount in amounts.items():
        total = sums.get(pot, ZERO) + sign * amount
        if total:
            sums[pot] = total
        else:
            sums.pop(pot, None)
