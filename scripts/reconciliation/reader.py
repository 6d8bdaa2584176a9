"""Sheets to records, by the table of kinds: one reader for all of them; it compares nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from llmobs.render import plural
from scripts.reconciliation import cells
from scripts.reconciliation.export import TOOLS, ExportError, Kind, Record, Sheet
from scripts.reconciliation.figures import COST, EXACT, Figures
from scripts.reconciliation.kinds import KINDS


@dataclass(slots=True)
class Exports:
    """All that the providers told: records, the first and last day per provider, and what a reader should know."""

    records: list[Record] = field(default_factory=list)
    days: dict[str, tuple[date, date]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(sheets: Iterable[Sheet]) -> Exports:
    """Everything in these files, a row that several files hold only once; raises ExportError."""
    exports = Exports()
    owners: dict[object, str] = {}
    last: dict[str, bool] = {}
    for sheet in sheets:
        kind = _kind(sheet)
        exports.notes += _remarks(sheet, kind)
        last[kind.title] = last.get(kind.title, False) or not sheet.more
        rows = _new(sheet, owners)
        if again := len(sheet.rows) - len(rows):
            exports.notes.append(f"{sheet.file}: {plural(again, 'row')} of another file again, counted once")
        found = [_record(sheet, kind, place, row) for place, row in rows]
        _cover(exports.days, kind.provider, [record.day for record in found])
        exports.records += [record for record in found if record.figures.known]
    exports.notes += [f"{title}: every page given says that more follow" for title, ended in last.items() if not ended]
    return exports


def _new(sheet: Sheet, owners: dict[object, str]) -> list[tuple[str, Mapping[str, object]]]:
    """The rows that no earlier file holds; one file may hold a row twice and mean it."""
    rows = []
    for place, row in sheet.rows:
        key = sheet.layout, frozenset((name, str(cell)) for name, cell in row.items())
        if owners.setdefault(key, sheet.file) == sheet.file:
            rows.append((place, row))
    return rows


def _cover(days: dict[str, tuple[date, date]], provider: str, found: list[date]) -> None:
    """Widen the days that a provider told of."""
    if found:
        first, last = days.get(provider, (found[0], found[0]))
        days[provider] = min(first, *found), max(last, *found)


def _kind(sheet: Sheet) -> Kind:
    columns = frozenset(sheet.columns)
    found = next((kind for kind in KINDS if kind.fits(columns)), None)
    if found is None:
        nearest = max(KINDS, key=lambda kind: len(columns.intersection(kind.known)) / len(kind.marks))
        raise ExportError(
            f"{sheet.file}: no export that is known; found the {sheet.layout} columns "
            f"{', '.join(sheet.columns) or '(none)'}; expected "
            + (f"{', '.join(nearest.marks)} and more for {nearest.title}, which is nearest" if columns else "rows")
        )
    return found


def _remarks(sheet: Sheet, kind: Kind) -> Iterator[str]:
    if kind.remark:
        yield f"{sheet.file}: {kind.title} {kind.remark}"
    if unknown := [name for name in sheet.columns if name not in kind.known]:
        yield f"{sheet.file}: {kind.title} has columns that are not known and not read: {', '.join(unknown)}"


def _record(sheet: Sheet, kind: Kind, place: str, row: Mapping[str, object]) -> Record:
    where = f"{sheet.file}, {place}"
    return Record(
        day=_cell(where, row, kind.day, cells.day),
        kind=kind,
        origin=f"{kind.title} ({sheet.layout})",
        file=sheet.file,
        model=_model(kind, row),
        keys=tuple(str(row[name]) for name in kind.keys if row.get(name)),
        figures=_figures(where, kind, row),
    )


def _model(kind: Kind, row: Mapping[str, object]) -> str | None:
    text = next((str(row[name]).strip() for name in kind.models if row.get(name)), None)
    if text is not None and kind.model_in is not None:
        named = kind.model_in.fullmatch(text)
        text = named[1] if named else None
    return TOOLS if text is None and kind.fee is not None and row.get(kind.fee) else text


def _figures(where: str, kind: Kind, row: Mapping[str, object]) -> Figures:
    sums: dict[str, Any] = {"calls": 1} if kind.call else {}
    for measure, columns in kind.sums.items():
        read = cells.number if measure == COST else cells.count
        told = [_cell(where, row, column, read) for column in columns if column in row]
        known = [value for value in told if value is not None]
        sums[measure] = reduce(EXACT.add if measure == COST else add, known) if known else None
    if sums.get(COST) is not None:
        sums[COST] = _in_usd(where, kind, row, sums[COST])
    return Figures(**sums)


def _in_usd(where: str, kind: Kind, row: Mapping[str, object], amount: Decimal) -> Decimal:
    currency = str(row.get(kind.currency)).upper() if kind.currency else "USD"
    if currency != "USD":
        raise ExportError(f"{where}: found an amount in {currency}; expected USD")
    return EXACT.divide(amount, Decimal(kind.per_usd))


def _cell[T](where: str, row: Mapping[str, object], column: str, read: Callable[[object], T]) -> T:
    try:
        return read(row.get(column))
    except ValueError as error:
        raise ExportError(f"{where}, {column}: {error}") from None
