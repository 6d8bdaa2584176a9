"""The parts of the live view, out of what a look found; they neither ask nor draw."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import batched
from typing import Any

from llmobs.event import Event
from llmobs.policy.pots import FilledPot
from llmobs.render import Cell, Column, Mark, Section, bar, count, duration, percent, plain, sparkline, usd
from scripts.top_parts.looking import Seen
from scripts.top_parts.wanted import Wanted

HOUR = 60
# How many minutes a character of the table's pictures stands for.
_PER_PIECE = 3
_BAR_WIDTH = 16
_WARN_ERRORS, _MANY_ERRORS = 0.02, 0.05
_NEARLY, _FULL = 0.8, 1.0
_NAME = 18


def overview(seen: Seen, pieces: int) -> Section:
    """How it goes, in a line for each question, with so many pieces of the last hour."""
    today, latest, wanted = seen.found["today"], seen.found["latest"], seen.asked
    minutes = {row["ago"]: row for row in seen.found["minutes"] or []}
    hour = partial(_hour, minutes, pieces)
    p50, p95 = latest["latency_ms"] or (None, None)
    first50, first95 = latest["ttft_ms"] or (None, None)
    window = f"last {wanted.minutes} min"
    rows: list[Sequence[str | Cell]] = [
        _told("in flight", _in_flight(seen), _proxies(seen), ""),
        _told("spend", f"{_cost(today)} today", f"{_minute_usd(latest, wanted)}/min", hour("cost_usd")),
        _told("calls", f"{count(today['calls'])} today", _pace(latest, wanted), hour("calls")),
        _told("errors", _error_share(latest), window, hour("error_calls", "bad")),
        _told("latency", f"p50 {duration(p50)}", f"p95 {duration(p95)}", hour("latency_ms", "warn")),
        _told("first token", f"p50 {duration(first50)}", f"p95 {duration(first95)}", ""),
    ]
    columns = [Column("", figures=False), Column("", figures=False, picture=True)]
    columns += [Column("", figures=False, picture=True), Column("the last hour", False, picture=True, spare=True)]
    return Section("", columns, rows)


def _told(name: str, first: str | Cell, second: str | Cell, hour: str | Cell) -> Sequence[str | Cell]:
    return [Cell(name, "quiet"), first, second, hour]


def _in_flight(seen: Seen) -> Cell:
    if seen.proxies is None:
        return Cell("-", "quiet")
    return Cell(count(len(seen.running)), "strong" if seen.running else "quiet")


def _proxies(seen: Seen) -> Cell:
    if not seen.proxies:
        return Cell("" if seen.proxies is None else "no proxy runs", "warn")
    oldest = f", oldest {_since(seen.running[0], seen.now)}" if seen.running else ""
    return Cell(f"{seen.proxies} prox{'y' if seen.proxies == 1 else 'ies'}{oldest}")


def _since(call: Event, now: datetime) -> str:
    return duration(max((now - call.started_at.replace(tzinfo=None)).total_seconds() * 1000, 0))


def _minute_usd(latest: Mapping[str, Any], wanted: Wanted) -> str:
    spent = latest["cost_usd"] if latest["calls"] else Decimal(0)
    return usd(None if spent is None else spent / wanted.minutes)


def _pace(latest: Mapping[str, Any], wanted: Wanted) -> str:
    return f"{latest['calls'] / wanted.minutes / 60:.2f}/s"


def _error_share(row: Mapping[str, Any]) -> Cell:
    share = row["error_calls"] / row["sent_calls"] if row["sent_calls"] else None
    mark: Mark = "good" if share is not None else "quiet"
    if share is not None and share > _WARN_ERRORS:
        mark = "bad" if share > _MANY_ERRORS else "warn"
    return Cell(percent(share), mark)


def _hour(minutes: Mapping[int, Mapping[str, Any]], pieces: int, name: str, mark: Mark = "accent") -> Cell:
    """A character for each piece, the oldest first; of latencies the worst minute in it."""
    each = [float(minutes[ago][name] or 0) if ago in minutes else 0.0 for ago in reversed(range(HOUR))]
    fold = max if name == "latency_ms" else sum
    values = [fold(piece) for piece in batched(each, HOUR // pieces)]
    return Cell(sparkline(values) if any(values) else "", mark)


def _cost(row: Mapping[str, Any]) -> str:
    more = row["unknown_calls"] or row["partial_calls"]
    spent = row["cost_usd"] if row["calls"] else Decimal(0)
    return usd(spent, more=bool(more), roughly=bool(row["estimated_calls"]))


def groups(seen: Seen, most: int) -> Section:
    """The table by model, customer or whatever is chosen."""
    found, wanted = seen.found["groups"] or [], seen.asked
    shown = found if len(found) <= most else found[: max(most - 1, 0)]
    more = f"; {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    figures = ("calls", "errors", "unpriced", "p50", "p95", "first token", "output", "cost")
    spare = {"unpriced", "first token", "output"}
    return Section(
        f"By {', '.join(wanted.by)}, last {wanted.minutes} min, by {wanted.sort}{more}",
        [
            *(Column(name, figures=False, cut=_NAME) for name in wanted.by),
            *(Column(name, spare=name in spare) for name in figures),
            Column("cost in the last hour", figures=False, picture=True, spare=True),
        ],
        [_group(row) for row in shown],
    )


def _group(row: Mapping[str, Any]) -> Sequence[str | Cell]:
    p50, p95 = row["latency_ms"] or (None, None)
    unpriced = row["unknown_calls"]
    return [
        *("(none)" if name is None else plain(name) for name in row["who"]),
        count(row["calls"]),
        _error_share(row),
        Cell(count(unpriced), "warn" if unpriced else "quiet"),
        duration(p50),
        duration(p95),
        duration(row["ttft_ms"]),
        count(row["output_tokens"]),
        _cost(row),
        Cell(_trend(row["trend_usd"]), "accent"),
    ]


def _trend(trend: Mapping[int, Any]) -> str:
    pieces = [0.0] * (HOUR // _PER_PIECE)
    for ago, spent in trend.items():
        pieces[-1 - min(ago // _PER_PIECE, len(pieces) - 1)] += float(spent or 0)
    return sparkline(pieces) if any(pieces) else ""


def running(seen: Seen, most: int) -> Section:
    """The calls that run longest."""
    return Section(
        "In flight, the oldest first" if seen.running else "",
        [*_WHO, Column("section", figures=False, cut=_NAME, spare=True), Column("for")],
        [
            [
                *_named(call.provider or call.host, call.model or call.request_model or call.path, call.customer_id),
                *(plain(call.section or "-"), _since(call, seen.now)),
            ]
            for call in seen.running[:most]
        ],
    )


_WHO = (
    Column("provider", figures=False, cut=12, spare=True),
    Column("model", figures=False, cut=_NAME),
    Column("customer", figures=False, cut=12),
)


def _named(provider: str | None, model: str | None, customer: str | None) -> list[str | Cell]:
    return [*(plain(name or "-") for name in (provider, model)), plain(customer) if customer else Cell("-", "quiet")]


def budgets(found: Sequence[FilledPot], most: int) -> Section:
    """The fullest budgets."""
    return Section(
        "Budgets" if found else "",
        [
            *(Column("budget", figures=False, cut=30), Column("spent"), Column("limit"), Column("used")),
            *(Column("", figures=False, picture=True, spare=True), Column("new one at", spare=True)),
        ],
        [_budget(budget) for budget in found[:most]],
    )


def _budget(budget: FilledPot) -> Sequence[str | Cell]:
    mark: Mark = "bad" if budget.share >= _FULL else "warn" if budget.share >= _NEARLY else "good"
    return [
        plain(budget.name),
        usd(budget.spent_usd, more=budget.doubtful_calls > 0),
        usd(budget.limit_usd),
        Cell(percent(budget.share), mark),
        Cell(bar(budget.share, _BAR_WIDTH), mark),
        f"{budget.ends_at:%m-%d %H:%M}" if budget.ends_at else "-",
    ]


# As wide as the first column of the overview above it, with the gap beside that.
_BREAKERS = Cell(f"{'breakers':{len('first token') + 2}}", "quiet")


def breakers(seen: Seen) -> list[str | Cell] | None:
    """A line of the hosts that are left alone; nothing where no breaker is set up."""
    found = seen.found["breakers"] or []
    if not found:
        return None
    troubled = [row for row in found if row["state"] != "closed"]
    if not troubled:
        return [_BREAKERS, Cell(f"all closed ({len(found)})", "good")]
    told = ", ".join(f"{row['host']} {row['state'].replace('_', ' ')}" for row in troubled)
    return [_BREAKERS, Cell(told, "bad")]


def last_calls(seen: Seen, most: int) -> Section:
    """The newest calls."""
    rows = (seen.found["last_calls"] or [])[:most]
    return Section(
        "Last calls" if rows else "",
        [Column("at"), *_WHO, Column("outcome", figures=False, cut=12), Column("took"), Column("cost")],
        [_call(row) for row in rows],
    )


def _call(row: Mapping[str, Any]) -> Sequence[str | Cell]:
    partly, roughly = row["cost_status"] == "partial", row["cost_status"] == "estimated"
    return [
        *(f"{row['started_at']:%H:%M:%S}", *_named(row["provider"], row["model"], row["customer"])),
        Cell(row["outcome"].replace("_", " "), "good" if row["outcome"] == "ok" else "bad"),
        *(duration(row["latency_ms"]), usd(row["cost_usd"], more=partly, roughly=roughly)),
    ]


def last_errors(seen: Seen, most: int) -> Section:
    """The newest calls that did not end well."""
    rows = (seen.found["last_errors"] or [])[:most]
    names = [Column("status"), Column("error", figures=False, cut=_NAME), Column("class", figures=False, spare=True)]
    return Section(
        "Last errors" if rows else "",
        [Column("at"), *_WHO, *names],
        [
            [
                *(f"{row['started_at']:%H:%M:%S}", *_named(row["provider"], row["model"], row["customer"])),
                *(str(row["status"] or "-"), Cell(plain(row["error_type"] or row["outcome"]), "bad")),
                row["error_class"] or "-",
            ]
            for row in rows
        ],
    )
