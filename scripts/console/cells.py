"""Cells that several reports have in common; they neither ask nor print."""

from collections.abc import Sequence

from llmobs.render import Cell, Column, percent
from scripts.console.options import ALIASES

# What is left of the longest name before figures are left out.
NAME_WIDTH = 14
# Changes within it are noise.
STEADY = 0.1
_SHORT = {long: short for short, long in ALIASES.items()}


def names(by: Sequence[str]) -> list[Column]:
    """The columns of what a table is grouped by; long names lose their end where room is short."""
    return [Column(heading(column), figures=False, cut=NAME_WIDTH) for column in by]


def heading(column: str) -> str:
    """What a table calls a column."""
    return _SHORT.get(column, column)


def name(value: object) -> str:
    """A value that calls are grouped by."""
    return "(none)" if value is None else str(value)


def left_out(there: int, shown: int) -> str:
    """What a note says of rows that a table does not show; nothing where it shows all."""
    return f"{there - shown:,} more: --limit" if there > shown else ""


def changed(figure: float | None, before: float | None) -> str | Cell:
    """How much more or less it is than before, where less is better; a dash where there is nothing to compare."""
    if figure is None or not before:
        return "-"
    change = figure / before - 1
    text = f"{'▲' if change > 0 else '▼'}{percent(abs(change))}" if abs(change) >= 0.0005 else "="
    if abs(change) <= STEADY:
        return text
    return Cell(text, "bad" if change > 0 else "good")
