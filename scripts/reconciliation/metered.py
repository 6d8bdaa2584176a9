"""Our side: what was metered, by day, provider, model and key; every figure comes from scripts/reconcile.sql."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.queries import query
from scripts.reconciliation.figures import MEASURES, Figures

DOUBTS = ("unpriced", "partial", "cut_off", "estimated", "pending", "batches", "subscription")


@dataclass(frozen=True, slots=True)
class Metered:
    """What one model cost one key on one day here, how many of the calls are doubtful, and what of it tools cost."""

    day: date
    provider: str
    model: str | None
    key: str | None
    figures: Figures
    tools_usd: Decimal
    doubts: dict[str, int]


def read(path: Path, first: date, last: date) -> list[Metered]:
    """All calls from the first to the last day; raises StoreError."""
    end = datetime.combine(last, datetime.min.time()) + timedelta(days=1)
    with store.reading(path) as db:
        table = db.query(query("reconcile"), variables={"since": first, "until": end})
    return [_metered(dict(zip(table.columns, row, strict=True))) for row in table.rows]


def keys(path: Path) -> list[str]:
    """The ids of all keys that calls were made with; raises StoreError."""
    table = store.read(path, "SELECT DISTINCT api_key_id FROM events WHERE api_key_id IS NOT NULL ORDER BY 1")
    return [str(key) for (key,) in table.rows]


def _metered(row: dict[str, Any]) -> Metered:
    figures = {name: row[name] for name in MEASURES} if row["calls"] else {}
    return Metered(
        day=row["day"],
        provider=row["provider"],
        model=row["model"],
        key=row["api_key_id"],
        figures=Figures(**figures),
        tools_usd=row["tools_usd"] or Decimal(0),
        doubts=dict(_doubts(row)),
    )


def _doubts(row: dict[str, Any]) -> Iterator[tuple[str, int]]:
    yield from ((name, row[name]) for name in DOUBTS if row[name])
