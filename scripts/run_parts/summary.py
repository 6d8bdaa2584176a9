"""How a run is told to whoever started it: one table and a few lines; it neither asks nor prints."""

from collections.abc import Mapping
from typing import Any

from llmobs.render import Column, Section, count, plural, usd
from scripts.run_parts.stored import Rows, Spent

_COLUMNS = (
    Column("provider", figures=False),
    Column("model", figures=False),
    *(Column(name) for name in ("calls", "input", "output", "cost")),
)


def models(spent: Spent) -> Section:
    """What each model cost, with the sum where there are several."""
    total = ["total", "", *_figures(spent.summary)] if len(spent.models) > 1 else None
    return Section("", _COLUMNS, [[row["provider"], row["model"], *_figures(row)] for row in spent.models], total)


def lines(spent: Spent, run: str) -> list[str]:
    """What the table does not tell."""
    summary = spent.summary
    tokens = f"{count(summary['input_tokens'])} tokens in, {count(summary['output_tokens'])} out"
    told = [f"This run ({run}): {plural(summary['calls'], 'call')}, {tokens}, {_cost(summary)}"]
    if unpriced := _unpriced(spent.models):
        told.append(f"unpriced: {unpriced}")
    if doubtful := summary["estimated_calls"] + summary["partial_calls"]:
        told.append(
            f"estimated or known in part: {plural(doubtful, 'call')}, {usd(summary['doubtful_usd'])} of the cost"
        )
    if summary["pending_calls"]:
        told.append(f"not known before its result is seen: {plural(summary['pending_calls'], 'job')}")
    if summary["failed_calls"]:
        told.append(f"did not end well: {plural(summary['failed_calls'], 'call')}")
    if summary["slowest_ms"] is not None:
        told.append(f"slowest: {summary['slowest_ms'] / 1000:.1f} s, {summary['slowest']}")
    if not spent.complete:
        told.append("more calls wait to be stored: another program holds the database; `make report` shows them later")
    return told


def exact(spent: Spent, run: str) -> dict[str, Any]:
    """All of it with every digit, for a program."""
    return {"run": run, "complete": spent.complete, **spent.summary, "models": spent.models}


def _unpriced(rows: Rows) -> str:
    return ", ".join(
        f"{row['model']} ({plural(row['unpriced_calls'], 'call')})" for row in rows if row["unpriced_calls"]
    )


def _figures(row: Mapping[str, Any]) -> list[str]:
    return [*(count(row[name]) for name in ("calls", "input_tokens", "output_tokens")), _cost(row)]


def _cost(row: Mapping[str, Any]) -> str:
    more = any(row[name] for name in ("unknown_calls", "partial_calls", "pending_calls"))
    return usd(row["cost_usd"], more=more, roughly=row["estimated_calls"] > 0)
