"""One append-only file of lines, each a JSON object under the key `open` or `event`; it does not look into them."""

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

# Large enough that a backlog is read in few calls, small enough to be nothing beside the proxy.
_CHUNK_BYTES = 1 << 20


class Kind(Enum):
    """What a line holds; its value is how the line begins."""

    OPEN = b'{"open":'
    EVENT = b'{"event":'
    TORN = b""


class Line(NamedTuple):
    """One line: where it ends in the file, and its object as JSON text."""

    end: int
    kind: Kind
    body: bytes


# Looked up once: `value` of an enumeration is a call.
_EVENT, _OPEN = Kind.EVENT.value, Kind.OPEN.value


def line_of(kind: Kind, body: bytes) -> bytes:
    """The bytes that are appended for one object."""
    return b"%b%b}\n" % (_EVENT if kind is Kind.EVENT else _OPEN, body)


class Segment:
    """The writing end of one file."""

    def __init__(self, path: Path, number: int) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        self._torn = False
        self.number = number
        self.path = path
        self.size = 0
        self.ends = 0

    def write(self, line: bytes) -> bool:
        """Append a whole line with one call of the kernel; False where it did not go in and has to be written again."""
        data = b"\n" + line if self._torn else line
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            return False
        self.size += written
        # What was cut short is ended by the next write; a line that lacks only its newline is whole.
        self._torn = written < len(data)
        whole = written >= len(data) - 1
        self.ends += whole and line.startswith(_EVENT)
        return whole

    def end_line(self) -> None:
        """End a line that was cut short."""
        if self._torn:
            self.write(b"")

    @property
    def removed(self) -> bool:
        """Whether someone deleted the file; its content is still there for this process."""
        return os.fstat(self._descriptor).st_nlink == 0

    def salvage(self, start: int) -> list[Line]:
        """The lines after `start`, also of a file that was deleted."""
        found = _parsed(os.pread(self._descriptor, self.size, start), start)
        return [line for line in found if line.kind is not Kind.TORN]

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def lines(path: Path, start: int = 0, *, ended: bool = False) -> Iterator[Line]:
    """The whole lines after `start`; with `ended`, where nobody appends any more, also an unfinished last one."""
    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        while chunk := file.read(_CHUNK_BYTES):
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            yield from _parsed(whole + newline, start)
            start += len(whole + newline)
    if ended:
        yield from _parsed(rest, start)


def _parsed(data: bytes, end: int) -> Iterator[Line]:
    for raw in data.splitlines(keepends=True):
        end += len(raw)
        if text := raw.strip():
            yield _line(text, end)


def _line(text: bytes, end: int) -> Line:
    if text.endswith(b"}}"):
        if text.startswith(_EVENT):
            return Line(end, Kind.EVENT, text[len(_EVENT) : -1])
        if text.startswith(_OPEN):
            return Line(end, Kind.OPEN, text[len(_OPEN) : -1])
    return Line(end, Kind.TORN, text)
