"""Whose requests and answers are kept."""

from typing import Any

from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.content import Mode
from llmobs.dialects import DIALECTS
from llmobs.policy.capture import Capture, sampled
from llmobs.policy.schema import PolicyFile
from tests.test_attempt import attempt
from tests.writer.calls import ended


def capture(**rules: Any) -> Capture:
    """Rules that keep all, unless they say otherwise."""
    made = Capture()
    made.configure(PolicyFile.model_validate({"capture": {"mode": "full", **rules}}))
    return made


def call(**more: Any) -> Attempt:
    """A call of acme."""
    made = attempt(**more)
    made.opening = structs.replace(made.opening, customer_id="acme")
    return made


def no_key() -> None:
    """A call without a key."""


def test_off_unless_asked() -> None:
    """Without rules nothing is kept, and nothing is forgotten."""
    off = Capture()

    assert off.begin(call(), no_key) is None
    off.configure(PolicyFile())
    assert off.keep_days is None


def test_what_is_asked_for() -> None:
    """A call that fits is kept as the rules say."""
    found = capture(mode="redacted", max_kb="3", where={"customer": "ac*"}).begin(call(), lambda: "key")

    assert found is not None
    assert (found.mode, found.max_bytes, found.key) == (Mode.REDACTED, 3072, "key")


def test_what_is_not() -> None:
    """Other calls, look-ups, sockets, gRPC and the mode `none` leave nothing."""
    socket = call()
    socket.opening = structs.replace(socket.opening, method="GET")
    silent = call()
    silent.silent = True
    grpc = next(dialect for dialect in DIALECTS.values() if dialect.proto)

    assert capture(mode="none").begin(call(), no_key) is None
    assert capture(where={"customer": "other"}).begin(call(), no_key) is None
    assert capture(sample="0.000001").begin(call(), no_key) is None
    assert capture().begin(silent, no_key) is None
    assert capture().begin(socket, no_key) is None
    assert capture().begin(call(dialect=grpc), no_key) is None


def test_it_refuses_nothing() -> None:
    """It never holds a call up, and counts none."""
    made = capture(keep_days="3")

    assert (made.active, made.keep_days) == (False, 3)
    assert made.admit(call()) is None
    made.settle(ended("a"))


def test_sample() -> None:
    """About the share is kept, all or none of it at the ends, and the same names each time."""
    names = [f"run-{number}" for number in range(2000)]
    kept = [sampled(name, 0.1) for name in names]

    assert 120 < sum(kept) < 280
    assert kept == [sampled(name, 0.1) for name in names]
    assert all(sampled(name, 1.0) for name in names)
    assert not any(sampled(name, 0.0) for name in names)
