"""Circuit breakers: a host that fails is left alone for a while; it does not know flows, nor where calls go instead."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from llmobs.attempt import Attempt
from llmobs.event import Event, Outcome
from llmobs.failure import FAILED, SERVER_ERROR, TIMED_OUT
from llmobs.policy.breaker_schema import BreakerRules
from llmobs.policy.circuit import Circuit, State
from llmobs.policy.load import Policies
from llmobs.policy.refusal import Kind, Refusal

LOG = logging.getLogger("llmobserve")

POLICY = "breaker:"
# Whose answers were not the host's.
CACHE = "cache"
# Hosts are those of the price file, where patterns stand for many; the oldest is forgotten.
_HOSTS = 1000


@dataclass(slots=True)
class Tally:
    """A host's breaker and what it did so far."""

    circuit: Circuit
    changes: int = 0
    calls: int = 0
    failures: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the breaker of a host stands, of which each port that is not usual is one of its own."""

    host: str
    state: State
    changes: int
    calls: int
    failures: int
    refused: int


class Breaker:
    """One circuit for each host that is called; nothing where no rules are set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rules: BreakerRules | None = None
        self._hosts: dict[str, Tally] = {}
        # Calls end on any thread.
        self._lock = Lock()

    def configure(self, policies: Policies) -> None:
        """Take the rules of the policy file; a breaker that is open stays so."""
        with self._lock:
            self._rules = policies.breaker
            for tally in self._hosts.values():
                tally.circuit.rules = self._rules or tally.circuit.rules

    @property
    def active(self) -> bool:
        """Whether there are rules."""
        return self._rules is not None

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Refuse a call to a host that fails."""
        host = attempt.authority
        with self._lock:
            tally = self._tally(host)
            if tally is None:
                return None
            wait = self._watched(host, tally, lambda: tally.circuit.admit(attempt.opening.event_id, self._clock()))
            tally.refused += wait is not None
        return None if wait is None else _refusal(host, tally, wait)

    def settle(self, event: Event, host: str) -> State | None:
        """Learn how a call ended (a refused one tells nothing); how the host's breaker stands, if there is one."""
        with self._lock:
            tally = self._tally(host)
            if tally is None:
                return None
            failed = verdict(event)
            tally.calls += failed is not None
            tally.failures += failed is True
            self._watched(host, tally, lambda: tally.circuit.ended(event.event_id, self._clock(), failed=failed))
            return tally.circuit.state

    def snapshot(self) -> list[Snapshot]:
        """How every breaker stands, for whoever counts."""
        with self._lock:
            return [
                Snapshot(host, t.circuit.state, t.changes, t.calls, t.failures, t.refused)
                for host, t in self._hosts.items()
            ]

    def _tally(self, host: str) -> Tally | None:
        if self._rules is None:
            return None
        if host not in self._hosts and len(self._hosts) >= _HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return self._hosts.setdefault(host, Tally(Circuit(self._rules)))

    def _watched[Told](self, host: str, tally: Tally, do: Callable[[], Told]) -> Told:
        """Do something to a circuit, and say so where its state changes."""
        before, told = tally.circuit.state, do()
        now = tally.circuit.state
        if now is not before:
            tally.changes += 1
            LOG.warning("circuit breaker of %s: %s, was %s: %s", host, now, before, tally.circuit.why)
        return told


def verdict(event: Event) -> bool | None:
    """Whether a call shows that its host fails; None where it shows nothing."""
    ours = event.policy == CACHE or (event.policy is not None and event.error_type in tuple(Kind))
    if ours or event.outcome is Outcome.INTERRUPTED:
        return None
    if (event.error_type or "").startswith(TIMED_OUT):
        return True
    if event.outcome is Outcome.CLIENT_ABORTED:
        return None
    if event.outcome is Outcome.UPSTREAM_ABORTED or event.status_code is None:
        return True
    in_the_stream = event.outcome is Outcome.ERROR and event.error_class in ("transient", "system")
    return event.status_code >= SERVER_ERROR or (event.status_code < FAILED and in_the_stream)


def _refusal(host: str, tally: Tally, wait: float) -> Refusal:
    return Refusal(
        Kind.UNAVAILABLE,
        f"{POLICY}{host}",
        f"{host} fails and is left alone ({tally.circuit.why}); the next call may try in {max(wait, 0):.0f} s",
        max(wait, 0),
    )
