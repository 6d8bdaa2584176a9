"""Lines in an append-only file: whole ones are read, torn ones are skipped."""

import os
from pathlib import Path

import pytest

from llmobs.spool import segment as module
from llmobs.spool.segment import Kind, Line, Segment, line_of, lines

OPEN, EVENT = line_of(Kind.OPEN, b'{"a":1}'), line_of(Kind.EVENT, b'{"b":"\\n"}')


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    """A new file."""
    return Segment(tmp_path / "1-1.1.jsonl", 1)


class Disk:
    """Lets the next writes through up to so many bytes each; None is a full disk."""

    def __init__(self, *room: int | None) -> None:
        self._room = list(room)
        self._write = os.write

    def write(self, descriptor: int, data: bytes) -> int:
        """As os.write, on a disk with that much room."""
        room = self._room.pop(0) if self._room else len(data)
        if room is None:
            raise OSError(28, "No space left on device")
        return self._write(descriptor, data[:room])


def test_whole_lines(segment: Segment) -> None:
    """Lines come back with their kinds and ends, also from the middle."""
    assert segment.write(OPEN)
    assert segment.write(EVENT)

    first, second = lines(segment.path)

    assert first == Line(len(OPEN), Kind.OPEN, b'{"a":1}')
    assert second == Line(len(OPEN + EVENT), Kind.EVENT, b'{"b":"\\n"}')
    assert list(lines(segment.path, first.end)) == [second]
    assert (segment.size, segment.ends, segment.path.stat().st_mode & 0o777) == (len(OPEN + EVENT), 1, 0o600)


def test_lines_of_another_kind(segment: Segment) -> None:
    """A line that is neither a beginning nor an event is taken for a torn one, whatever it ends with."""
    assert segment.write(b'{"other":{}}\n')

    assert [line.kind for line in lines(segment.path)] == [Kind.TORN]


@pytest.mark.parametrize("chunk", [1, 7, 30, 1 << 20])
def test_lines_across_reads(segment: Segment, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not matter where a read cuts the file."""
    monkeypatch.setattr(module, "_CHUNK_BYTES", chunk)
    for _ in range(5):
        segment.write(OPEN)
        segment.write(EVENT)

    found = list(lines(segment.path))

    assert [line.kind for line in found] == [Kind.OPEN, Kind.EVENT] * 5
    assert found[-1].end == segment.size


def test_line_that_is_being_written(segment: Segment) -> None:
    """An unfinished last line is for later; where nobody writes any more it is what it is."""
    segment.path.write_bytes(OPEN + EVENT[:-1])

    assert [line.kind for line in lines(segment.path)] == [Kind.OPEN]
    assert [line.kind for line in lines(segment.path, ended=True)] == [Kind.OPEN, Kind.EVENT]
    segment.path.write_bytes(OPEN + EVENT[:-5])
    assert [line.kind for line in lines(segment.path, ended=True)] == [Kind.OPEN, Kind.TORN]


def test_full_disk(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves nothing behind."""
    monkeypatch.setattr(os, "write", Disk(None).write)

    assert not segment.write(EVENT)
    assert segment.write(EVENT)
    assert [line.kind for line in lines(segment.path)] == [Kind.EVENT]
    assert segment.ends == 1


@pytest.mark.parametrize("room", [1, 9, len(EVENT) - 2])
def test_disk_that_fills_up_in_a_line(segment: Segment, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torn line is ended by the next one, which is whole."""
    monkeypatch.setattr(os, "write", Disk(room).write)

    assert not segment.write(EVENT)
    assert segment.write(EVENT)

    assert [line.kind for line in lines(segment.path)] == [Kind.TORN, Kind.EVENT]
    assert segment.ends == 1


def test_line_that_lacks_its_newline(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newline was cut off: the line counts, and is not written twice."""
    monkeypatch.setattr(os, "write", Disk(len(EVENT) - 1).write)

    assert segment.write(EVENT)
    assert list(lines(segment.path)) == []
    segment.end_line()
    segment.end_line()

    assert [line.kind for line in lines(segment.path)] == [Kind.EVENT]


def test_empty_line(segment: Segment) -> None:
    """An empty line is nothing."""
    segment.path.write_bytes(b"\n" + EVENT)

    assert [line.kind for line in lines(segment.path)] == [Kind.EVENT]


def test_file_that_someone_deleted(segment: Segment) -> None:
    """What was written before and after the deletion can be had from the open file; torn lines are left out."""
    segment.write(OPEN)
    before = segment.removed
    segment.path.unlink()
    segment.write(b"torn\n")
    segment.write(EVENT)

    assert (before, segment.removed) == (False, True)
    assert [line.kind for line in segment.salvage(0)] == [Kind.OPEN, Kind.EVENT]
    assert [line.kind for line in segment.salvage(len(OPEN))] == [Kind.EVENT]
    segment.close()
