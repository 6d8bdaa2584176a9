"""Databases for the tests of the dashboard: plain calls, and calls whose every name is hostile."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, Event, Outcome, to_row
from tests.writer.calls import ended

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    "javascript:alert(4)",
    '<a href="javascript:alert(5)">x</a>',
    "<b>bold</b>\u202egnp.exe",
    "line\nbreak\x1b[31m",
    "%{x} {{7*7}} &amp; &#37;",
    "a,b*c?\\d|e",
    "x" * 5000,
    "(none)",
    "..",
)


def stored(path: Path, events: Iterable[Event]) -> Path:
    """A database of these calls."""
    with store.writing(path) as db:
        db.load([to_row(event) for event in events], {})
    return path


def call(key: str, hours: float = 1, **told: object) -> Event:
    """A call so many hours before NOW, for 2 USD."""
    usual = {"started_at": NOW - timedelta(hours=hours), "cost_usd": Decimal(2), "latency_ms": 1000.0}
    return replace(ended(key), **(usual | told))


def failed(key: str, hours: float = 1, **told: object) -> Event:
    """A call that failed, for nothing."""
    usual = {"outcome": Outcome.ERROR, "error_class": "transient", "error_type": "overloaded", "cost_usd": Decimal(0)}
    return call(key, hours, **(usual | told))


def unpriced(key: str, hours: float = 1, **told: object) -> Event:
    """A call of unknown cost."""
    return call(key, hours, **({"cost_usd": None, "cost_status": CostStatus.UNPRICED, "model": None} | told))


def hostile(now: datetime = NOW) -> list[Event]:
    """Three calls for each hostile name: one that ended well, one that failed, one without a price."""
    return [_hostile(now, at, name, kind) for at, name in enumerate(HOSTILE) for kind in (call, failed, unpriced)]


def _hostile(now: datetime, at: int, name: str, kind: Callable[..., Event]) -> Event:
    return kind(
        f"{kind.__name__}<{at}>",
        **dict.fromkeys(("request_model", "provider", "customer_id", "run_id", "section", "api_key_name"), name),
        **dict.fromkeys(("client", "policy", "service_tier", "region", "path", "operation"), name),
        model=None if kind is unpriced else name,
        error_type=name,
        tags=json.dumps({"feature": name, "team": name}),
        content=json.dumps({"request": name, "response": name}),
        started_at=now - timedelta(hours=1 + at),
    )
