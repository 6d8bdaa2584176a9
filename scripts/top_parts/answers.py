"""What a look found as JSON and as rows of a table, with every digit; it neither asks nor prints."""

from collections.abc import Mapping
from typing import Any

from scripts.console.asking import Rows
from scripts.top_parts.looking import Seen
from scripts.top_parts.wanted import Wanted


def as_json(seen: Seen) -> dict[str, Any]:
    """All of it."""
    in_flight = {"proxies": seen.proxies, "calls": [_running(call) for call in seen.running]}
    return {
        "at": seen.now,
        "in_flight": in_flight,
        **seen.found,
        "groups": [_named(row, seen.asked) for row in seen.found["groups"] or []],
        "budgets": seen.budgets,
    }


def _running(call: Any) -> dict[str, Any]:
    names = ("event_id", "started_at", "provider", "host", "path", "customer_id", "run_id", "section")
    return {name: getattr(call, name) for name in names} | {"model": call.model or call.request_model}


# The table's columns after those that say what a row is about.
_FIGURES = (
    "calls", "sent_calls", "error_calls", "cost_usd", "unknown_calls", "partial_calls", "estimated_calls",
    "output_tokens", "ttft_ms", "latency_p50_ms", "latency_p95_ms",
)  # fmt: skip


def table(seen: Seen) -> Rows:
    """The rows of the table by --by, a cell for each figure."""
    columns = (*seen.asked.by, *_FIGURES)
    flat = (_flat(row, seen.asked) for row in seen.found["groups"] or [])
    return Rows(({name: row[name] for name in columns} for row in flat), columns)


def _flat(row: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    p50, p95 = row["latency_ms"] or (None, None)
    return _named(row, wanted) | {"latency_p50_ms": p50, "latency_p95_ms": p95}


def _named(row: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """A row with what it is about under its own names."""
    return dict(zip(wanted.by, row["who"], strict=True)) | {
        name: cell for name, cell in row.items() if name not in ("who", "size")
    }
