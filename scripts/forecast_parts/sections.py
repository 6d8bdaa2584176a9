"""A forecast as tables and sentences; it neither asks nor projects."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from llmobs.render import Cell, Column, Section, count, percent, sparkline, usd
from scripts.console.cells import heading, name, names
from scripts.forecast_parts.history import History
from scripts.forecast_parts.spans import FEWEST, FEWEST_FOR_YEAR, HORIZONS, Forecast, Group, Projection

# Amounts of single calls are too small to read.
PER = 1000
_ROUND_FROM = 10


def measured(history: History) -> Iterator[str]:
    """What the projection rests on."""
    days = history.days
    told = f"{len(days)} whole UTC {'day' if len(days) == 1 else 'days'}"
    yield f"{told}, {days[0].day} to {days[-1].day}: {history.calls:,} calls, {_cost(history, history.cost_usd)}"
    each = _cost(history, history.cost_usd / history.calls * PER)
    yield f"{each} for {PER:,} calls   {sparkline([float(day.cost_usd) for day in days])} spend by day"
    if history.unknown_calls:
        share = percent(history.unknown_calls / history.calls)
        yield f"The cost of {history.unknown_calls:,} calls ({share}) is not known: amounts with ≥ lack it."


def _cost(history: History, amount: Decimal) -> str:
    return usd(amount, more=history.more, roughly=history.roughly)


def projections(found: Forecast) -> Section:
    """What days, months and years cost, at several volumes."""
    columns = [Column("calls a day"), *_columns(HORIZONS)]
    rows: list[list[str | Cell]] = [
        [_volume(told), *_amounts(found.history, told, HORIZONS)] for told in found.projections
    ]
    note = f"{found.confidence:.0%} of outcomes lie in the intervals, if a call goes on costing what it did"
    return Section("Projected spend", columns, rows, note=note)


def _columns(horizons: Mapping[str, int]) -> Iterator[Column]:
    """What is left out first where room is short is the year, then the interval of the day."""
    for horizon in horizons:
        yield Column({"month": "30 days", "year": "365 days"}.get(horizon, horizon), spare=horizon == "year")
        yield Column("from – to", spare=horizon != "month")


def _volume(told: Projection) -> Cell:
    if told.calls_per_day is None:
        return Cell("trend goes on", "strong")
    return Cell(f"now {told.calls_per_day:,}", "strong") if told.kind == "now" else Cell(f"{told.calls_per_day:,}")


def _amounts(history: History, projection: Projection, horizons: Mapping[str, int]) -> Iterator[str]:
    for horizon in horizons:
        amount = projection.amounts.get(horizon)
        known = amount is not None and history.unknown_calls < history.calls
        yield f"{_sign(history)}{_short(amount.usd)}" if known and amount else "?" if amount else "-"
        yield f"{_short(amount.low_usd)} – {_short(amount.high_usd)}" if known and amount else "-"


def _sign(history: History) -> str:
    return "≥" if history.more else "≈" if history.roughly else ""


def _short(amount: Decimal) -> str:
    """An amount without the digits that a projection does not have."""
    return usd(amount) if amount < _ROUND_FROM else f"${count(round(amount))}"


def groups(by: Sequence[str], found: Forecast) -> Section:
    """The same by some columns, those first that cost most."""
    horizons = {name: HORIZONS[name] for name in ("day", "month")}
    figures = [
        Column("calls a day"),
        Column(f"cost/{PER:,}", spare=True),
        *_columns(horizons),
        Column("share", spare=True),
    ]
    rows = [
        [*(name(group.names[column]) for column in by), *_figures(group, found.history, horizons)]
        for group in found.groups
    ]
    note = f"{found.hidden:,} more cost less; --top shows them" if found.hidden > 0 else ""
    return Section(f"Projected spend by {' and '.join(map(heading, by))}", [*names(by), *figures], rows, note=note)


def _figures(group: Group, whole: History, horizons: Mapping[str, int]) -> list[str]:
    share = float(group.history.cost_usd / whole.cost_usd) if whole.cost_usd else None
    amounts = _amounts(group.history, group.projection, horizons)
    return [count(group.projection.calls_per_day), _each(group.history), *amounts, percent(share)]


def _each(part: History) -> str:
    if part.unknown_calls == part.calls:
        return "?"
    return _cost(part, part.cost_usd / part.calls * PER)


def remarks(found: Forecast) -> Iterator[str]:
    """How it was made, and what it rests on."""
    days = len(found.history.days)
    yield f"now: at the calls a day of the last seven days. Intervals: {found.method}, from {days} days."
    if days < FEWEST_FOR_YEAR:
        yield f"From {FEWEST_FOR_YEAR} days on there is a projection for the year, and one with the trend."


def refusal(history: History) -> str:
    """Why there is no projection, and what is known."""
    days = len(history.days)
    known = f"{days} whole UTC {'day is' if days == 1 else 'days are'} known, and a projection needs {FEWEST}"
    return f"No projection: {known}. Today does not count, nor the day on which the first call came."
