"""Which proxies run on this machine, told by a private file for each listener; it does not know mitmproxy.

Several processes may share a port. A file of a proxy that died without removing it is passed over.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_FOLDER = "llmobserve-proxies"


@dataclass(frozen=True, slots=True)
class Presence:
    """One listener of a proxy: where, in which mode, and the database that its rows go to."""

    pid: int
    host: str
    port: int
    mode: str
    db: str

    @property
    def database(self) -> Path:
        """The database file."""
        return Path(self.db)


def announce(confdir: Path, presence: Presence) -> None:
    """Write the file of a listener, in one step, and remove those of the dead at its port."""
    path = _file(confdir, presence)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(presence), file)
    draft.replace(path)
    for each in _read(confdir):
        if each.port == presence.port and not _alive(each.pid):
            _file(confdir, each).unlink(missing_ok=True)


def withdraw(confdir: Path, pid: int) -> None:
    """Remove the files of a proxy that ends."""
    for presence in _read(confdir):
        if presence.pid == pid:
            _file(confdir, presence).unlink(missing_ok=True)


def present(confdir: Path) -> list[Presence]:
    """The listeners of the proxies that are alive, by their ports."""
    return sorted((each for each in _read(confdir) if _alive(each.pid)), key=lambda each: (each.port, each.pid))


def _file(confdir: Path, presence: Presence) -> Path:
    return confdir / _FOLDER / f"{presence.port}-{presence.pid}.json"


def _read(confdir: Path) -> Iterator[Presence]:
    for path in (confdir / _FOLDER).glob("*.json"):
        # A file may be gone, another version's, or not ours to read.
        with suppress(OSError, ValueError, TypeError):
            yield Presence(**json.loads(path.read_text()))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
