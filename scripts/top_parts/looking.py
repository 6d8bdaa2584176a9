"""Looks at the database and at the running calls, and remembers what it saw last; it does not draw."""

import argparse
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.event import Event
from llmobs.policy.pots import FilledPot
from llmobs.queries import query
from llmobs.writer import InFlight, spool_of
from scripts.console.asking import rows, variables
from scripts.top_parts.budgets import Budgets
from scripts.top_parts.wanted import Wanted

# Who writes has the database for a tenth of a second; the next look comes soon.
WAIT_S = 0.3
# An unchanged database is asked again because time goes on.
AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look found; times are naive UTC.

    proxies: how many run, None in the past. asked, asked_at: what the database was asked for, and when. trouble: why
    it could not be asked again.
    """

    now: datetime
    asked: Wanted = field(default_factory=Wanted)
    asked_at: datetime | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    running: list[Event] = field(default_factory=list)
    proxies: int | None = None
    budgets: list[FilledPot] = field(default_factory=list)
    trouble: str = ""


class Looking:
    """Looks again and again; a database that can't be read now leaves what was seen before, with the reason."""

    def __init__(self, options: argparse.Namespace, budgets: Budgets) -> None:
        self._options = options
        self._budgets = budgets
        self._in_flight = InFlight(spool_of(options.db))
        self._seen = Seen(_now())
        self._stamp: object = None

    def look(self, wanted: Wanted) -> Seen:
        """What there is now."""
        now = self._options.until or _now()
        running = [] if self._options.until else self._in_flight.look()
        proxies = None if self._options.until else self._in_flight.proxies
        self._seen = replace(self._seen, now=now, running=running, proxies=proxies)
        stamp = _stamp(self._options.db)
        if stamp != self._stamp or self._old(wanted):
            self._seen = self._asked(wanted)
            self._stamp = None if self._seen.trouble else stamp
        return self._seen

    def _old(self, wanted: Wanted) -> bool:
        """Whether an unchanged database has to be asked all the same."""
        seen = self._seen
        late = seen.asked_at is None or seen.now - seen.asked_at >= timedelta(seconds=AGAIN_S)
        return late or wanted.asks_other_than(seen.asked)

    def _asked(self, wanted: Wanted) -> Seen:
        now = self._seen.now
        try:
            with store.reading(self._options.db, WAIT_S) as db:
                [found] = rows(db.query(query("top"), variables=self._variables(wanted, now)))
                budgets = self._budgets.look(db)
        except store.StoreError as error:
            return replace(self._seen, trouble=str(error))
        return replace(self._seen, asked=wanted, asked_at=now, found=found, budgets=budgets, trouble="")

    def _variables(self, wanted: Wanted, now: datetime) -> dict[str, object]:
        told = variables(argparse.Namespace(**vars(self._options) | {"by": wanted.by}))
        return told | {"now": now, "minutes": wanted.minutes, "sort_by": wanted.sort}


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _stamp(database: Path) -> tuple[object, ...]:
    """What changes when the file does; it is not opened for that, which would drop the lock of whoever has it."""
    found: list[object] = []
    for file in (database, database.with_name(f"{database.name}.wal")):
        with suppress(OSError):
            stat = file.stat()
            found += [stat.st_ino, stat.st_mtime_ns, stat.st_size]
    return tuple(found)
