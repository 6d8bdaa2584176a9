"""The spend table of the report, out of the rows of its query; it neither asks nor prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmobs.render import Cell, Column, Section, bar, count, percent, plural, sparkline, usd
from llmobs.store import PERIODS
from scripts.console.asking import Rows
from scripts.console.cells import heading

TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
# How many pieces trend_usd cuts the period into.
TREND_PIECES = 12
_BAR_WIDTH = 10
# What is left of the longest name before figures are left out.
_NAME_WIDTH = 24
# From this share of failed calls on, they are marked.
_MANY_ERRORS = 0.05


def spend(rows: Rows, summary: Mapping[str, Any], by: Sequence[str]) -> Section:
    """What was spent, by some columns, with totals."""
    timed = any(name in PERIODS for name in by)  # such rows are a picture over time themselves
    pictured = [row | {"trend_usd": None} for row in rows] if timed else rows
    return Section(
        f"Spend by {' and '.join(by)}".replace("api_key", "key"),
        [*(Column(heading(name), figures=False, cut=_NAME_WIDTH) for name in by), *_headings(timed=timed)],
        [[*_names(row, by), *_figures(row), *_pictures(row)] for row in pictured],
        ["total", *[""] * (len(by) - 1), *_figures(summary), "", ""],
        _legend(summary),
    )


def _headings(*, timed: bool) -> list[Column]:
    """The pictures are the first to go where it is too wide, then what is least asked for."""
    tokens = [Column("input"), Column("cached"), Column("written", spare=True), Column("output")]
    doubts = [Column("reason.", spare=True), Column("errors", spare=True), Column("unpriced", spare=True)]
    pictures = [Column(name, figures=False, picture=True, spare=True) for name in ("" if timed else "over time", "")]
    return [Column("calls"), *tokens, *doubts, Column("cost"), Column("share"), *pictures]


def _names(row: Mapping[str, Any], by: Sequence[str]) -> list[str]:
    if others := row.get("others"):
        return [f"{plural(others, 'other')}", *[""] * (len(by) - 1)]
    return [_name(name, row[name]) for name in by]


def _name(column: str, cell: object) -> str:
    if cell is None:
        return "(none)"
    return f"{cell:%Y-%m}" if column == "month" else str(cell)


def _figures(row: Mapping[str, Any]) -> list[str | Cell]:
    share = percent(row["share"]) if "share" in row else ""
    doubts = [_errors(row), Cell(count(row["unknown_calls"]), "warn" if row["unknown_calls"] else "quiet")]
    return [count(row["calls"]), *(count(row[name]) for name in TOKENS), *doubts, _cost(row), share]


def _errors(row: Mapping[str, Any]) -> Cell:
    errors, calls = row["error_calls"], row["calls"]
    many = calls and errors / calls > _MANY_ERRORS
    return Cell(count(errors), "bad" if many else "" if errors else "quiet")


def _pictures(row: Mapping[str, Any]) -> list[str | Cell]:
    trend = trend_of(row)
    return [Cell(sparkline(trend) if any(trend) else "", "good"), Cell(bar(row["share"], _BAR_WIDTH), "accent")]


def trend_of(row: Mapping[str, Any]) -> list[float]:
    """What was spent in each piece of the period; nothing for a row that stands for others."""
    spent = row["trend_usd"]
    return [] if spent is None else [float(spent.get(piece) or 0) for piece in range(TREND_PIECES)]


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
