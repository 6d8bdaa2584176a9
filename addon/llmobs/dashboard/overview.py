"""The first page: what was spent on what, how long it took and what went wrong, each figure from a query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.dashboard import budgets, figures, timeline, words
from llmobs.dashboard.figures import Figure
from llmobs.dashboard.questions import Questions, Rows
from llmobs.dashboard.view import ALL, MEASURES, View, column

# So many rows of a panel are shown; all of them are in the terminal's report.
ROWS = 8
RECENT = 15
# Every call of unknown cost has a name here; of the rest the most frequent are enough.
MOST_NAMES, MOST_KINDS = 100, 8
_UNITS = {"cost_usd": "usd", "calls": "calls"}
_LATENCIES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99", "ttft_p50_ms": "first byte, p50"}
_DOUBTS = {
    **dict.fromkeys(("unknown_costs", "pending"), MOST_NAMES),
    **dict.fromkeys(("cache_hits", "not_billed", "refusals", "endings"), MOST_KINDS),
}


@dataclass(frozen=True, slots=True)
class Panel:
    """Spend by one dimension: the largest rows, and how many there are."""

    name: str
    rows: Rows
    all: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows."""

    view: View
    begin: datetime
    end: datetime
    summary: Mapping[str, Any]
    before: Mapping[str, Any] | None
    latency: Mapping[str, Any]
    attempts: Mapping[str, Any]
    spend: Figure
    pace: Figure
    errors: Figure
    panels: list[Panel]
    doubts: Mapping[str, Rows]
    recent: Rows
    budgets: budgets.Uses


def overview(db: store.Reading, view: View, now: datetime, policy: Path | None) -> Overview:
    """Ask everything at once, so that the database is soon closed again."""
    ask = Questions(db, view.variables(now))
    summary = ask.first("summary")
    begin, end = _period(view, summary, now)
    step = timeline.step(begin, end)
    steps = timeline.begins(begin, end, step)
    earlier = view.before(now)
    return Overview(
        view=view,
        begin=begin,
        end=end,
        summary=summary,
        before=ask.first("summary", **earlier) if earlier else None,
        latency=ask.first("latency_overall"),
        attempts=ask.first("errors_scope"),
        spend=_spend(ask, view, steps, step),
        pace=_pace(ask, steps, step),
        errors=_errors(ask, steps, step),
        panels=[_panel(ask, name) for name in view.by],
        doubts={name: ask.rows(name, most) for name, most in _DOUBTS.items()},
        recent=ask.rows("recent_calls", rows=RECENT),
        budgets=budgets.uses(db, policy, now),
    )


def _period(view: View, summary: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """What is said, else what there is, and no future without calls; the end is after the beginning."""
    period = view.period(now)
    naive = now.astimezone(UTC).replace(tzinfo=None)
    last = summary["last_at"] or naive
    begin = period.get("since") or summary["first_at"] or naive - timedelta(days=1)
    end = min(period.get("until", datetime.max), last if view.since == ALL else max(last, naive))  # noqa: DTZ901
    return begin, max(end, begin + timedelta(minutes=1))


def _spend(ask: Questions, view: View, steps: list[datetime], step: str) -> Figure:
    stack = column(view.stack)
    rows = ask.rows("spend", by_columns=[step, stack])
    series = figures.stacked(rows, steps, step, stack, view.measure)
    title = f"{MEASURES[view.measure]} over time by {view.stack.replace('_', ' ')}"
    return Figure("spend", title, _UNITS.get(view.measure, "tokens"), "bar", steps, step, series)


def _pace(ask: Questions, steps: list[datetime], step: str) -> Figure:
    series = figures.lines(ask.rows("latency_over_time", by_columns=[step]), steps, step, _LATENCIES)
    return Figure("latency", "Latency of calls that ended well", "ms", "line", steps, step, series)


def _errors(ask: Questions, steps: list[datetime], step: str) -> Figure:
    series = figures.kinds(ask.rows("errors_over_time", by_columns=[step]), steps, step, "failed_calls")
    return Figure("errors", "Calls that did not end well", "calls", "bar", steps, step, series)


def _panel(ask: Questions, name: str) -> Panel:
    rows = ask.rows("spend", ROWS, by_columns=[column(name)])
    for row in rows:
        row["value"] = row[column(name)]
    return Panel(name, rows, rows[0]["all_rows"] if rows else 0)


def context(page: Overview) -> dict[str, Any]:
    """What the template is told besides."""
    now, before = page.summary, page.before or {}
    names = ("cost_usd", "calls", "input_tokens", "output_tokens")
    return {
        "page": page,
        "view": page.view,
        "changes": {name: words.change(now[name], before.get(name)) for name in names},
        "cached": _share(now["cached_input_tokens"], now["input_tokens"]),
    }


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
