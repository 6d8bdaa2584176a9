"""What the database knows of a run, and whether it knows all of it yet; it does not know what is done with it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.queries import query
from llmobs.spool import Kind, lines

# A call that its client left ends a moment after the client; rows follow within two seconds.
_FIRST_PAUSE, _PAUSE = 0.3, 0.1
PATIENCE_SECONDS = 5.0

type Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Spent:
    """The answers of run_summary.sql and run_models.sql; `complete` is False where calls still wait to be stored."""

    summary: dict[str, Any]
    models: Rows
    complete: bool


def spent(db: Path, run: str, *, wait: bool, sleep: Callable[[float], None] = time.sleep) -> Spent | None:
    """What a run cost, once the proxy has stored what it has, if it is to be waited for; None without a database."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    if wait:
        sleep(_FIRST_PAUSE)
    while wait and waiting(db) and time.monotonic() < deadline:
        sleep(_PAUSE)
    with suppress(store.MissingError), store.reading(db) as reading:
        [summary] = _ask(reading, "run_summary", run)
        models = _ask(reading, "run_models", run)
        return Spent(summary, models, complete=not _unstored(db, _marks(reading)))
    return None


def waiting(db: Path) -> int:
    """Calls that have ended and are not in the database."""
    try:
        with store.reading(db) as reading:
            marks = _marks(reading)
    except store.MissingError:
        marks = {}
    return _unstored(db, marks)


def _marks(reading: store.Reading) -> dict[str, int]:
    return {str(name): int(str(loaded)) for name, loaded in reading.query("SELECT * FROM spool_marks").rows}


def _unstored(db: Path, marks: dict[str, int]) -> int:
    found = 0
    for path in db.with_name(f"{db.name}.spool").glob("*.jsonl"):
        with suppress(FileNotFoundError):  # loaded meanwhile
            found += sum(line.kind is Kind.EVENT for line in lines(path, marks.get(path.name, 0)))
    return found


def _ask(reading: store.Reading, name: str, run: str) -> Rows:
    table = reading.query(query(name), variables={"run": run})
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
