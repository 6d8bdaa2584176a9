"""Jobs through spool, processes and kills: billed once, by id, whoever sees the result."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import to_json
from llmobs.spool import Spool
from llmobs.writer.loader import Loader
from tests.writer.calls import ended, running
from tests.writer.job_process import LINES, batch, poll, result
from tests.writer.test_loader import dead, end, load

PROCESS = Path(__file__).with_name("job_process.py")
COST = Decimal("0.0025")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database is made."""
    return tmp_path / "events.duckdb"


@pytest.fixture
def spools(tmp_path: Path) -> Iterator[list[Spool]]:
    """The spools of two proxies that run."""
    started = [Spool(tmp_path / "spool"), Spool(tmp_path / "spool")]
    for spool in started:
        spool.start()
    yield started
    for spool in started:
        spool.close({})


def process(database: Path, prefix: str, jobs: int, polls: int, *words: str) -> "subprocess.Popen[bytes]":
    """A process that asks for jobs."""
    command = [sys.executable, str(PROCESS), str(database), prefix, str(jobs), str(polls), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def costs(database: Path) -> dict[str, tuple[str, Decimal | None]]:
    """Status and cost of each job; fails where one has two rows."""
    rows = store.read(database, "SELECT job_id, cost_status, cost_usd FROM events").rows
    assert [job for job, count in Counter(job for job, *_ in rows).items() if count > 1] == []
    return {str(job): (str(status), cost) for job, status, cost in rows}  # type: ignore[misc]


def jobs_are_exact(database: Path, told: set[str]) -> None:
    """Each job whose result was told is exact, but for the batch, which costs nothing beside its lines."""
    found = costs(database)
    assert told <= found.keys()
    assert {found[job] for job in told - {"batch"}} <= {("exact", COST)}
    if found.keys() >= {"batch", "file/0"}:
        assert found["batch"] == ("not_billed", Decimal(0))


def test_polls_count_as_stored(spools: list[Spool], database: Path) -> None:
    """Each answer about a job is seen and stored, though they are one row; a repeated end of one answer is none."""
    spool, loader = spools[0], Loader(database, spools[0])
    for number in range(12):
        end(spool, poll("a", "resp_1", number))
        end(spool, poll("a", "resp_1", number))
        load(loader)
    end(spool, result("a", "resp_1"))
    load(loader)

    assert (spool.ended, spool.kept, spool.lost, loader.stored, loader.rejected) == (13, 13, 0, 13, 0)
    assert costs(database) == {"resp_1": ("exact", COST)}


@pytest.mark.parametrize("late", [0, 1])
def test_two_proxies_see_one_job(spools: list[Spool], database: Path, late: int) -> None:
    """The one asks, the other sees the result: one row that is the asking one's, whoever is loaded first."""
    loaders = [Loader(database, spool) for spool in spools]
    end(spools[0], poll("a", "resp_1", 0))
    end(spools[1], result("b", "resp_1"))

    load(loaders[1 - late])
    load(loaders[late])

    assert costs(database) == {"resp_1": ("exact", COST)}
    assert store.read(database, "SELECT event_id FROM events").rows == [("a-resp_1-0",)]


def test_restart_between(spools: list[Spool], database: Path, tmp_path: Path) -> None:
    """A job is asked for before a kill, and its result is seen after the restart."""
    dead(tmp_path / "spool", ("event", poll("a", "resp_1", 0)), ("event", ended("plain")))
    loader = Loader(database, spools[0])
    load(loader)
    assert loader.recovered == 2
    end(spools[0], result("b", "resp_1"))
    load(loader)

    assert costs(database) == {"resp_1": ("exact", COST), "None": ("exact", COST)}


@pytest.mark.parametrize("prefix", ["early", "late"])
def test_same_results_in_two_proxies(spools: list[Spool], database: Path, prefix: str) -> None:
    """Both download the results of one batch: each line is one row, and the batch costs nothing."""
    loaders = [Loader(database, spool) for spool in spools]
    for events in batch(prefix):
        for spool, loader, name in zip(spools, loaders, "ab", strict=True):
            for event in events:
                end(spool, replace(event, event_id=f"{name}-{event.event_id}"))
            load(loader)

    found = costs(database)
    assert found.pop("batch") == ("not_billed", Decimal(0))
    assert list(found.values()) == [("exact", COST)] * LINES
    assert [loader.stored for loader in loaders] == [LINES + 1, LINES + 1]


def test_running_call_about_a_job(spools: list[Spool], database: Path, tmp_path: Path) -> None:
    """A call that is killed while it asks for a job does not hide the job's state, and is no second row."""
    asking = replace(running("b"), provider="openai", job_id="resp_1")
    dead(tmp_path / "spool", ("event", replace(poll("a", "resp_1", -1), latency_ms=90_000)), ("open", asking))
    other = replace(asking, job_id="resp_2")
    dead(tmp_path / "spool", ("open", other))

    load(Loader(database, spools[0]))

    rows = store.read(database, "SELECT event_id, job_id, cost_status, outcome FROM events ORDER BY 1").rows
    assert rows == [("a-resp_1--1", "resp_1", "pending", "ok"), ("b", "resp_2", "pending", "interrupted")]


def test_job_beside_a_line_that_is_changed(spools: list[Spool], database: Path) -> None:
    """Jobs are merged as well where the lines of a load have to be taken one by one."""
    end(spools[0], poll("a", "resp_1", 0))
    end(spools[0], replace(ended("odd"), usage='{"bad": "\\ud800"}'))
    end(spools[0], result("a", "resp_1"))
    load(Loader(database, spools[0]))

    assert costs(database) == {"None": ("exact", COST), "resp_1": ("exact", COST)}


@pytest.mark.parametrize("text", ['{"job_id":"x"}', '"job_id":"'])
def test_usage_that_names_a_job(text: str) -> None:
    """What stands inside a string does not look like a job."""
    line = to_json(replace(ended("a"), usage=text))

    assert b'"job_id":"' not in line
    assert b'"job_id":"' in to_json(replace(ended("a"), job_id="x"))


def test_two_processes_with_the_same_jobs(database: Path) -> None:
    """Two proxies that ask for the same jobs at the same time make one row for each."""
    both = [process(database, prefix, 20, 3) for prefix in ("early", "late")]
    seen = 20 * 4 + LINES + 1

    assert all(each.communicate()[0].endswith(f"closed {seen} {seen} 0\n".encode()) for each in both)
    found = costs(database)
    assert len(found) == 20 + LINES + 1
    jobs_are_exact(database, set(found))


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_kills_at_random_moments(database: Path, kills: int) -> None:
    """Processes that ask for the same jobs and are killed at any moment leave one row for each, with its cost."""
    moments = random.Random(5)
    told: set[str] = set()
    for turn in range(kills):
        asking = process(database, ("early", "late")[turn % 2], 10, 12)
        assert asking.stdout
        for _ in range(moments.randint(1, 10 + LINES)):
            told.add(asking.stdout.readline().split()[-1].decode())
        asking.kill()
        asking.communicate()
    assert process(database, "none", 0, 0, "alone").wait() == 0

    jobs_are_exact(database, told - {"started"})
    assert len(told) > LINES / 2
