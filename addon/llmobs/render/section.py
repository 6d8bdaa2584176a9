"""What a table says, and how it gets narrower; it does not know how wide it is or how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

# What a cell's colour says; without colours the text must say it as well.
type Mark = Literal["", "good", "warn", "bad", "quiet", "strong", "accent"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text that is marked, behind a lead that is not."""

    text: str
    mark: Mark = ""
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; names fold where room is short, figures never do and stand at the right.

    picture: stands at the left like a name, and is never folded. cut: a name is not folded but loses its end, down to
    so many characters. spare: is left out where the table is too wide, the highest first, of equals the last.
    """

    heading: str
    figures: bool = True
    picture: bool = False
    cut: int = 0
    spare: int = 0

    @property
    def is_name(self) -> bool:
        """Whether it may fold."""
        return not self.figures and not self.picture


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table with a last row of totals, if any, and a note under it."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | Cell]]
    total: Sequence[str | Cell] | None = None
    note: str = ""


def text_of(cell: str | Cell) -> str:
    """What a cell says, whether marked or not."""
    return cell.lead + cell.text if isinstance(cell, Cell) else cell


def without_spare(section: Section) -> Section | None:
    """The same without its last spare column; nothing where it has none."""
    spare = [(column.spare, at) for at, column in enumerate(section.columns) if column.spare]
    if not spare:
        return None
    _, at = max(spare)

    def shorter[T](cells: Sequence[T]) -> Sequence[T]:
        return [*cells[:at], *cells[at + 1 :]]

    return replace(
        section,
        columns=shorter(section.columns),
        rows=[shorter(row) for row in section.rows],
        total=shorter(section.total) if section.total else None,
    )


def stacked(section: Section) -> Section:
    """The same with its leading names in one column."""
    names = next((at for at, column in enumerate(section.columns) if not column.is_name), len(section.columns))
    if names < 2:
        return section

    def merged(cells: Sequence[str | Cell], between: str) -> Sequence[str | Cell]:
        told = between.join(filter(None, map(text_of, cells[:names])))
        marks = [cell.mark for cell in cells[:names] if isinstance(cell, Cell)]
        return [Cell(told, marks[0]) if marks else told, *cells[names:]]

    leading = ", ".join(column.heading for column in section.columns[:names])
    return replace(
        section,
        columns=[replace(section.columns[0], heading=leading), *section.columns[names:]],
        rows=[merged(row, "\n") for row in section.rows],
        total=merged(section.total, "") if section.total else None,
    )
