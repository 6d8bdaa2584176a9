"""What the upstream saw, request by request, and the doors that tests open; it does not know HTTP."""

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any

# Bodies up to this size are kept as text for comparison; of larger ones length and hash say enough.
_KEPT_BODY_BYTES = 64 * 1024
# A test looks at the last few requests; a long bench must not grow the process.
_KEPT_ENTRIES = 500
# A forgotten door must not hold the server for ever; no test waits this long on purpose, nor has the patience.
_DOOR_SECONDS = 120


@dataclass(slots=True)
class Entry:
    """One request: what arrived so far, and how the exchange stands."""

    number: int
    protocol: str
    head: str
    host: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    received: int = 0
    body: str | None = None
    sha256: str = ""
    state: str = "receiving"
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, data: bytes) -> None:
        """Count and hash the next bytes of the body."""
        self.received += len(data)
        self.digest.update(data)

    def complete(self, body: bytes) -> None:
        """Mark the request as fully received."""
        self.sha256 = self.digest.hexdigest()
        self.body = body.decode("latin-1") if len(body) <= _KEPT_BODY_BYTES else None
        self.state = "answering"

    def public(self) -> dict[str, Any]:
        """The entry as plain JSON values."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "digest"}


class Journal:
    """Entries in the order of arrival, and named doors."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT_ENTRIES)
        self._doors: dict[str, asyncio.Event] = {}
        self._asked: dict[str, int] = {}
        self.outages: set[str] = set()
        self.count = 0

    def open(self, protocol: str, head: str, method: str, target: str, headers: list[tuple[str, str]]) -> Entry:
        """Begin the entry of a request whose headers have arrived."""
        host = next((value for name, value in headers if name.lower() in ("host", ":authority")), "")
        self.count += 1
        entry = Entry(self.count, protocol, head, host.split(":")[0], method, target, headers)
        self._entries.append(entry)
        return entry

    def since(self, number: int) -> list[dict[str, Any]]:
        """Entries after the given number."""
        return [entry.public() for entry in self._entries if entry.number > number]

    def ask_again(self, name: str) -> int:
        """How often this name was asked for before."""
        before = self._asked.get(name, 0)
        self._asked[name] = before + 1
        return before

    def open_door(self, name: str) -> None:
        """Let everyone pass who waits at the door, now or later."""
        self._door(name).set()

    async def pass_door(self, name: str) -> None:
        """Wait until the door has been opened."""
        async with asyncio.timeout(_DOOR_SECONDS):
            await self._door(name).wait()

    def _door(self, name: str) -> asyncio.Event:
        return self._doors.setdefault(name, asyncio.Event())
