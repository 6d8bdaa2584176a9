"""From the spool to the database: each call once, whatever fails in between."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, Event, Outcome, to_json
from llmobs.spool import Owner, Spool
from llmobs.writer import loader as module
from llmobs.writer.loader import REJECTED, Loader, interrupted
from tests.writer.calls import CHARGE, ended, running


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database is made."""
    return tmp_path / "events.duckdb"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A started spool."""
    started = Spool(tmp_path / "spool")
    started.start()
    yield started
    started.close({})


@pytest.fixture
def loader(database: Path, spool: Spool) -> Loader:
    """A loader of that spool."""
    return Loader(database, spool)


def begin(spool: Spool, event: Event) -> None:
    """Put what is known of a running call."""
    spool.begin(event.event_id, to_json(event))


def end(spool: Spool, event: Event) -> None:
    """Put an ended call."""
    spool.end(event.event_id, to_json(event))


def load(loader: Loader) -> None:
    """All steps, those of the dead as well."""
    for _ in loader.load(wait=5):
        pass
    for _ in loader.recover(wait=5):
        pass


def outcomes(database: Path) -> list[tuple[object, ...]]:
    """Key and outcome of each row."""
    return store.read(database, "SELECT event_id, outcome FROM events ORDER BY 1, 2").rows


def dead(directory: Path, *lines: tuple[str, Event], size: int = 1 << 20) -> Owner:
    """The files of a process that was killed after these beginnings and ends."""
    spool = Spool(directory, segment_bytes=size)
    spool.start()
    for kind, event in lines:
        (begin if kind == "open" else end)(spool, event)
    (owner,) = [spool._owner]
    assert owner
    spool.close({})
    return owner


def test_own_calls(spool: Spool, loader: Loader, database: Path) -> None:
    """Ended calls are stored, running ones are not; a second load adds nothing."""
    begin(spool, running("a"))
    begin(spool, running("b"))
    end(spool, ended("a"))

    load(loader)
    load(loader)
    end(spool, ended("c"))
    load(loader)

    assert outcomes(database) == [("a", "ok"), ("c", "ok")]
    assert (loader.stored, loader.recovered, loader.rejected) == (2, 0, 0)


def test_nothing_to_load(spool: Spool, loader: Loader, database: Path) -> None:
    """Without an ended call the database is not touched."""
    begin(spool, running("a"))

    load(loader)

    assert not database.exists()


def test_many_batches_and_files(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls in several files and transactions are all stored, and the files are removed."""
    monkeypatch.setattr(module, "BATCH_LINES", 7)
    spool = Spool(tmp_path / "spool", segment_bytes=5000)
    spool.start()
    loader = Loader(database, spool)
    for number in range(100):
        begin(spool, running(f"{number:03}"))
        end(spool, ended(f"{number:03}"))

    load(loader)

    assert outcomes(database) == [(f"{number:03}", "ok") for number in range(100)]
    assert len(spool.segments()) == 1
    assert spool.close(loader.marks)


