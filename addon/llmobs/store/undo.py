"""Keeps a database readable when its process dies in the middle of a write; it knows the file's blocks, no tables.

At each checkpoint DuckDB 2.0 writes anew, in place, the metadata blocks that the present file header still needs: of
a write that kill -9 or a power cut tears, the whole database is left unreadable (checksum mismatch). So these blocks
are copied beside the file before, and put back if the file does not open. The log still has the lost transaction then.
A copy belongs to one state of one file: put into another, such as an older one that was restored, it would ruin that.
"""

import fcntl
import json
import os
from glob import escape
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import duckdb

# DuckDB's file starts with three headers of this size, and the blocks follow.
_HEADERS_BYTES = 3 * 4096
# Closing a descriptor of the file would drop DuckDB's lock on it (POSIX locks belong to the process): it stays open.
_descriptors: dict[Path, int] = {}


def arm(db: duckdb.DuckDBPyConnection, path: Path) -> Path:
    """Copy what the next checkpoint may overwrite; the copy is to be removed when the database is closed."""
    size = int(db.execute("SELECT block_size FROM pragma_database_size()").fetchall()[0][0])
    blocks = [int(block) for (block,) in db.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()]
    source = _descriptor(path)
    # The database is open, healthy and ours: no copy is needed any more, and no draft of anything.
    for old in (*copies(path), *path.parent.glob(f"{escape(path.name)}.*.new*")):
        old.unlink(missing_ok=True)
    about = {"size": size, "blocks": blocks, "headers": _headers(source)}
    copy = path.with_name(f"{path.name}.{uuid4().hex}.undo")
    draft = copy.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(json.dumps(about).encode() + b"\n")
        for block in blocks:
            file.write(os.pread(source, size, _HEADERS_BYTES + block * size))
        file.flush()
        os.fdatasync(file.fileno())
    return draft.rename(copy)


def repair(path: Path) -> bool:
    """Put the copy of this state of the file back; False where there is none.

    Raises OSError, BlockingIOError if another has the file.
    """
    target = _descriptor(path)
    fcntl.lockf(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        return any(_put_back(copy, target) for copy in copies(path))
    finally:
        fcntl.lockf(target, fcntl.LOCK_UN)


def copies(path: Path) -> list[Path]:
    """What lies beside a database to undo a write."""
    return list(path.parent.glob(f"{escape(path.name)}.*.undo"))


def deleted(path: Path) -> bool:
    """Whether the file that was copied last is deleted by now, even if another has its name."""
    return os.fstat(_descriptors[path]).st_nlink == 0


def _put_back(copy: Path, target: int) -> bool:
    with copy.open("rb") as file:
        about = json.loads(file.readline())
        if about.get("headers") != _headers(target):
            return False
        for block in about["blocks"]:
            os.pwrite(target, file.read(about["size"]), _HEADERS_BYTES + block * about["size"])
    os.fsync(target)
    return True


def _headers(descriptor: int) -> str:
    """Which state a file is in: a checkpoint writes its header last."""
    return sha256(os.pread(descriptor, _HEADERS_BYTES, 0)).hexdigest()


def _descriptor(path: Path) -> int:
    descriptor = _descriptors.get(path)
    if descriptor is not None and os.path.samestat(os.fstat(descriptor), path.stat()):
        return descriptor
    if descriptor is not None:
        os.close(descriptor)  # of a file that was replaced
    _descriptors[path] = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    return _descriptors[path]
