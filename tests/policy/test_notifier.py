"""Notifications, sent by a thread."""

from threading import Event as Signal
from typing import Any

import pytest

from llmobs.policy import notifier as module
from llmobs.policy.address import Address, send, works
from llmobs.policy.notifier import Notifier

TO = Address("json://127.0.0.1:1/s3cret")


def test_message_is_sent_in_the_background() -> None:
    """Each address gets the message; closing waits for that, and may happen twice."""
    sent: list[tuple[Address, str, str]] = []

    def keep(*job: Any) -> bool:
        sent.append(job)
        return True

    notifier = Notifier(keep)
    notifier.close()

    notifier.tell([TO, TO], "title", "body")
    notifier.close()
    notifier.tell([TO], "again", "body")
    notifier.close()
    notifier.close()

    assert sent == [(TO, "title", "body"), (TO, "title", "body"), (TO, "again", "body")]


def test_failures_are_told_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a refusal nor an exception shows the secret, and the next message is sent."""
    answers = iter([False, True])

    def fail(address: Address, title: str, body: str) -> bool:
        if title == "raises":
            raise RuntimeError(address.url)
        return next(answers)

    notifier = Notifier(fail)
    for title in ("raises", "fails", "works"):
        notifier.tell([TO], title, "")
    notifier.close()

    assert caplog.messages == [
        "a notification to json://... could not be sent: RuntimeError",
        "a notification to json://... could not be sent: fails",
    ]


def test_flood_is_dropped(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a slow receiver: what is too much is dropped, also when the proxy stops."""
    monkeypatch.setattr(module, "CLOSE_S", 0.05)
    door, began = Signal(), Signal()

    def slow(*job: object) -> bool:
        began.set()
        return door.wait(20)

    notifier = Notifier(slow)
    notifier.tell([TO], "first", "")
    began.wait(20)

    notifier.tell([TO] * (module.WAITING + 1), "more", "")
    notifier.close()
    door.set()

    assert caplog.messages == ["a notification to json://... is dropped: too many wait to be sent"]


def test_addresses_show_nothing() -> None:
    """An address is shown by its kind alone."""

    assert (str(TO), repr(TO), str(Address("s3cret"))) == ("json://...", "Address()", "...")


def test_apprise_is_the_sender(caplog: pytest.LogCaptureFixture) -> None:
    """What Apprise does not know is told before the start; what can't be reached is told by the answer alone."""

    assert works(TO.url)
    assert not works("nope://x")
    assert not send(TO, "title", "body")
    assert "s3cret" not in caplog.text
