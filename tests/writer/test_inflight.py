"""The calls that run now, as another process sees them in the spool."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs.event import to_json
from llmobs.spool import Owner, Spool
from llmobs.writer import InFlight, spool_of
from tests.writer.calls import AT, ended, running


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """The spool of a proxy that runs; each file holds a few lines."""
    made = Spool(tmp_path / "spool", segment_bytes=400)
    made.start()
    return made


def test_calls_come_and_go(spool: Spool) -> None:
    """A call is in flight from its beginning to its end, with what is known of it last."""
    watch = InFlight(spool.directory)
    for key in "123":
        spool.begin(key, to_json(running(key)))
    spool.begin("2", to_json(replace(running("2"), request_model="o3")))

    assert [call.event_id for call in watch.look()] == ["1", "2", "3"]
    assert watch.proxies == 1

    spool.end("1", to_json(ended("1")))
    spool.begin("4", to_json(replace(running("4"), started_at=AT.replace(hour=1))))
    assert [(call.event_id, call.request_model) for call in watch.look()] == [("4", None), ("2", "o3"), ("3", None)]


def test_several_proxies(spool: Spool) -> None:
    """The calls of all proxies are together; those of a dead one do not run."""
    watch, other = InFlight(spool.directory), Spool(spool.directory)
    other.start()
    spool.begin("1", to_json(running("1")))
    other.begin("2", to_json(running("2")))
    assert (len(watch.look()), watch.proxies) == (2, 2)

    assert not other.close({})
    assert ([call.event_id for call in watch.look()], watch.proxies) == (["1"], 1)


def test_lines_that_are_no_events(tmp_path: Path) -> None:
    """A line that was cut short is passed over, and one without its end is waited for."""
    owner = Owner.new(tmp_path)
    whole = b'{"open":%b}\n' % to_json(running("1"))
    owner.segment(1).write_bytes(b'{"open":{"eve\n' + whole[:-9])
    watch = InFlight(tmp_path)
    assert watch.look() == []

    owner.segment(1).write_bytes(b'{"open":{"eve\n' + whole)
    assert [call.event_id for call in watch.look()] == ["1"]
    owner.release()


def test_no_spool(tmp_path: Path) -> None:
    """Where no proxy ever ran, nothing runs."""
    watch = InFlight(spool_of(tmp_path / "events.duckdb"))

    assert (watch.look(), watch.proxies) == ([], 0)
