"""Where calls are held against the policy file before they go; reads the file, and again when it changes."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mitmproxy import http
from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.config import ConfigError
from llmobs.event import Event
from llmobs.fault import told
from llmobs.policy import Guard, Judge, Policies, Refusal, load
from llmobs.policy.breaker import Breaker
from llmobs.policy.refusal import answer
from llmobs.policy.schema import PolicyFile
from llmobs.pricing import PriceBook
from llmobs.tap import is_small

LOG = logging.getLogger("llmobserve")

# An edit holds for calls that come a second later; asking the disk for each would cost more than the call's own rules.
LOOK_SECONDS = 1.0

# A request that a rule may refuse is kept until it is complete. Prompts with some pictures are below this; what is
# longer goes without being asked for, and counts all the same.
HELD_BYTES = 32 * 1024 * 1024


class Gate:
    """The rules that are in force; none where no policy file is named."""

    def __init__(self, *guards: Guard) -> None:
        self.policies: Policies = PolicyFile()
        self.breaker = Breaker()
        self.guards = guards
        self._in_force, self._told = _active(self._judges()), _active(guards)
        self._known: Mapping[str, object] = {}
        self._file: Path | None = None
        self._read: tuple[int, int] | None = None
        self._looked = 0.0

    def open(self, file: Path | None, book: PriceBook | None = None) -> None:
        """Take the rules of a file; raises ConfigError, and keeps the former ones then. None takes all rules away.

        `book` knows the hosts that rules may name.
        """
        self._known = {"book": book}
        stamp = _stamp(file) if file else None
        self._take(load(file, self._known) if file else PolicyFile())
        self._file, self._read = file, stamp

    def _take(self, policies: Policies) -> None:
        self.policies = policies
        for judge in self._judges():
            judge.configure(policies)
        self._in_force = _active(self._judges())
        # Whose rules are gone has let calls go that have not ended, and may get rules again.
        self._told = tuple(guard for guard in self.guards if guard.active or guard in self._told)

    def _judges(self) -> tuple[Judge, ...]:
        """Those that are asked; the last one only of calls that the others let go."""
        return (*self.guards, self.breaker)

    def look(self) -> Policies:
        """The rules in force, taken anew where the file was edited; a broken edit keeps the old ones."""
        now = time.monotonic()
        if self._file is not None and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._renew(self._file)
        return self.policies

    def _renew(self, file: Path) -> None:
        if (stamp := _stamp(file)) == self._read:
            return
        self._read, ruled = stamp, self.policies.rules
        try:
            self._take(load(file, self._known))
        except ConfigError as problem:
            LOG.warning("the policy file is not taken, the former rules stay:\n%s", problem)
        else:
            none = f"no rule is in force{' any more' if ruled else ''}"
            now = "its rules are in force from now on" if self.policies.rules else none
            LOG.warning("the policy file has changed: %s", now)

    def holds(self, attempt: Attempt, headers: Mapping[str, str]) -> bool:
        """Whether a call has to wait here until its request is complete, as a rule may refuse it."""
        return bool(self._in_force) and not attempt.silent and _may_wait(attempt, headers)

    def admit(self, flow: http.HTTPFlow, attempt: Attempt) -> bool:
        """Whether a call may go; where not, it is answered in the provider's place."""
        if not self._in_force or attempt.silent or flow.request.stream or flow.response is not None:
            return True
        for judge in self._in_force:
            if (refusal := _asked(judge, attempt)) is not None:
                _refuse(flow, attempt, refusal)
                return False
        return True

    def settle(self, event: Event, authority: str) -> Event:
        """Tell every guard how a call to a host (and port) ended; the row, with what only then is known."""
        for guard in self._told:
            _counted(event, partial(guard.settle, event))
        state = _counted(event, partial(self.breaker.settle, event, authority))
        return event if state is None else structs.replace(event, breaker=str(state))


def _active[Ruling: Judge](guards: tuple[Ruling, ...]) -> tuple[Ruling, ...]:
    """Those that have something to say, which only the policy file changes."""
    return tuple(guard for guard in guards if guard.active)


def _asked(judge: Judge, attempt: Attempt) -> Refusal | None:
    try:
        return judge.admit(attempt)
    except Exception as problem:  # noqa: BLE001 - no rule may break a call
        LOG.error("a policy could not judge %s, which goes: %s", attempt.opening.event_id, told(problem))  # noqa: TRY400
        return None


def _counted[Told](event: Event, count: Callable[[], Told]) -> Told | None:
    try:
        return count()
    except Exception as problem:  # noqa: BLE001 - no rule may break a call
        LOG.error("a policy could not count %s: %s", event.event_id, told(problem))  # noqa: TRY400
        return None


def _refuse(flow: http.HTTPFlow, attempt: Attempt, refusal: Refusal) -> None:
    said = answer(refusal, attempt.dialect)
    flow.response = http.Response.make(said.status, said.body, said.headers)
    attempt.status_code = said.status
    attempt.policy, attempt.reason = refusal.policy, refusal.message
    # A gRPC client's status is 200 all the same.
    attempt.trouble = attempt.refusal = str(refusal.kind)


def _may_wait(attempt: Attempt, headers: Mapping[str, str]) -> bool:
    """Whether a request ends by itself, and fits into memory.

    One that goes up while its answer comes down would wait for ever: gRPC of an unknown method, sound as it is spoken.
    """
    length, kind = headers.get("content-length"), headers.get("content-type", "")
    if length is not None:
        return is_small(headers, HELD_BYTES)
    if "grpc" in kind:
        return attempt.dialect.proto is not None
    return "json" in kind or attempt.opening.method == "GET"


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
