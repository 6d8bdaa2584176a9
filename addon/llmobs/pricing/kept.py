"""What large price files came to when they were last read, kept in the user's cache folder; it does not know YAML.

A kept file is found by the texts that it came from and by the code that read them, so that one which is found can't be
out of date. Whatever is wrong with it, or with the folder, only means that the files are read again.
"""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec

from llmobs.pricing.book import Contents

# A file of this many characters is read in 25 ms, a kept one of any size in a few.
_WORTH_KEEPING = 64 * 1024
# The proxy's, the scripts', and those of another checkout or version.
_MOST = 4
_DIGEST_BYTES = 32
_WRITABLE_BY_OTHERS = 0o022
_HERE = Path(__file__).resolve().parent
_CODE = (*sorted(_HERE.glob("*.py")), *sorted(_HERE.with_name("config").glob("*.py")), _HERE.with_name("units.py"))
_decoder = msgspec.msgpack.Decoder(Contents)


def key(texts: Iterable[str], dialects: Collection[str] | None) -> str | None:
    """The name under which the contents of these files are kept; None where that is not worth it, or can't be known."""
    files = tuple(texts)
    if sum(map(len, files)) < _WORTH_KEEPING:
        return None
    told = (*files, "any dialect" if dialects is None else " ".join(sorted(dialects)))
    try:
        return _digest([*(text.encode() for text in told), *(file.read_bytes() for file in _CODE)]).hex()
    except OSError:  # the package lies in an archive
        return None


def recalled(name: str | None) -> Contents | None:
    """What was kept under a name; None where nothing was, or where it was damaged or may be another user's."""
    with suppress(OSError, RuntimeError, msgspec.MsgspecError):
        if name and _is_ours(_folder()):
            told = _file(name).read_bytes()
            digest, packed = told[:_DIGEST_BYTES], told[_DIGEST_BYTES:]
            if _is_ours(_file(name)) and digest == _digest([name.encode(), packed]):
                return _decoder.decode(packed)
    return None


def keep(name: str | None, contents: Contents) -> None:
    """Keep what was read, where there is a folder for it."""
    with suppress(OSError, RuntimeError):
        if name:
            _folder().mkdir(0o700, parents=True, exist_ok=True)
            packed = msgspec.msgpack.encode(contents)
            _write(_file(name), _digest([name.encode(), packed]) + packed)
            _sweep()


def _write(file: Path, told: bytes) -> None:
    """The whole file or none: other processes write and read the same."""
    draft = file.with_name(f"{file.name}.{uuid4().hex}")
    try:
        draft.touch(0o600)
        draft.write_bytes(told)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _sweep() -> None:
    """Leave the newest files, and no draft of a process that was killed."""
    files = sorted(_folder().glob("prices-*"), key=lambda file: file.stat().st_mtime)
    for file in files[:-_MOST]:
        file.unlink(missing_ok=True)


def _folder() -> Path:
    """The cache folder of the user; RuntimeError where there is no home."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "llmobserve"


def _file(name: str) -> Path:
    return _folder() / f"prices-{name}"


def _is_ours(path: Path) -> bool:
    """True where nobody else can have written there."""
    found = path.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & _WRITABLE_BY_OTHERS


def _digest(parts: Iterable[bytes]) -> bytes:
    """One of all parts, each with its length, so that none can pass for the end of another."""
    whole = sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()