def test_unclear_commit(spool: Spool, loader: Loader, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that was done but reported as failed is not repeated, and its calls count as stored."""
    end(spool, ended("a"))
    load_rows = store.Writing.load_lines

    def done_but_failed(self: store.Writing, *rest: object, **more: object) -> None:
        load_rows(self, *rest, **more)  # type: ignore[arg-type]
        raise store.StoreError("unclear")

    with monkeypatch.context() as broken:
        broken.setattr(store.Writing, "load_lines", done_but_failed)
        with pytest.raises(store.StoreError):
            load(loader)
    load(loader)

    assert (outcomes(database), loader.stored) == ([("a", "ok")], 1)


def test_dead_process(spool: Spool, loader: Loader, database: Path) -> None:
    """Ended calls of a dead process are stored as they are, running ones as interrupted; its files are removed."""
    dead(
        spool.directory,
        ("open", running("a")),
        ("open", running("b")),
        ("open", replace(running("b"), response_model="seen")),
        ("event", ended("a")),
        ("event", ended("c")),
    )

    load(loader)

    assert outcomes(database) == [("a", "ok"), ("b", "interrupted"), ("c", "ok")]
    row = store.read(database, "SELECT response_model, cost_status, cost_usd FROM events WHERE event_id = 'b'").rows
    assert row == [("seen", "partial", None)]
    assert (loader.stored, loader.recovered) == (0, 3)
    assert [path.suffix for path in spool.directory.iterdir()] == [".lock"]


def test_dead_process_that_left_nothing(spool: Spool, loader: Loader, database: Path) -> None:
    """The lock of a process that made no call is removed."""
    Owner.new(spool.directory).release()

    load(loader)

    assert not database.exists()
    assert len(list(spool.directory.iterdir())) == 1


def test_dead_process_with_running_calls_only(spool: Spool, loader: Loader, database: Path) -> None:
    """Calls without any end are interrupted."""
    dead(spool.directory, ("open", running("a")), ("open", running("b")))

    load(loader)

    assert outcomes(database) == [("a", "interrupted"), ("b", "interrupted")]


def test_process_that_died_after_loading(spool: Spool, loader: Loader, database: Path) -> None:
    """What the dead process had loaded itself is not loaded again."""
    first = Spool(spool.directory)
    first.start()
    begin(first, running("open"))
    end(first, ended("a"))
    load(Loader(database, first))
    end(first, ended("b"))
    first.close({})

    load(loader)

    assert outcomes(database) == [("a", "ok"), ("b", "ok"), ("open", "interrupted")]
    assert loader.recovered == 2


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_recovery_that_stops(
    spool: Spool, loader: Loader, database: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recovery that stops after any transaction is taken up by the next one, without a loss or a repetition."""
    monkeypatch.setattr(module, "BATCH_LINES", 2)
    lines = [("open", running("slow")), *(("event", ended(str(number))) for number in range(6))]
    dead(spool.directory, *lines, size=1500)

    steps = loader.recover(wait=5)
    for _ in range(step):
        next(steps)
    steps.close()
    load(loader)

    assert outcomes(database) == [*((str(number), "ok") for number in range(6)), ("slow", "interrupted")]
    assert loader.recovered == 7
    assert [path.suffix for path in spool.directory.iterdir()] == [".lock"]


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_recovery_killed_at_the_removal(
    spool: Spool, loader: Loader, database: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the last transaction and the removal of any file stores nothing twice."""
    lines = [("open", running("slow")), *(("event", ended(str(number))) for number in range(6))]
    dead(spool.directory, *lines, size=2000)

    def killed(self: Owner) -> None:
        for path in self.segments()[: -left or None]:
            path.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Owner, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            load(loader)
    load(loader)

    assert outcomes(database) == [*((str(number), "ok") for number in range(6)), ("slow", "interrupted")]


def test_torn_last_line_of_a_dead_process(spool: Spool, loader: Loader, database: Path) -> None:
    """A line that a kill tore is skipped; its call is known by its beginning."""
    owner = dead(spool.directory, ("open", running("a")), ("event", ended("b")))
    with owner.segment(1).open("ab") as file:
        file.write(b'{"event":' + to_json(ended("a"))[:90])

    load(loader)

    assert outcomes(database) == [("a", "interrupted"), ("b", "ok")]


def test_marks_of_removed_files(spool: Spool, loader: Loader, database: Path) -> None:
    """The database forgets the marks of files that are gone."""
    dead(spool.directory, ("event", ended("a")), ("open", running("b")))
    load(loader)
    assert len(store.read(database, "FROM spool_marks").rows) == 2

    end(spool, ended("c"))
    load(loader)

    assert store.read(database, "SELECT segment FROM spool_marks").rows == [(spool.segments()[0].name,)]


def test_usage_that_is_no_json(spool: Spool, loader: Loader, database: Path) -> None:
    """A usage object that the table does not take is stored as a string."""
    end(spool, replace(ended("a"), usage='{"bad": "\\ud800"}'))
    end(spool, ended("b"))

    load(loader)

    rows = store.read(database, "SELECT event_id, usage->>'$' FROM events ORDER BY 1").rows
    assert rows == [("a", '{"bad": "\\ud800"}'), ("b", '{"prompt_tokens":1000}')]
    assert (loader.stored, loader.rejected) == (2, 0)


def test_call_that_fits_no_column(spool: Spool, loader: Loader, database: Path) -> None:
    """One impossible call does not stop the others; it is kept aside with the reason."""
    end(spool, replace(ended("bad"), status_code=70_000))
    end(spool, ended("good"))

    load(loader)

    assert outcomes(database) == [("good", "ok")]
    assert (loader.stored, loader.rejected) == (1, 1)
    (kept,) = (spool.directory / REJECTED).read_text().splitlines()
    assert json.loads(json.loads(kept)["line"])["event_id"] == "bad"
    assert "70000" in json.loads(kept)["reason"]


def test_line_that_is_no_event(spool: Spool, loader: Loader, database: Path) -> None:
    """A line that says something else is kept aside, among the ended and the running calls."""
    spool.end("x", b'{"event_id":"x","started_at":"yesterday"}')
    dead(spool.directory, ("event", ended("a"))).segment(1).write_bytes(b'{"open":{"event_id":"y"}}\n{"event":{}}\n')

    load(loader)

    assert outcomes(database) == []
    assert loader.rejected == 2


def test_interrupted_call() -> None:
    """What nobody saw end is partial, unless more is known of its cost, or a job goes on without it."""
    bare = running("a")
    free = replace(bare, cost_status=CostStatus.NOT_BILLED)
    unknown = replace(bare, usage="{}", cost_status=CostStatus.UNPRICED)
    charged = replace(bare, charges=(CHARGE,), cost_status=CostStatus.UNPRICED)
    estimated = replace(bare, cost_status=CostStatus.ESTIMATED)
    job = replace(bare, job_id="resp_1")

    found = [interrupted(event) for event in (bare, free, unknown, charged, estimated, job)]

    assert {event.outcome for event in found} == {Outcome.INTERRUPTED}
    assert [event.cost_status.value for event in found] == [
        "partial",
        "not_billed",
        "unpriced",
        "unpriced",
        "estimated",
        "pending",
    ]


def test_content_that_no_column_takes(spool: Spool, loader: Loader, database: Path) -> None:
    """A call whose content the database refuses is stored without it."""
    end(spool, replace(ended("a"), content="no JSON"))

    load(loader)

    assert store.read(database, "SELECT event_id, content, usage IS NOT NULL FROM events").rows == [("a", None, True)]
    assert loader.rejected == 0
