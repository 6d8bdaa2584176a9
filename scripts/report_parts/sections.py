"""The sections of the spend report, out of the rows of its queries; they neither ask nor print."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmobs.render import Column, Section, count, percent, usd

type Rows = list[dict[str, Any]]

TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


def spend(rows: Rows, summary: Mapping[str, Any], by: Sequence[str]) -> Section:
    """What was spent, by some columns, with totals."""
    figures = [Column(name) for name in ("calls", "input", "cached", "written", "output", "reason.", "cost", "share")]
    return Section(
        f"Spend by {' and '.join(by)}".replace("api_key", "key"),
        [*(Column(name.replace("api_key", "key"), figures=False) for name in by), *figures],
        [[*(str(row[name]) if row[name] is not None else "(none)" for name in by), *_figures(row)] for row in rows],
        ["total", *[""] * (len(by) - 1), *_figures(summary)],
        _legend(summary),
    )


def _figures(row: Mapping[str, Any]) -> list[str]:
    share = percent(row["share"]) if "share" in row else ""
    return [count(row["calls"]), *(count(row[name]) for name in TOKENS), _cost(row), share]


def _cost(row: Mapping[str, Any]) -> str:
    return usd(row["cost_usd"], more=_more(row), roughly=row["estimated_calls"] > 0)


def _more(row: Mapping[str, Any]) -> bool:
    return any(row[name] > 0 for name in ("unknown_calls", "partial_calls", "pending_calls"))


def _legend(summary: Mapping[str, Any]) -> str:
    signs = []
    if _more(summary):
        signs.append("≥ at least: a part is not known")
    if summary["estimated_calls"]:
        signs.append("≈ with estimates")
    if summary["unknown_calls"] or summary["pending_calls"]:
        signs.append("? not known")
    return "; ".join(signs)


_DOUBTS = {
    "unpriced": ("Unpriced", "no price or no usage is known; a price of your own goes into your YAML file"),
    "partial": ("Partial", "the answer was cut before its usage was complete; the cost is what is known of it"),
    "estimated": ("Estimated", "the usage was counted here, or a rate had to be assumed"),
}


def others(answers: Mapping[str, Rows]) -> list[Section]:
    """All that a sum does not tell; a section without a row is left out."""
    doubts = answers["unknown_costs"]
    sections = [_doubt(status, [row for row in doubts if row["cost_status"] == status]) for status in _DOUBTS]
    sections.append(_pending(answers["pending"]))
    sections.append(_price_gaps(answers["price_gaps"]))
    sections.append(_not_billed(answers["not_billed"]))
    sections.append(_skipped_retries(answers["skipped_retries"]))
    sections.append(_cache_hits(answers["cache_hits"]))
    sections.append(_refusals(answers["refusals"]))
    sections.append(_endings(answers["endings"]))
    return [section for section in sections if section.rows]


_NAMED = (Column("provider", figures=False), Column("model", figures=False))
_COUNTED = (Column("calls"), Column("input"), Column("output"))


def _doubt(status: str, rows: Rows) -> Section:
    title, why = _DOUBTS[status]
    cells = [
        [*_who(row), usd(row["cost_usd"], more=status == "partial", roughly=status == "estimated")] for row in rows
    ]
    calls = sum(row["calls"] for row in rows)
    columns = [Column("provider", figures=False), Column("model or path", figures=False), *_COUNTED, Column("cost")]
    return Section(f"{title}: {plural(calls, 'call')}", columns, cells, note=why)


def _pending(rows: Rows) -> Section:
    cells = [
        [
            row["provider"],
            row["model"],
            row["operation"] or "-",
            count(row["jobs"]),
            f"{row['first_at']:%Y-%m-%d %H:%M}",
        ]
        for row in rows
    ]
    return Section(
        f"Pending: {plural(sum(row['jobs'] for row in rows), 'job')}",
        [*_NAMED, Column("operation", figures=False), Column("jobs"), Column("since")],
        cells,
        note="work whose result has not been seen; what it costs is known when a program asks for it",
    )


def _price_gaps(rows: Rows) -> Section:
    amounts = ("reported_usd", "list_usd", "difference_usd")
    cells = [
        [row["provider"], row["model"], count(row["calls"]), *(usd(row[name]) for name in amounts)] for row in rows
    ]
    return Section(
        f"Not at list price: {plural(sum(row['calls'] for row in rows), 'call')}",
        [*_NAMED, Column("calls"), *(Column(name) for name in ("reported", "at list price", "difference"))],
        cells,
        note="the provider says that it charges more than 1 % more or less than pricing.yaml does; its figure counts",
    )


def _not_billed(rows: Rows) -> Section:
    cells = [[*_who(row), usd(row["list_cost_usd"], more=row["unknown_calls"] > 0)] for row in rows]
    calls = sum(row["calls"] for row in rows)
    note = "paid by a subscription or a reservation, and not part of the cost above"
    return Section(
        f"Not billed by the call: {plural(calls, 'call')}",
        [*_NAMED, *_COUNTED, Column("at list price")],
        cells,
        note=note,
    )


def _skipped_retries(rows: Rows) -> Section:
    cells = [[*_who(row), usd(row["list_cost_usd"], more=row["unknown_calls"] > 0)] for row in rows]
    return Section(
        f"Equal requests that were not counted again: {_worth(rows, 'list_cost_usd')} at list price",
        [*_NAMED, *_COUNTED, Column("at list price")],
        cells,
        note="llmobserve_retries=skip leaves them out of the cost above; the provider bills them",
    )


def _cache_hits(rows: Rows) -> Section:
    cells = [
        [row["provider"], row["model"], count(row["calls"]), usd(row["saved_usd"], more=row["unknown_calls"] > 0)]
        for row in rows
    ]
    title = f"Answered from the cache: {_worth(rows, 'saved_usd')} saved"
    return Section(title, [*_NAMED, Column("calls"), Column("saved")], cells)


def _worth(rows: Rows, amount: str) -> str:
    """Calls and what they are worth together."""
    known = [row[amount] for row in rows if row[amount] is not None]
    worth = usd(sum(known) if known else None, more=any(row["unknown_calls"] for row in rows))
    return f"{plural(sum(row['calls'] for row in rows), 'call')}, {worth}"


def _refusals(rows: Rows) -> Section:
    cells = [[row["policy"], row["provider"], count(row["calls"])] for row in rows]
    return Section(
        f"Refused by your own rules: {plural(sum(row['calls'] for row in rows), 'call')}",
        [Column("rule", figures=False), Column("provider", figures=False), Column("calls")],
        cells,
        note="no provider saw them; they cost nothing",
    )


def _who(row: Mapping[str, Any]) -> list[str]:
    return [row["provider"], row["model"], *(count(row[name]) for name in ("calls", "input_tokens", "output_tokens"))]


def _endings(rows: Rows) -> Section:
    names = ("outcome", "provider", "status", "error")
    cells = [
        [row["outcome"], row["provider"], str(row["status_code"] or "-"), row["error_type"] or "-", count(row["calls"])]
        for row in rows
    ]
    columns = [*(Column(name, figures=False) for name in names), Column("calls")]
    return Section(f"Not ended well: {plural(sum(row['calls'] for row in rows), 'call')}", columns, cells)


def plural(number: int, noun: str) -> str:
    """A count with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
