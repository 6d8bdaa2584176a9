"""The lines of price files as they are written, with the remarks at their ends; it does not know what they mean."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from llmobs.pricing.rule import Rule
from scripts.price_sources.book import Book, BookError, Line, parse


class Notes:
    """The lines of several files, later ones on top; a file that is written in another form has none."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._books = [book for file in reversed(files) if (book := _parsed(file))]

    def lines(self, at: tuple[str, str]) -> list[Line]:
        """The lines of a model, of the last file that has it."""
        owner, model = at
        blocks = [book.blocks[owner].models for book in self._books if owner in book.blocks]
        return next((models[model] for models in blocks if model in models), [])

    def of(self, at: tuple[str, str], rule: Rule) -> str:
        """What is written behind a rule."""
        factor = {} if rule.multiply is None else {"multiply": rule.multiply}
        same = [
            line for line in self.lines(at) if line.start == rule.start and _plain(line) == {**rule.rates, **factor}
        ]
        return next((line.text.partition("# ")[2] for line in same), "")


def _plain(line: Line) -> dict[str, Decimal]:
    return dict(line.rates)


def _parsed(file: Path) -> Book | None:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except BookError:
        return None
