"""Who owns which files of a spool directory: a lock that the kernel releases when its process dies, however it dies.

It does not know what the files hold.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

_OWNED = re.compile(r"(\d+-\d+)(?:\.lock|\.\d+\.jsonl)")


class SpoolError(Exception):
    """The spool directory can't be used; the text says what to do."""


class Owner:
    """A name in the spool directory, held until it is released or the process dies."""

    def __init__(self, directory: Path, name: str, descriptor: int) -> None:
        self.directory = directory
        self.name = name
        self._descriptor = descriptor

    @classmethod
    def new(cls, directory: Path) -> "Owner":
        """Become an owner under a name that nobody had before; raises SpoolError."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            while True:
                name = f"{time.time_ns()}-{os.getpid()}"
                if (descriptor := _lock(directory / f"{name}.lock")) is not None:
                    return cls(directory, name, descriptor)
        except OSError as error:
            raise SpoolError(
                f"{directory} can't be used for the events ({error.strerror}): "
                "make its parent directory writable, or name a database elsewhere"
            ) from error

    @property
    def removed(self) -> bool:
        """Whether someone deleted the lock file."""
        return os.fstat(self._descriptor).st_nlink == 0

    def segment(self, number: int) -> Path:
        """The file with this number."""
        return self.directory / f"{self.name}.{number}.jsonl"

    def segments(self) -> list[Path]:
        """The files that are there, oldest first."""
        found = self.directory.glob(f"{self.name}.*.jsonl")
        return sorted(found, key=lambda path: int(path.name.split(".")[1]))

    def release(self) -> None:
        """Leave the files to whoever looks for abandoned ones."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the files, oldest first so that no call's beginning outlives its end, and the lock last."""
        for path in (*self.segments(), *self.directory.glob(f"{self.name}.*.loading")):
            path.unlink(missing_ok=True)
        (self.directory / f"{self.name}.lock").unlink(missing_ok=True)
        self.release()


def abandoned(directory: Path) -> Iterator[Owner]:
    """The owners that are dead, each taken over by the caller, who removes or releases it."""
    names = {found[1] for path in directory.iterdir() if (found := _OWNED.fullmatch(path.name))}
    for name in sorted(names):
        if (descriptor := _lock(directory / f"{name}.lock")) is not None:
            yield Owner(directory, name, descriptor)


def living(directory: Path) -> Iterator[tuple[str, list[Path]]]:
    """The owners that live, each with its files, oldest first; only looks, and takes nothing over."""
    for lock in sorted(directory.glob("*.lock")):
        if _held(lock):
            yield lock.stem, _segments(directory, lock.stem)


def _segments(directory: Path, name: str) -> list[Path]:
    return sorted(directory.glob(f"{name}.*.jsonl"), key=lambda path: int(path.name.split(".")[1]))


def _held(path: Path) -> bool:
    """Whether a process has the lock. To ask takes it together with others for a moment.

    Whoever wants it alone just then comes back for it: a loader in a second, a new owner under another name.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # it has just gone, or is not ours to read
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(path: Path) -> int | None:
    """Make and lock the file; None where another has it, or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
