"""The lines of price files as they are written, with the remarks at their ends; it does not know what they mean."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from llmobs.pricing.rule import Rule
from scripts.price_sources.book import BookError, Line, parse


class Notes:
    """The lines of several files, later ones on top; a file that is written in another form has none."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._texts = [file.read_text(encoding="utf-8") for file in reversed(files)]
        self._models = cache(self._models_of)

    def lines(self, at: tuple[str, str]) -> list[Line]:
        """The lines of a model, of the last file that has it."""
        owner, model = at
        return next((models[model] for models in self._models(owner) if model in models), [])

    def _models_of(self, owner: str) -> list[Mapping[str, list[Line]]]:
        return [_parsed(text, owner) for text in self._texts]

    def of(self, at: tuple[str, str], rule: Rule) -> str:
        """What is written behind a rule."""
        factor = {} if rule.multiply is None else {"multiply": rule.multiply}
        same = [
            line for line in self.lines(at) if line.start == rule.start and _plain(line) == {**rule.rates, **factor}
        ]
        return next((line.text.partition("# ")[2] for line in same), "")


def _plain(line: Line) -> dict[str, Decimal]:
    return dict(line.rates)


def _parsed(text: str, owner: str) -> Mapping[str, list[Line]]:
    try:
        found = parse(text, owner).blocks.get(owner)
    except BookError:
        return {}
    return found.models if found else {}
