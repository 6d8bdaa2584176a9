"""What the log says while events can't be stored: once, again each minute, and when it is over."""

import logging

import pytest

from llmobs.store import FullError, LockedError
from llmobs.writer.trouble import Trouble


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def trouble(clock: Clock) -> Trouble:
    """No trouble yet."""
    return Trouble(logging.getLogger("llmobserve.test"), clock)


def test_first_trouble(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    """It is told at once, with what waits and where."""
    trouble.met(FullError("x can't grow"), 7, "/spool")

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "x can't grow. 7 calls wait in /spool and will be stored later.")
    ]


def test_trouble_that_lasts(trouble: Trouble, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """It is told again after a minute, not before."""
    for clock.now in (100.0, 101.0, 159.0, 161.0, 162.0):
        trouble.met(FullError("x"), 1, "/spool")

    assert len(caplog.records) == 2


def test_lock_of_a_reader(trouble: Trouble, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """A lock that is left within five seconds is no news, a longer one is."""
    trouble.met(LockedError("x"), 1, "/spool")
    trouble.over(1)
    clock.now = 104.0
    trouble.met(LockedError("x"), 1, "/spool")
    clock.now = 108.0
    trouble.met(LockedError("x"), 1, "/spool")
    assert not caplog.records

    clock.now = 109.5
    trouble.met(LockedError("x"), 1, "/spool")
    assert len(caplog.records) == 1


def test_end_of_trouble(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    """Trouble that was told is told to be over, once."""
    trouble.met(FullError("x"), 1, "/spool")
    caplog.clear()

    trouble.over(12)
    trouble.over(12)

    assert [record.message for record in caplog.records] == [
        "The database is in use again, and has caught up: 12 calls are stored."
    ]


def test_losses(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    """Lost calls are the only ERROR, and each is told once."""
    for count in (0, 3, 3, 4):
        trouble.lost(count)

    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert caplog.records[1].message.startswith("1 calls are lost")


def test_rejected_calls(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    """Calls that fit no column are told with the file that keeps them."""
    for count in (0, 2, 2):
        trouble.rejected(count, "/spool/rejected.jsonl")

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "2 calls fit no column and are kept in /spool/rejected.jsonl.")
    ]


def test_what_lasts_is_known(trouble: Trouble, clock: Clock) -> None:
    """A lock counts once it lasts, anything else at once, and nothing when it is over."""
    full, locked = FullError("x can't grow"), LockedError("x is in use")
    seen = []
    for error, seconds in ((locked, 0), (locked, 6), (full, 0)):
        clock.now += seconds
        trouble.met(error, 1, "/spool")
        seen.append(trouble.lasting)
    trouble.over(1)

    assert (seen, trouble.lasting) == ([None, locked, full], None)
