"""All that a sum of the report does not tell, out of the rows of its queries; it neither asks nor prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmobs.render import Column, Section, count, percent, plural, usd
from scripts.console.asking import Rows

_DOUBTS = {
    "unpriced": ("Unpriced", "no price or no usage is known; a price of your own goes into your YAML file"),
    "partial": (
        "Partial",
        "a part has no price, or the answer was cut before its usage was complete; the cost is what is known of it",
    ),
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
    sections.append(_cached_input(answers["cached_input"]))
    sections.append(_cache_hits(answers["cache_hits"]))
    sections.append(_refusals(answers["refusals"]))
    sections.append(_endings(answers["endings"]))
    return [section for section in sections if section.rows]


_NAMED = (Column("provider", figures=False), Column("model", figures=False))
_COUNTED = (Column("calls"), Column("input"), Column("output"))


def _doubt(status: str, rows: Sequence[Mapping[str, Any]]) -> Section:
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
        f"Not at list price: {_calls(rows)}",
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


def _cached_input(rows: Rows) -> Section:
    saved = [row["saved_usd"] for row in rows if row["saved_usd"] is not None]
    roughly = any(row["estimated"] for row in rows)
    cells = [
        [
            *(row["provider"], row["model"], count(row["calls"]), count(row["input_tokens"])),
            percent(row["cached_input_tokens"] / row["input_tokens"] if row["input_tokens"] else None),
            usd(row["saved_usd"], roughly=row["estimated"]),
            usd(row["write_extra_usd"], roughly=row["estimated"]) if row["cache_write_tokens"] else "-",
        ]
        for row in rows
    ]
    headings = ("calls", "input", "cached", "saved", "writing cost")
    return Section(
        f"Input from the provider's cache: {usd(sum(saved) if saved else None, roughly=roughly)} saved",
        [*_NAMED, *(Column(heading) for heading in headings)],
        cells,
        note="against the full price of input, of calls with a hit; writing cost so much more than plain input",
    )


def _worth(rows: Rows, amount: str) -> str:
    """Calls and what they are worth together."""
    known = [row[amount] for row in rows if row[amount] is not None]
    worth = usd(sum(known) if known else None, more=any(row["unknown_calls"] for row in rows))
    return f"{_calls(rows)}, {worth}"


def _refusals(rows: Rows) -> Section:
    cells = [[row["policy"], row["provider"], count(row["calls"])] for row in rows]
    return Section(
        f"Refused by your own rules: {_calls(rows)}",
        [Column("rule", figures=False), Column("provider", figures=False), Column("calls")],
        cells,
        note="no provider saw them; they cost nothing",
    )


def _who(row: Mapping[str, Any]) -> list[str]:
    return [row["provider"], row["model"], *(count(row[name]) for name in ("calls", "input_tokens", "output_tokens"))]


# The kinds of calls that did not end well are many; the most frequent ones say what is the matter.
_ENDINGS = 15


def _endings(rows: Rows) -> Section:
    names = ("outcome", "provider", "status", "error")
    cells = [
        [row["outcome"], row["provider"], str(row["status_code"] or "-"), row["error_type"] or "-", count(row["calls"])]
        for row in rows[:_ENDINGS]
    ]
    columns = [*(Column(name, figures=False) for name in names), Column("calls")]
    rest = rows[_ENDINGS:]
    note = f"and {plural(len(rest), 'more kind')} of {_calls(rest)}: --json has all" if rest else ""
    return Section(f"Not ended well: {_calls(rows)}", columns, cells, note=note)


def _calls(rows: Sequence[Mapping[str, Any]]) -> str:
    return plural(sum(row["calls"] for row in rows), "call")
