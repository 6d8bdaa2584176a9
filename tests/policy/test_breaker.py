"""Circuit breakers by host: what counts as a failure, what a refused call is told."""

import logging
from pathlib import Path

import pytest
from msgspec import structs

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.event import Event, Outcome
from llmobs.meter import Meter
from llmobs.policy import Kind, breaker, load
from llmobs.policy.breaker import Breaker, Snapshot, verdict
from llmobs.policy.circuit import State
from llmobs.policy.schema import PolicyFile
from tests.books import BOOK
from tests.policy.test_load import written
from tests.writer.calls import ended, running

ON = PolicyFile.model_validate({"breaker": {"failures": "2"}})
HOST = "api.openai.com"
FAILED = {"outcome": Outcome.ERROR, "status_code": 503}


def attempt(key: str, host: str = "api.openai.com") -> Attempt:
    """A call that wants to go."""
    opening = structs.replace(running(key), host=host)
    provider = BOOK.providers["openai"]
    return Attempt(opening=opening, book=BOOK, provider=provider, route=None, dialect=UNKNOWN, meter=Meter(UNKNOWN))


def after(key: str, **changes: object) -> Event:
    """A call that ended, in some way."""
    return structs.replace(ended(key), **changes)


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, False),
        ({"status_code": 404, "outcome": Outcome.ERROR}, False),
        ({"status_code": 429, "outcome": Outcome.ERROR, "error_class": "transient"}, False),
        (FAILED, True),
        ({"status_code": 529, "outcome": Outcome.ERROR}, True),
        ({"status_code": None, "outcome": Outcome.ERROR, "error_type": "connection_error"}, True),
        ({"outcome": Outcome.UPSTREAM_ABORTED}, True),
        ({"outcome": Outcome.ERROR, "error_class": "transient"}, True),
        ({"outcome": Outcome.ERROR, "error_class": "user"}, False),
        ({"outcome": Outcome.CLIENT_ABORTED}, None),
        ({"outcome": Outcome.CLIENT_ABORTED, "error_type": "timeout_first_byte"}, True),
        ({"outcome": Outcome.INTERRUPTED}, None),
        ({"policy": "cache"}, None),
        ({**FAILED, "policy": "breaker:api.openai.com", "error_type": "provider_unavailable"}, None),
        ({**FAILED, "policy": "retries", "error_type": "server_error"}, True),
    ],
    ids=str,
)
def test_what_counts_as_a_failure(changes: dict[str, object], failed: bool | None) -> None:
    """The host's own faults count, a caller's do not, and a call that never went tells nothing."""

    assert verdict(after("a", **changes)) is failed


def test_off_without_rules() -> None:
    """Without rules every call goes and nothing is remembered."""
    idle = Breaker()

    idle.configure(PolicyFile())
    assert (idle.active, idle.admit(attempt("a"))) == (False, None)
    assert (idle.settle(after("a", **FAILED), HOST), idle.snapshot()) == (None, [])


def test_host_that_fails_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Its next call is refused with the time to wait, other hosts' calls go, and the change is logged."""
    now = [0.0]
    guard = Breaker(lambda: now[0])
    guard.configure(ON)

    for key in "ab":
        assert guard.admit(attempt(key)) is None
        guard.settle(after(key, **FAILED), HOST)
    now[0] = 10.0
    refusal = guard.admit(attempt("c"))
    assert refusal is not None
    assert (refusal.kind, refusal.policy) == (Kind.UNAVAILABLE, "breaker:api.openai.com")
    assert (refusal.retry_after_s, "2 failures in a row" in refusal.message) == (20.0, True)
    assert guard.admit(attempt("d", "api.anthropic.com")) is None
    assert caplog.record_tuples == [
        (
            "llmobserve",
            logging.WARNING,
            "circuit breaker of api.openai.com: open, was closed: 2 failures in a row",
        )
    ]
    now[0] = 30.0
    assert guard.admit(attempt("e")) is None
    assert guard.settle(after("e"), HOST) is State.CLOSED
    assert guard.snapshot() == [
        Snapshot("api.openai.com", State.CLOSED, 3, 3, 2, 1),
        Snapshot("api.anthropic.com", State.CLOSED, 0, 0, 0, 0),
    ]


def test_open_stays_open_when_the_file_changes() -> None:
    """New rules hold from now on; what was found out before is kept."""
    guard = Breaker(lambda: 0.0)
    guard.configure(ON)
    for key in "ab":
        guard.settle(after(key, **FAILED), HOST)

    guard.configure(PolicyFile.model_validate({"breaker": {"open_s": "5"}}))
    refusal = guard.admit(attempt("c"))
    assert refusal is not None
    assert refusal.retry_after_s == 5.0
    guard.configure(PolicyFile())
    assert (guard.settle(after("c"), HOST), guard.admit(attempt("d"))) == (None, None)


def test_ports_are_told_apart() -> None:
    """A gateway that fails at one port of a host leaves another one alone; the usual ports are not written."""
    guard = Breaker(lambda: 0.0)
    guard.configure(ON)
    for key in "ab":
        guard.settle(after(key, **FAILED), "gpu.example:8000")

    for port, refused in ((8000, True), (8001, False), (443, False), (80, False)):
        call = attempt("c", "gpu.example")
        call.port = port
        assert (guard.admit(call) is not None) is refused
    assert [found.host for found in guard.snapshot()] == ["gpu.example:8000", "gpu.example:8001", "gpu.example"]


def test_hosts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many hosts the oldest is forgotten."""
    monkeypatch.setattr(breaker, "_HOSTS", 2)
    guard = Breaker(lambda: 0.0)
    guard.configure(ON)

    for host in ("a.example", "b.example", "c.example"):
        guard.admit(attempt("x", host))
    assert [found.host for found in guard.snapshot()] == ["b.example", "c.example"]


def test_rules_of_a_file(tmp_path: Path) -> None:
    """What is not said is taken from the defaults."""
    rules = load(written(tmp_path, "breaker: {error_rate: 0.25}\n")).breaker

    assert rules is not None
    assert (rules.failures, rules.error_rate, rules.open_s) == (5, 0.25, 30.0)
