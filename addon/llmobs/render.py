"""Tables, figures and notes on a terminal or into a pipe; it does not know where they come from or what they mean."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import IO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

# Nobody's eyes set the width of a pipe: wide enough for the longest model names, so that nothing is cut.
PIPE_WIDTH = 200
# Asks a table how wide it would like to be.
UNBOUND = 10_000
_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_SMALLEST_USD = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; names fold where room is short, figures never do and stand at the right."""

    heading: str
    figures: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table with a last row of totals, if any, and a note under it."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] | None = None
    note: str = ""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the program what the end of its reader means; rich would end it as a failure."""
        raise  # noqa: PLE0704 -- rich calls this where it handles the error


class Screen:
    """Where sections are printed; without colours into a pipe and under NO_COLOR.

    trim: no blanks at the ends of lines into a pipe.
    """

    def __init__(self, file: IO[str] | None = None, width: int | None = None, *, trim: bool = False) -> None:
        self._trim = trim
        self._console = _Console(file=file, width=width, highlight=False, soft_wrap=False)
        if width is None and not self._console.is_terminal and not os.environ.get("COLUMNS"):
            self._console.width = PIPE_WIDTH

    def line(self, text: str, style: str = "") -> None:
        """One paragraph."""
        self._console.print(Text(text, style))

    def section(self, section: Section) -> None:
        """A table with its title and note; where it is too wide, the names of a row stand below each other."""
        table = _table(section, gap=2)
        unbound = self._console.options.update(max_width=UNBOUND)
        if self._console.measure(table, options=unbound).maximum > self._console.width:
            table = _table(_stacked(section), gap=1)
        self.line(section.title, "bold")
        if section.rows:
            self._table(table)
        if section.note:
            self.line(section.note, "dim")

    def _table(self, table: RichTable) -> None:
        if self._console.is_terminal or not self._trim:
            self._console.print(table)
            return
        with self._console.capture() as written:
            self._console.print(table)
        lines = [line.rstrip() for line in written.get().splitlines()]
        self._console.print(Text("\n".join(lines)), no_wrap=True, overflow="ignore", crop=False)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal's standard error; call what it gives with each step's size. Nothing into a pipe."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield partial(bar.advance, bar.add_task(what, total=total))


def _table(section: Section, gap: int) -> RichTable:
    table = RichTable(
        box=SIMPLE_HEAD,
        header_style="dim",
        show_footer=section.total is not None,
        footer_style="bold",
        padding=(0, gap - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for at, column in enumerate(section.columns):
        table.add_column(
            column.heading,
            section.total[at] if section.total else "",
            justify="right" if column.figures else "left",
            no_wrap=column.figures,
            overflow="fold",
        )
    for row in section.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _stacked(section: Section) -> Section:
    """The same with its leading names in one column."""
    names = next((at for at, column in enumerate(section.columns) if column.figures), len(section.columns))

    def merged(cells: Sequence[str], between: str) -> list[str]:
        return [between.join(filter(None, cells[:names])), *cells[names:]]

    leading = ", ".join(column.heading for column in section.columns[:names])
    return replace(
        section,
        columns=[Column(leading, figures=False), *section.columns[names:]],
        rows=[merged(row, "\n") for row in section.rows],
        total=merged(section.total, "") if section.total else None,
    )


def count(number: int | None) -> str:
    """A count in at most six characters; a dash where none is known."""
    if number is None:
        return "-"
    for step, letter in _STEPS:
        if abs(number) >= step * (10 if step == 1000 else 1):
            scaled = number / step
            return f"{scaled:.{2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0}f}{letter}"
    return f"{number:,}"


def usd(amount: Decimal | None, *, more: bool = False, roughly: bool = False) -> str:
    """An amount; a question mark where it is unknown, never 0. `more`: a part is not known. `roughly`: estimated."""
    if amount is None:
        return "?"
    sign = "≥" if more else "≈" if roughly else ""
    if 0 < abs(amount) < _SMALLEST_USD:
        return f"{'≥' if more else '<'}${0 if more else _SMALLEST_USD}"
    digits = 2 if abs(amount) >= 1 or not amount else 4
    return f"{sign}{'-' if amount < 0 else ''}${abs(amount):,.{digits}f}"


def percent(share: float | None) -> str:
    """A share of 1; a dash where there is none."""
    return "-" if share is None else f"{share:.1%}"
