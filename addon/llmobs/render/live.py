"""A whole screen, drawn again and again and left as it was; it does not know what is on it or when that changes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.control import Control
from rich.text import Text

from llmobs.render.plain import plain
from llmobs.render.screen import STYLES, Screen
from llmobs.render.section import Cell, Section, text_of

# A line of text, whole or in marked pieces, or a table.
type Part = str | Cell | Sequence[str | Cell] | Section


class Live(Screen):
    """The whole terminal; what does not fit is cut off at the bottom."""

    @property
    def height(self) -> int:
        """How many lines there are."""
        return self._console.height

    @property
    def is_terminal(self) -> bool:
        """Whether there is one."""
        return self._console.is_terminal

    def parts(self, parts: Sequence[Part]) -> None:
        """Print them once, one below the other."""
        if drawn := list(self._drawn(parts)):
            self._console.print(Group(*drawn))

    @contextmanager
    def whole(self) -> Iterator["Live"]:
        """Have the terminal for itself; `draw` works within."""
        with self._console.screen(hide_cursor=True) as self._screen:
            yield self

    def draw(self, parts: Sequence[Part]) -> None:
        """Show these instead of what was there."""
        self._console.control(Control.home())
        self._screen.update(Group(*self._drawn(parts)))

    def _drawn(self, parts: Sequence[Part]) -> Iterator[RenderableType]:
        for part in parts:
            if isinstance(part, Section):
                if part.title:
                    yield Text(plain(part.title), "bold", no_wrap=True, overflow="ellipsis")
                if part.rows:
                    yield self._fitting(part)
                if part.note:
                    yield Text(plain(part.note), "dim", no_wrap=True, overflow="ellipsis")
            else:
                yield _line(part)


def _line(part: str | Cell | Sequence[str | Cell]) -> Text:
    pieces = [part] if isinstance(part, str | Cell) else part
    line = Text(no_wrap=True, overflow="ellipsis")
    for piece in pieces:
        line.append(plain(text_of(piece)), STYLES[piece.mark] if isinstance(piece, Cell) else "")
    return line
