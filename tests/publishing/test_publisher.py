"""The way of rows from a database to a place: all of them, once, whatever goes wrong in between."""

import fcntl
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import Event, to_json, to_row
from llmobs.place import Folder, PlaceError
from llmobs.publishing import Publisher
from llmobs.store import publication
from tests.store.test_jobs import batch, line, sighting
from tests.writer.calls import ended

LOG = logging.getLogger("llmobserve")
EVERYTHING = "SELECT * EXCLUDE (content) FROM calls ORDER BY event_id"
PATIENCE_S = 60.0
PROGRAM = Path(__file__).with_name("publishing_process.py")


@dataclass(frozen=True, slots=True)
class Moody(Folder):
    """A folder that fails when it is told to, before it keeps the file or after that."""

    faults: list[str] = field(default_factory=list)

    def put(self, name: str, file: Path) -> None:
        """Keep a file, or say that it can't be kept, which may not be true."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault != "before":
            Folder.put(self, name, file)
        if fault:
            raise PlaceError(f"cut {fault}")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the rows are."""
    return tmp_path / "db" / "events.duckdb"


@pytest.fixture
def place(tmp_path: Path) -> Moody:
    """Where they go."""
    return Moody(tmp_path / "published")


@pytest.fixture
def publishing(database: Path, place: Moody) -> Iterator[Publisher]:
    """What brings them there."""
    database.parent.mkdir()
    made = Publisher(database, place, LOG, interval_s=0.01)
    yield made
    made.close()


def load(database: Path, *events: Event) -> None:
    """Put rows into the table as the proxy does."""
    with store.writing(database) as db:
        db.load([to_row(event) for event in events], {})


def load_lines(database: Path, *events: Event) -> None:
    """The same by a file of lines."""
    lines = database.with_name("lines")
    lines.write_bytes(b"".join(to_json(event) + b"\n" for event in events))
    with store.writing(database) as db:
        db.load_lines(lines, len(events), {}, merging=any(event.job_id for event in events))


def same(database: Path, place: Folder) -> int:
    """That the place shows what the database holds; the number of rows."""
    here, there = store.read(database, EVERYTHING), store.read(place.path, EVERYTHING)
    assert here.columns == there.columns
    assert here.rows == there.rows
    return len(here.rows)


def test_what_was_there_and_what_comes(database: Path, place: Moody, publishing: Publisher) -> None:
    """Rows from before the first publication are published, and later ones, however they come, each once."""
    load(database, *(ended(f"a{n}", n) for n in range(5)))
    publishing.turn()
    load(database, *(ended(f"b{n}", 2000 + n) for n in range(3)))
    load_lines(database, *(ended(f"c{n}", n) for n in range(4)))
    publishing.turn()
    publishing.turn()

    assert same(database, place) == 12
    assert publishing.published == 2
    assert [name.split("/")[1] for name in place.names("events")] == ["day=2026-11-20"] * 2 + ["day=2026-11-21"]
    assert not list(publishing.staging.iterdir())


def test_any_engine(database: Path, place: Moody, publishing: Publisher) -> None:
    """Another engine reads the files with every type: exact amounts, charges, times."""
    load(database, ended("a"), ended("b", 2000))
    publishing.turn()
    frame = pl.read_parquet(f"{place.path}/events/**/*.parquet", hive_partitioning=True)

    assert frame.sort("event_id")["event_id"].to_list() == ["a", "b"]
    assert str(frame["cost_usd"].sum()) == "0.005000000000000"
    assert frame["charges"][0][0]["unit"] == "input"
    assert sorted(map(str, frame["day"])) == ["2026-11-20", "2026-11-21"]


def test_content_stays(database: Path, place: Moody, publishing: Publisher) -> None:
    """Captured content is not published, as it could not be forgotten there."""
    load(database, replace(ended("a"), content='{"request": "secret"}'))
    publishing.turn()

    assert store.read(place.path, "SELECT content FROM calls").rows == [(None,)]


@pytest.mark.parametrize("split", [1, 2, 20_000])
def test_jobs_that_change(
    database: Path, place: Moody, publishing: Publisher, monkeypatch: pytest.MonkeyPatch, split: int
) -> None:
    """A row that changes, gets another id or is gone shows as its newest state, in whatever portions it is told."""
    monkeypatch.setattr(publication, "ROWS", split)
    load(database, ended("other"), sighting("j2", "job", 3000, "pending"), batch("b1", 0, "pending"))
    publishing.turn()
    load(database, sighting("j1", "job", 5))
    load(database, line(1), line(2), ended("new", 9))
    publishing.turn()
    load(database, sighting("j0", "job", 1, "provider_reported"), batch("b1-again", 60))
    load_lines(database, line(1, 90), ended("newer", 9))
    publishing.turn()

    assert same(database, place) == 7
    assert {"j0", "b1"} <= {str(row[0]) for row in store.read(place.path, "SELECT event_id FROM calls").rows}


