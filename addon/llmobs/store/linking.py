"""Links a new database into its place, and moves aside what one that is gone left there; it opens no database."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from llmobs.store import undo
from llmobs.store.errors import LockedError

LOG = logging.getLogger("llmobserve")

# DuckDB's log, and what it makes of that while it writes it into the file.
_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")


def link(draft: Path, path: Path) -> None:
    """Give the draft its name, unless another was faster; raises LockedError while another does the same."""
    with _alone(path):
        if not path.exists():
            _set_aside(path)
            with suppress(FileExistsError, FileNotFoundError):  # by whom it was, the draft may be swept up, too
                path.hardlink_to(draft)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else links meanwhile: a log beside a file that is not there is then nobody's that works with it.

    The lock is the folder's own, so that no file is left for it. Some network file systems can't lock a folder.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"{path} is being made: another program has locked its folder") from None
        except OSError as problem:
            LOG.debug("the folder of %s can't be locked: %s", path, problem)
        yield
    finally:
        os.close(folder)


def _set_aside(path: Path) -> None:
    """Keep the log of a killed process: a new database can't take it, and it may have what is nowhere else."""
    left = [*_logs(path), *undo.copies(path)]
    if not left:
        return
    folder = path.with_name(f"{path.name}.left-over-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    folder.mkdir(mode=0o700)
    for file in left:
        file.rename(folder / file.name)
    LOG.warning(
        "%s is gone. What a killed process left of it may hold calls that are nowhere else, and lies in %s now: "
        "to read them, put the file that is gone into that folder; if they are not wanted, delete the folder.",
        path,
        folder,
    )


def _logs(path: Path) -> list[Path]:
    return [log for ending in _LOGS if (log := path.with_name(path.name + ending)).exists()]
