"""Writes calls day by day, so that the proxy gets its turn and a long export can go on; it reads no command line.

The days lie in a folder beside the target until all are there, under names that tell the number of their calls.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from llmobs import store
from scripts.console.asking import variables
from scripts.export_parts.formats import FORMATS, heading, query

_DAYS = "SELECT started_at::DATE, count(*) FROM selected_events GROUP BY ALL ORDER BY ALL"
_MERGED = "SELECT * FROM read_parquet(getvariable('parts')) ORDER BY started_at"
ORDER = "order.json"
# Spans of a line: what a collector takes in one request.
SPANS = 500


@dataclass(frozen=True, slots=True)
class Export:
    """What is asked for."""

    source: store.Source
    format: str
    raw: bool
    wanted: Mapping[str, object]

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Export":
        """What the command line says."""
        return cls(options.db, options.format, options.raw, variables(options))

    def days(self) -> list[tuple[date, int]]:
        """The days that have such calls, and how many; raises StoreError."""
        with store.reading(self.source) as db:
            return [(day, int(str(count))) for day, count in db.query(_DAYS, variables=self.wanted).rows]  # type: ignore[misc]

    def text(self) -> str:
        """What must be the same for parts of an earlier run to be of use; the calls of a part are counted besides."""
        conditions = {name: value for name, value in self.wanted.items() if name not in {"since", "until"}}
        return json.dumps([str(self.source), self.format, self.raw, conditions], sort_keys=True)

    def part(self, day: date, file: Path) -> None:
        """Write one day, whole or not at all."""
        draft = file.with_name(f"{file.name}.draft")
        with store.reading(self.source) as db:
            db.save(query(self.format, raw=self.raw), draft, {**self.wanted, "day": day}, FORMATS[self.format].form)
        if self.format == "otlp":
            _spans(draft)
        draft.replace(file)


def _spans(file: Path) -> None:
    """Put spans in the place of a day's rows."""
    # OpenTelemetry's library takes as long to import as DuckDB; the other formats do without.
    otlp = import_module("scripts.export_parts.otlp")
    draft = file.with_name(f"{file.name}.spans")
    with draft.open("wb") as lines:
        for rows in store.saved(file, SPANS):
            lines.write(otlp.line(rows))
    draft.replace(file)


def to_file(export: Export, days: Sequence[tuple[date, int]], target: Path, advance: Callable[[float], None]) -> None:
    """One file; it has its name when it is complete."""
    folder = _folder(export, target)
    parts = _parts(export, days, folder, advance)
    whole = folder / "whole"
    if FORMATS[export.format].joins:
        with whole.open("wb") as file:
            file.write(heading(export.format))
            for part in parts:
                with part.open("rb") as rows:
                    shutil.copyfileobj(rows, file)
    else:
        store.merge(list(parts), whole, FORMATS[export.format].form)
    whole.replace(target)
    shutil.rmtree(folder)


def to_folder(export: Export, days: Sequence[tuple[date, int]], target: Path, advance: Callable[[float], None]) -> None:
    """A file for each day, in folders as query engines know them."""
    folder = _folder(export, target)
    for (day, _), part in zip(days, _parts(export, days, folder, advance), strict=True):
        file = target / f"day={day}" / f"calls{FORMATS[export.format].suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.draft")
        with draft.open("wb") as whole, part.open("rb") as rows:
            whole.write(heading(export.format))
            shutil.copyfileobj(rows, whole)
        draft.replace(file)
    shutil.rmtree(folder)


def to_stdout(export: Export, days: Sequence[tuple[date, int]], folder: Path, advance: Callable[[float], None]) -> None:
    """The rows as they come, for a pipe."""
    sys.stdout.flush()
    sys.stdout.buffer.write(heading(export.format))
    for part in _parts(export, days, folder, advance):
        with part.open("rb") as rows:
            shutil.copyfileobj(rows, sys.stdout.buffer)
        part.unlink()
    sys.stdout.buffer.flush()


def _folder(export: Export, target: Path) -> Path:
    """Where the parts lie; those of another export are removed."""
    folder = target.with_name(f".{target.name}.export")
    order = folder / ORDER
    if folder.exists() and (not order.exists() or order.read_text(encoding="utf-8") != export.text()):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    order.write_text(export.text(), encoding="utf-8")
    return folder


def _parts(
    export: Export, days: Sequence[tuple[date, int]], folder: Path, advance: Callable[[float], None]
) -> Iterator[Path]:
    for day, count in days:
        part = folder / f"{day}.{count}{FORMATS[export.format].suffix}"
        if not part.exists():
            export.part(day, part)
        advance(count)
        yield part