def test_changed_before_it_was_published(database: Path, place: Moody, publishing: Publisher) -> None:
    """Rows that come and go between two publications are published as they are then."""
    load(database, ended("first"))
    publishing.turn()
    load(database, sighting("j2", "job", 50, "pending"))
    load(database, sighting("j1", "job", 5))
    publishing.turn()

    assert same(database, place) == 2
    assert not place.names("revisions")


@pytest.mark.parametrize("fault", ["before", "after"])
def test_cut_uploads(database: Path, place: Moody, publishing: Publisher, fault: str) -> None:
    """An upload that fails, or is said to, is done again with the same bytes under the same name."""
    load(database, ended("a"), ended("b", 2000))
    place.faults.extend(["", fault])
    with pytest.raises(PlaceError):
        publishing.turn()
    first = {name: (place.path / name).read_bytes() for name in place.names("events")}
    load(database, ended("c"))
    publishing.turn()

    assert same(database, place) == 3
    assert first.items() <= {name: (place.path / name).read_bytes() for name in place.names("events")}.items()


def test_staged_files_are_gone(database: Path, place: Moody, publishing: Publisher) -> None:
    """Files that wait for their upload are made again where someone removed them, under the same names."""
    load(database, ended("a"))
    place.faults.append("after")
    with pytest.raises(PlaceError):
        publishing.turn()
    names = place.names("events")
    shutil.rmtree(publishing.staging)
    load(database, ended("b"))
    publishing.turn()

    assert same(database, place) == 2
    assert set(names) < set(place.names("events"))


def test_another_place(database: Path, place: Moody, publishing: Publisher, tmp_path: Path) -> None:
    """A new place gets all rows."""
    load(database, ended("a"))
    publishing.turn()
    load(database, ended("b"))
    other = Folder(tmp_path / "other")
    Publisher(database, other, LOG).turn()

    assert same(database, other) == 2


def test_a_copied_database(database: Path, place: Moody, publishing: Publisher) -> None:
    """A copy gets a name of its own: what both publish later is there from both."""
    load(database, ended("a"))
    publishing.turn()
    copy = database.with_name("copy.duckdb")
    shutil.copy(database, copy)
    load(database, ended("b"))
    load(copy, ended("c"))
    publishing.turn()
    Publisher(copy, place, LOG).turn()

    assert [row[0] for row in store.read(place.path, "SELECT event_id FROM calls ORDER BY ALL").rows] == ["a", "b", "c"]


def test_two_processes(database: Path, place: Moody, publishing: Publisher) -> None:
    """While another process publishes the database, this one leaves it alone."""
    load(database, ended("a"))
    lock = publishing.staging.with_name(f"{publishing.staging.name}.lock")
    with lock.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        publishing.turn()

    assert not place.names("events")


def test_in_a_thread(database: Path, place: Moody, publishing: Publisher, caplog: pytest.LogCaptureFixture) -> None:
    """It publishes from time to time, tells a trouble once and its end, and all is there after the close."""
    load(database, ended("a"))
    place.faults.extend(["before"] * 3)
    with caplog.at_level(logging.WARNING):
        publishing.start()
        publishing.start()
        while "again" not in caplog.text:
            time.sleep(0.01)
        load(database, ended("b"))
        publishing.close(timeout=PATIENCE_S)
        publishing.close()

    assert same(database, place) == 2
    assert [record.message for record in caplog.records] == [
        "Calls can't be published now and will be later: cut before",
        f"Calls are published to {place} again.",
    ]


def test_a_slow_upload_at_the_end(
    database: Path, place: Moody, publishing: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever stops the proxy does not wait for a slow upload; the next start goes on with it."""
    load(database, ended("a"))
    lock = publishing.staging.with_name(f"{publishing.staging.name}.lock")
    with store.reading(database):
        publishing.start()
        publishing.close(timeout=0.05)
    while lock.exists() and not place.names("events"):
        time.sleep(0.01)

    assert f"{place} takes long to publish to; the next start goes on with it." in caplog.text


def test_kill_at_any_moment(database: Path, place: Moody, publishing: Publisher) -> None:
    """Over many kills of a process that stores and publishes, every row is published, once."""
    for number in range(6):
        command = [sys.executable, str(PROGRAM), str(database), str(place.path), str(number)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.05 * number)
        process.kill()
        process.communicate()
    publishing.turn()

    assert same(database, place) > 0
    ids = pl.read_parquet(f"{place.path}/events/**/*.parquet")["event_id"]
    assert ids.n_unique() == len(ids)
