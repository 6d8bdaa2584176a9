"""The thread that reads the database."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llmobs import store
from llmobs.event import to_row
from llmobs.policy import reader as module
from llmobs.policy.reader import Reader
from tests.policy.calls import row

PATIENCE_S = 20


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTERVAL_S", 0.01)
    monkeypatch.setattr(module, "REST", 0)
    monkeypatch.setattr(module, "WAIT_S", 0.2)


class Seen:
    """Counts rows as they are read; fails where it is told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: list[object] = []
        self.fail = ""
        self.looks = 0
        self.reader = Reader(lambda: path, self.read)

    def read(self, db: store.Reading | None) -> None:
        """One look."""
        self.looks += 1
        if db is None:
            return
        if self.fail:
            raise ValueError(self.fail)
        self.counts.append(db.query("SELECT count(*) FROM events").rows[0][0])

    def add(self, name: str) -> None:
        """Store a row."""
        with store.writing(self.path) as db:
            db.load([to_row(row(name))], {})


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    """A reader of a database that is not there yet."""
    made = Seen(tmp_path / "events.duckdb")
    yield made
    made.reader.close()


def until(true: Callable[[], object]) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_change_is_read(seen: Seen) -> None:
    """The first look comes at once; another one only when the file has changed, or it is started anew."""
    seen.add("a")
    seen.reader.start()
    assert seen.reader.wait(PATIENCE_S)
    assert seen.counts == [1]

    seen.add("b")
    until(lambda: 2 in seen.counts)
    before = len(seen.counts)
    time.sleep(0.1)
    assert len(seen.counts) <= before + 1  # closing may touch the file once more

    seen.reader.start()
    until(lambda: len(seen.counts) > before)
    seen.reader.close()
    seen.reader.close()


def test_pause(seen: Seen) -> None:
    """While it is paused nothing is read; it goes on with the next start, and ends also then."""
    seen.add("a")
    seen.reader.start()
    until(lambda: seen.counts)
    seen.reader.pause()
    seen.add("b")
    assert 2 not in seen.counts

    seen.reader.start()
    until(lambda: 2 in seen.counts)
    seen.reader.pause()
    seen.reader.close()


def test_missing_database_is_an_empty_one(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing was ever stored nobody waits; once there is something, it is read."""
    seen.reader.start()
    assert seen.reader.wait(PATIENCE_S)
    assert (seen.counts, seen.looks > 0) == ([], True)

    seen.add("a")
    until(lambda: seen.counts)
    assert caplog.messages == []


def test_trouble_is_told_once_and_ends(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong is said once, nobody waits longer than he said, and the next look may go well."""
    seen.add("a")
    seen.fail = "broken"
    seen.reader.start()
    assert not seen.reader.wait(0.2)
    until(lambda: caplog.messages)
    seen.fail = ""
    until(lambda: seen.counts)

    assert caplog.messages == ["budgets go on with what they know, as the database can't be read: broken"]


@pytest.mark.parametrize(("patience", "told"), [(20, 0), (0, 1)])
def test_lock_is_told_when_it_lasts(
    seen: Seen, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, patience: float, told: int
) -> None:
    """A writer has its turn; only one that stays is told of."""
    monkeypatch.setattr(module, "LOCKED_S", patience)
    seen.add("a")
    with store.writing(seen.path):
        seen.reader.start()
        assert not seen.reader.wait(1)
    assert seen.reader.wait(PATIENCE_S)

    assert len(caplog.messages) == told
