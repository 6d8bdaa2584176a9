"""Files in a folder of this machine, or one that several mount; it does not know what is in them."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from llmobs.place.trouble import PlaceError

# What is being written; a name that no reader of Parquet picks up.
DRAFT = ".part"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; it is made when the first file is put there."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def put(self, name: str, file: Path) -> None:
        """Keep a copy of a file under a name, whole or not at all, also through a power cut; raises PlaceError."""
        target = self.path / name
        draft = target.with_name(f"{target.name}.{uuid4().hex}{DRAFT}")
        try:
            self._make(target.parent)
            with file.open("rb") as source, draft.open("wb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            draft.chmod(self._rights() & 0o666)
            draft.replace(target)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise PlaceError(f"{target} can't be written: {error.strerror}; see to the folder {self.path}") from error

    def _make(self, folder: Path) -> None:
        """Make a folder with the rights of the place: the proxy's own files are for its user alone."""
        if folder == self.path:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.exists():
            self._make(folder.parent)
            with suppress(FileExistsError):  # another machine was faster
                folder.mkdir()
                folder.chmod(self._rights())

    def _rights(self) -> int:
        return self.path.stat().st_mode & 0o7777

    def names(self, under: str) -> list[str]:
        """The Parquet files below a folder of it, in order; none where there is no such folder."""
        return sorted(str(file.relative_to(self.path)) for file in (self.path / under).rglob("*.parquet"))

    def remove(self, name: str) -> None:
        """Remove a file that may be gone already; raises PlaceError."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise PlaceError(f"{self.path / name} can't be removed: {error.strerror}") from error

    def address(self, name: str) -> str:
        """What DuckDB calls a file here."""
        return str(self.path / name)
