"""A mitmdump script that makes the metering fail at several places, each time with all that it sees in its words."""

import sys
from pathlib import Path
from typing import Any

# The package beside the entry, as the entry itself finds it.
sys.path.insert(0, str(Path(__file__).parents[2] / "addon"))

from llmobs.attempt import Attempt
from llmobs.hooks import begin
from llmobs.meter import Meter


class Fault(Exception):  # noqa: N818 - this is the word that the log is searched for
    """What a mistake of ours might look like."""


_attempt, _ask, _feed, _event = begin.attempt, Attempt.ask, Meter.feed, Attempt.event


def _failing_attempt(flow: Any, host: str, provider: Any, named: Any, *rest: Any) -> Attempt | None:
    if host == "generativelanguage.googleapis.com":
        raise Fault(f"{flow.request.url} {dict(flow.request.headers)} {named} {rest}")
    return _attempt(flow, host, provider, named, *rest)


def _failing_ask(self: Attempt, body: bytes, sent: int) -> None:
    if self.provider.id == "anthropic":
        raise Fault(body)
    _ask(self, body, sent)


def _failing_feed(self: Meter, message: bytes) -> bool:
    if self._dialect.name == "openai_chat":
        raise Fault(message)
    return _feed(self, message)


def _failing_event(self: Attempt, *rest: Any, **more: Any) -> Any:
    if self.dialect.name == "openai_responses":
        raise Fault(self.asked)
    return _event(self, *rest, **more)


begin.attempt = _failing_attempt  # type: ignore[assignment]
Attempt.ask, Attempt.event = _failing_ask, _failing_event  # type: ignore[assignment, method-assign]
Meter.feed = _failing_feed  # type: ignore[method-assign]
