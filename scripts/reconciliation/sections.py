"""The reconciliation as tables, and as rows for JSON and CSV; it neither compares nor prints."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from llmobs.render import Column, Section, count, usd
from scripts.reconciliation.compare import BY, View
from scripts.reconciliation.figures import COST, COUNTS, MEASURES, Figures, total
from scripts.reconciliation.judge import DIFFERS, MATCHED, MISSING_HERE, MISSING_THERE, Verdict
from scripts.reconciliation.metered import Metered

_STATES = (MATCHED, DIFFERS, MISSING_HERE, MISSING_THERE)
_FIGURES = tuple((f"{name}_{side}", name, side) for name in MEASURES for side in ("here", "there"))
# Of a row of `lines`.
COLUMNS = (
    *("provider", "compared", *BY, "state"),
    *(name for name, _, _ in _FIGURES),
    *("difference_usd", "estimated", "cause"),
)
_SHORT = ("calls", "input", "cached", "output")


class Compared(NamedTuple):
    """One comparison with what was found, its days, and all that was metered on them."""

    view: View
    first: date
    last: date
    ours: Sequence[Metered]
    verdicts: list[Verdict]

    @property
    def what(self) -> str:
        """The measures in a word or two."""
        usage, cost = self.view.measures[0] in COUNTS, COST in self.view.measures
        return "usage and cost" if usage and cost else "usage" if usage else "cost"


def summary(found: Iterable[Compared]) -> Iterator[dict[str, Any]]:
    """A line per comparison: how many places agree or not, and USD on both sides."""
    for compared in found:
        states = [verdict.state for verdict in compared.verdicts]
        known = [verdict.usd for verdict in compared.verdicts if verdict.usd is not None]
        rows = [verdict.row for verdict in compared.verdicts]
        yield {
            "provider": compared.view.provider,
            "compared": compared.what,
            "by": list(compared.view.by),
            "first_day": compared.first,
            "last_day": compared.last,
            **{state.replace(" ", "_"): states.count(state) for state in _STATES},
            "cost_usd_here": _sum(row.here for row in rows) if COST in compared.view.measures else None,
            "cost_usd_there": _sum(row.there for row in rows) if COST in compared.view.measures else None,
            "difference_usd": total(known) if known or not rows else None,
            "estimated": any(verdict.roughly for verdict in compared.verdicts),
        }


def _sum(sides: Iterable[Figures | None]) -> Decimal:
    return total(side.cost_usd for side in sides if side and side.cost_usd is not None)


def lines(found: Iterable[Compared], *, everything: bool) -> Iterator[dict[str, Any]]:
    """A line per place that differs, or per place, with both sides whole."""
    for compared in found:
        for verdict in _shown(compared, everything=everything):
            row = verdict.row
            yield {
                "provider": compared.view.provider,
                "compared": compared.what,
                **row.place._asdict(),
                "state": verdict.state,
                **{name: getattr(getattr(row, side), measure, None) for name, measure, side in _FIGURES},
                "difference_usd": verdict.usd,
                "estimated": verdict.roughly,
                "cause": verdict.cause or None,
            }


def _shown(compared: Compared, *, everything: bool) -> Iterator[Verdict]:
    return (verdict for verdict in compared.verdicts if everything or verdict.state != MATCHED)


def overview(rows: Sequence[dict[str, Any]]) -> Section:
    """The summary as a table."""
    figures = ("matched", "differ", "missing here", "missing there", "cost here", "there", "difference")
    columns = [Column(name, figures=False) for name in ("provider", "compared")] + [Column(name) for name in figures]
    cells = [
        [
            row["provider"],
            f"{row['compared']} by {', '.join(row['by']) or 'all'}",
            *(f"{row[state.replace(' ', '_')]:,}" for state in _STATES),
            *("-" if row[name] is None else usd(row[name]) for name in ("cost_usd_here", "cost_usd_there")),
            _signed(row["difference_usd"], roughly=row["estimated"]),
        ]
        for row in rows
    ]
    return Section("Summary", columns, cells, note="differences are the provider's figures less ours")


def details(compared: Compared, *, everything: bool) -> Section:
    """The places that differ, or all; calls and tokens are the provider's less ours."""
    by, measures = compared.view.by, compared.view.measures
    told = [(name, short) for name, short in zip(COUNTS, _SHORT, strict=True) if name in measures]
    costs = ["cost here", "there"] if COST in measures else []
    rows = [
        [
            *(str(getattr(verdict.row.place, name) or "(none)") for name in by),
            *(_more(verdict.row.difference(name)) for name, _ in told),
            *(_cost(side) for side in ((verdict.row.here, verdict.row.there) if costs else ())),
            _signed(verdict.usd, roughly=verdict.roughly),
            verdict.cause or verdict.state,
        ]
        for verdict in _shown(compared, everything=everything)
    ]
    columns = [
        *(Column(name, figures=False) for name in BY if name in by),
        *(Column(name) for name in (*(short for _, short in told), *costs, "difference")),
        Column("likely cause", figures=False),
    ]
    return Section(f"{compared.view.provider}: {compared.what} by {', '.join(by) or 'all'}", columns, rows)


def _more(difference: int | Decimal | None) -> str:
    return "-" if difference is None else f"{'+' if difference > 0 else ''}{count(int(difference))}"


def _cost(side: Figures | None) -> str:
    return "-" if side is None else usd(side.cost_usd)


def _signed(amount: Decimal | None, *, roughly: bool) -> str:
    if amount is None or amount <= 0:
        return usd(amount, roughly=roughly and bool(amount))
    return f"+{usd(amount)}" if not roughly else f"≈+{usd(amount)}"
