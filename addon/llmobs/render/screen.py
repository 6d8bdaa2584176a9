"""Where sections are printed; it does not know what they say."""

import os
from typing import IO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from llmobs.render.plain import plain
from llmobs.render.section import Cell, Column, Mark, Section, stacked, without_spare

# Nobody's eyes set the width of a pipe: wide enough for the longest model names, so that nothing is cut.
PIPE_WIDTH = 200
# Asks a table how wide it would like to be.
UNBOUND = 10_000
STYLES: dict[Mark, str] = {
    "": "",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "quiet": "dim",
    "strong": "bold",
    "accent": "cyan",
}


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

    @property
    def width(self) -> int:
        """How many characters a line holds; a picture that should fill it asks."""
        return self._console.width

    def line(self, text: str, style: str = "") -> None:
        """One paragraph."""
        self._console.print(Text(plain(text, lines=True), style))

    def section(self, section: Section) -> None:
        """A table with its title and note.

        Where it is too wide, it loses its spare columns; then the names of a row stand below each other.
        """
        self.line(section.title, "bold")
        if section.rows:
            self._table(self._fitting(section))
        if section.note:
            self.line(section.note, "dim")

    def _fitting(self, section: Section) -> Table:
        narrower: Section | None = section
        while narrower:
            section = narrower
            if self._fits(section):
                return _table(section, gap=2)
            narrower = without_spare(section)
        return _table(stacked(section), gap=1)

    def _fits(self, section: Section) -> bool:
        """Whether all of it is whole, but for names that may be cut."""
        unbound = self._console.options.update(max_width=UNBOUND)
        return self._console.measure(_table(section, gap=2, least=True), options=unbound).maximum <= self._console.width

    def _table(self, table: Table) -> None:
        if self._console.is_terminal or not self._trim:
            self._console.print(table)
            return
        with self._console.capture() as written:
            self._console.print(table)
        lines = [line.rstrip() for line in written.get().splitlines()]
        self._console.print(Text("\n".join(lines)), no_wrap=True, overflow="ignore", crop=False)


def _table(section: Section, gap: int, *, least: bool = False) -> Table:
    """The table; `least`: as narrow as cutting can make it."""
    table = Table(
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
            _drawn(column.heading, column),
            _drawn(section.total[at], column) if section.total else "",
            justify="right" if column.figures else "left",
            no_wrap=not column.is_name,
            overflow="ellipsis" if column.cut else "fold",
            max_width=column.cut if least and column.cut else None,
        )
    for row in section.rows:
        table.add_row(*map(_drawn, row, section.columns))
    return table


def _drawn(cell: str | Cell, column: Column) -> Text:
    text = Text(no_wrap=True if column.cut else None, overflow="ellipsis" if column.cut else None)
    if isinstance(cell, Cell):
        return text.append(plain(cell.lead), "dim").append(plain(cell.text, lines=True), STYLES[cell.mark])
    return text.append(plain(cell, lines=True))
