"""What can be wrong with a database file, told so that a user knows what to do; it does not open anything itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


class StoreError(Exception):
    """The database can't be used now; the text says why and what to do."""


class LockedError(StoreError):
    """Another program has it open."""


class FullError(StoreError):
    """The disk has no room left."""


class ReadOnlyError(StoreError):
    """This user may not write it, or its directory."""


class MissingError(StoreError):
    """There is no such file or directory."""


class ForeignError(StoreError):
    """It is no database of this program."""


class NewerError(StoreError):
    """A newer version of this program, or of DuckDB, wrote it."""


class CorruptError(StoreError):
    """Its content is damaged."""


class BadRowError(StoreError):
    """A value does not fit its column."""


# DuckDB has few exception types and clear texts: pattern of the text -> kind, what is said of the path.
_KINDS: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        r"Conflicting lock is held in (?P<program>.+?)(?: by user \S+)? \(PID (?P<pid>\d+)\)",
        LockedError,
        "is locked by {program} (PID {pid}): close it there; a reader should open it read-only and leave at once",
    ),
    (
        # The latter two are what another thread of this process is told in the moment that one opens or closes it.
        r"Could not set lock|different configuration|Unique file handle conflict",
        LockedError,
        "is locked: close the program that has it open",
    ),
    (r"No space left|[Qq]uota exceeded", FullError, "can't grow, the disk is full: free some space"),
    (
        r"Permission denied|Read-only file system|attached in read-only mode",
        ReadOnlyError,
        "is not writable: give this user write permission for the file and its directory",
    ),
    (r"No such file or directory|does not exist", MissingError, "can't be made: create its directory, or name another"),
    (r"Is a directory", ForeignError, "is a folder: name a file for the events, such as {path}/llmobserve.duckdb"),
    (
        r"not a valid DuckDB database|[Ee]xtension",
        ForeignError,
        "is no DuckDB database: move it away, or name another file for the events",
    ),
    (r"version number", NewerError, "was written by a newer DuckDB: update this installation"),
    (
        r"created for an? (?:newer|older) version of this database|WAL does not match",
        CorruptError,
        "is not the copy whose log a killed process left beside it: bring that copy back, or move {path}.wal away",
    ),
    (
        r"replaying WAL|WAL file",
        CorruptError,
        "has a damaged write-ahead log: move the file ending in .wal aside",
    ),
    (
        r"[Cc]orrupt|Could not read enough bytes|checksum|MetadataReader|[Dd]eserialize|^Serialization Error",
        CorruptError,
        "is damaged: move it aside; a new one is made",
    ),
)


def explain(path: object, error: Exception) -> StoreError:
    """The kind of trouble that an exception of DuckDB stands for; its own words only where they tell more."""
    text = str(error)
    for pattern, kind, advice in _KINDS:
        if found := re.search(pattern, text):
            told = f" ({_first_line(text)})" if kind is CorruptError else ""
            return kind(f"{path} {advice.format(path=path, **found.groupdict())}{told}")
    return StoreError(f"{path} can't be used ({_first_line(text)})")


@contextmanager
def explained(path: object) -> Iterator[None]:
    """Turn what DuckDB raises inside into a StoreError."""
    try:
        yield
    except StoreError:
        raise
    except (duckdb.Error, OSError) as error:
        raise explain(path, error) from error


def _first_line(text: str) -> str:
    """What an error says; of one that Python code raised within DuckDB, the end says it."""
    return text.strip().rpartition("\n")[2] if text.startswith("Traceback") else text.partition("\n")[0]
