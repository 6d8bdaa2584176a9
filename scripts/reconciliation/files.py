"""Files and folders to sheets: CSV lines and the rows of JSON pages; it does not know what their columns mean."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from scripts.reconciliation.export import ExportError, Sheet

CSV, JSON = "CSV", "JSON"
_SUFFIXES = frozenset((".csv", ".json"))
_PAGE = '{"data": [...]} as the API answers, or a list of such pages'


def sheets(paths: Iterable[Path]) -> Iterator[Sheet]:
    """Each file once, those of folders in the order of their names; raises ExportError."""
    found = {file.resolve(): file for given in paths for file in _files(given)}
    yield from map(_sheet, found.values())


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
    if not found:
        raise ExportError(f"{path}: the folder holds no .csv and no .json file")
    return found


def _sheet(path: Path) -> Sheet:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ExportError(f"{path}: is no UTF-8 text; expected is a CSV or JSON export") from None
    if not text.strip():
        raise ExportError(f"{path}: is empty")
    return _from_json(str(path), text) if text.lstrip()[0] in "[{" else _from_csv(str(path), text)


def _from_csv(file: str, text: str) -> Sheet:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader))
        rows = tuple((f"line {reader.line_num}", _line(columns, cells)) for cells in reader if any(cells))
    except (csv.Error, ValueError) as error:
        raise ExportError(f"{file}, line {reader.line_num}: {error}; expected is a CSV or JSON export") from None
    return Sheet(file, CSV, columns, rows)


def _line(columns: tuple[str, ...], cells: list[str]) -> dict[str, object]:
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} cells under {len(columns)} columns")
    return dict(zip(columns, cells, strict=True))


def _from_json(file: str, text: str) -> Sheet:
    try:
        content = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
        pages = list(_pages(content))
        rows = tuple((f"row {at}", row) for at, row in enumerate((row for p in pages for row in _rows(p)), 1))
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{file}: is no JSON export: {error}") from None
    columns = tuple(dict.fromkeys(name for _, row in rows for name in row))
    more = bool(pages) and all(page.get("has_more") is True for page in pages)
    return Sheet(file, JSON, columns, rows, more)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _pages(content: object) -> Iterator[Mapping[str, Any]]:
    for page in content if isinstance(content, list) else [content]:
        yield page if isinstance(page, dict) and isinstance(page.get("data"), list) else _no_page(page)


def _no_page(found: object) -> NoReturn:
    what = f"the keys {', '.join(found)}" if isinstance(found, dict) else type(found).__name__
    raise ValueError(f"found {what}; expected {_PAGE}")


def _rows(page: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """The results of buckets, each with its bucket's own cells; an empty bucket is a row without figures."""
    for entry in _objects(page["data"]):
        around = dict(_flat({name: value for name, value in entry.items() if name != "results"}))
        for result in _objects(entry.get("results") or [{}]):
            yield around | dict(_flat(result))


def _objects(found: object) -> list[dict[str, Any]]:
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    raise ValueError(f"found {str(found)[:80]}; expected a list of objects")


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Cells by their path, joined with dots."""
    for name, cell in value.items():
        if isinstance(cell, dict):
            yield from _flat(cell, f"{before}{name}.")
        else:
            yield f"{before}{name}", cell
