"""The calls that run now, from the files of the proxies that live; it only reads, and knows no database.

Each look reads what was appended since the last one.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from llmobs.event import Event, from_json
from llmobs.spool import Kind, Line, lines, living


class InFlight:
    """Follows a spool directory; `proxies` is how many wrote to it at the last look."""

    def __init__(self, directory: Path) -> None:
        self.proxies = 0
        self._directory = directory
        self._owners: dict[str, _Followed] = {}

    def look(self) -> list[Event]:
        """What is known of each call that has begun and not ended, the oldest first; no file, no call."""
        there = dict(living(self._directory)) if self._directory.is_dir() else {}
        self.proxies = len(there)
        self._owners = {name: self._owners.get(name) or _Followed() for name in there}
        for name, paths in there.items():
            self._owners[name].read(paths)
        found = [event for owner in self._owners.values() for event in owner.running.values()]
        return sorted(found, key=lambda event: event.started_at)


class _Followed:
    """The files of one proxy: how far each is read, and what runs."""

    def __init__(self) -> None:
        self.running: dict[str, Event] = {}
        self._read: dict[Path, int] = {}

    def read(self, paths: Iterable[Path]) -> None:
        """Read on; a file that is removed meanwhile was loaded, and held no call that runs."""
        self._read = {path: self._read.get(path, 0) for path in paths}
        for path, start in self._read.items():
            with suppress(OSError):
                if path.stat().st_size > start:
                    for line in lines(path, start):
                        self._follow(line)
                        self._read[path] = line.end

    def _follow(self, line: Line) -> None:
        with suppress(ValueError):  # a line that was cut short
            event = from_json(line.body)
            if line.kind is Kind.OPEN:
                self.running[event.event_id] = event
            else:
                self.running.pop(event.event_id, None)
