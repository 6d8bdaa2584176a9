"""A log file with a line for each call, or the same on standard output; it does not know what a line tells."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llmobs.config import ConfigError
from llmobs.event import Event
from llmobs.settings import Settings
from llmobs.telemetry.line import line
from llmobs.telemetry.outbox import Outbox

STDOUT = "-"
CLOSE_S = 2.0


@dataclass(slots=True)
class LogFile:
    """Appends to a file for its owner's eyes; opens it anew where somebody moved it. `torn`: the last line is cut."""

    path: Path | None
    _file: int = -1
    _torn: bool = False

    def open(self) -> None:
        """Have a file that is at the path; raises OSError."""
        if self.path is None:
            self._file = sys.stdout.fileno()
            return
        if self._file >= 0 and not _moved(self._file, self.path):
            return
        fresh = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.close()
        self._file, self._torn = fresh, False

    def write(self, events: Sequence[Event]) -> str | None:
        """Append a line for each row; gives what went wrong."""
        try:
            self.open()
            text = (b"\n" if self._torn else b"") + b"".join(map(line, events))
            while text:
                written = os.write(self._file, text)
                self._torn = text[written - 1 : written] != b"\n"
                text = text[written:]
        except OSError as problem:
            return f"{self.path or 'standard output'} can't be written: {problem.strerror}"
        return None

    def close(self) -> None:
        """Let go of the file."""
        if self.path is not None and self._file >= 0:
            os.close(self._file)
            self._file = -1


@dataclass(slots=True)
class Log:
    """The lines on their way to a file."""

    file: LogFile
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox("llmobserve_log", self.file.write)

    def hear(self, event: Event) -> None:
        """Take a row."""
        self.outbox.put(event)

    def close(self) -> None:
        """Write what waits."""
        if self.outbox.close(CLOSE_S):
            self.file.close()


def open_sink(settings: Settings) -> Log:
    """The log that the settings name; raises ConfigError where it can't be written."""
    name = settings.log
    file = LogFile(None if name == STDOUT else Path(name).expanduser().absolute())
    try:
        file.open()
    except OSError as problem:
        text = f"llmobserve_log={name}: it can't be written: {problem.strerror}; name a file in a folder that exists"
        raise ConfigError([text]) from problem
    return Log(file)


def _moved(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except OSError:
        return True
    mine = os.fstat(file)
    return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)
