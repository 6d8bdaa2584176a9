"""Whose requests and answers are kept; it does not read them."""

from collections.abc import Callable
from hashlib import sha256

from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.content import Content, Mode
from llmobs.event import Event
from llmobs.policy.capture_schema import CaptureRules
from llmobs.policy.load import Policies
from llmobs.policy.refusal import Refusal
from llmobs.policy.scope import Scope

_KB = 1024


class Capture:
    """A guard that refuses nothing, and needs no request to wait."""

    active = False

    def __init__(self) -> None:
        self.rules: CaptureRules | None = None
        self.scope = Scope()

    def configure(self, policies: Policies) -> None:
        """Take the rules."""
        self.rules = policies.capture
        self.scope = Scope.of(self.rules.where) if self.rules else Scope()

    @property
    def keep_days(self) -> int | None:
        """How long content stays, also that of former rules; None where nobody said so."""
        return None if self.rules is None else self.rules.keep_days

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Every call may go."""

    def settle(self, event: Event) -> None:
        """What was kept is in the row already."""

    def begin(self, attempt: Attempt, key: Callable[[], str | None]) -> Content | None:
        """Where the content of a call is kept, if it is; `key` tells the call's own. Its request is complete."""
        rules = self.rules
        if rules is None or rules.mode is Mode.NONE or attempt.silent or not _readable(attempt):
            return None
        event = structs.replace(attempt.opening, request_model=attempt.request_model)
        if not sampled(event.run_id or event.event_id, rules.sample) or not self.scope.fits(event):
            return None
        return Content(attempt.dialect, rules.mode, rules.max_kb * _KB, key())


def _readable(attempt: Attempt) -> bool:
    """Whether it is one request with one answer, of which all is read: no socket, and no gRPC."""
    return attempt.opening.method != "GET" and attempt.dialect.proto is None


def sampled(name: str, share: float) -> bool:
    """Whether this one is in the sample; the same name always gets the same answer."""
    return int.from_bytes(sha256(name.encode("utf-8", "surrogateescape")).digest()[:8]) < share * 2**64
