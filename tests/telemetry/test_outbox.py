import logging
from collections.abc import Sequence
from threading import Event as Signal

import pytest

from llmobs.event import Event
from llmobs.telemetry import outbox
from llmobs.telemetry.outbox import Outbox
from tests.telemetry.calls import call


def test_rows_are_delivered_in_their_order() -> None:
    """Everything that was put is delivered, in full batches, before `close` returns, without its content."""

    batches: list[Sequence[Event]] = []

    box = Outbox("test", batches.append, pause_s=60)
    for number in range(2 * outbox.BATCH):
        box.put(call(event_id=str(number), content="long"))
    assert box.close(60)

    got = [event for batch in batches for event in batch]
    assert [len(batch) for batch in batches] == [outbox.BATCH, outbox.BATCH]
    assert [event.event_id for event in got] == [str(number) for number in range(2 * outbox.BATCH)]
    assert {event.content for event in got} == {None}


def test_what_finds_no_room_is_dropped(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Memory stays bounded while nothing can be delivered; that rows are dropped is told once."""

    monkeypatch.setattr(outbox, "ROOM", 2)
    taken, going = Signal(), Signal()

    def deliver(events: Sequence[Event]) -> None:
        taken.set()
        going.wait(5)

    box = Outbox("test", deliver)
    box.put(call())
    taken.wait(5)
    for _ in range(5):
        box.put(call())
    assert not box.close(0.01)
    going.set()
    assert box.close(5)

    assert box.dropped == 3
    assert [record.message for record in caplog.records] == [
        "test: rows come faster than they can be delivered, and some are dropped",
        "test: 3 rows or more were not delivered in time",
    ]


def test_a_failure_is_told_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    """A thread outlives what goes wrong, tells when that begins, and when it is over."""

    troubles = iter(["the disk is full", KeyError("sk-secret"), None, None])

    def deliver(events: Sequence[Event]) -> str | None:
        trouble = next(troubles)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    box = Outbox("test", deliver)
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            box._hand_over([call()])
    assert box.close(5)

    assert [record.message for record in caplog.records] == [
        "test: the disk is full; rows are lost to it until that is well again",
        "test: rows are delivered again",
    ]
