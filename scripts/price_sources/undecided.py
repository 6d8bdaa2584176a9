"""Prices that the rules of a model leave undecided; it reads a price file's rules and knows no source.

The addon takes, for each unit, the applying rule with the most conditions. That is right only where a conditional rule
names every token unit of the list price (else some stay at the list price), where two conditions that can meet have a
rule of their own (else one of them is passed over), and where a factor does not scale rates that have it already.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from scripts.price_sources.book import Book, entries
from scripts.price_sources.facts import LIST, TOKEN_UNITS, Sheet, When


def undecided(book: Book) -> Iterator[str]:
    """One line for each gap and each tie of the book."""
    for provider, block in book.blocks.items():
        for model, lines in block.models.items():
            for entry in entries(lines):
                since = f" from {entry.start}" if entry.start else ""
                yield from (f"{provider}/{model}{since}: {text}" for text in _of_sheet(entry.sheet))


def _of_sheet(sheet: Sheet) -> Iterator[str]:
    listed = _tokens(sheet, LIST)
    whens = [when for when in sheet if when != LIST and _tokens(sheet, when)]
    for when in whens:
        missing = [unit for unit in TOKEN_UNITS if unit in listed - _tokens(sheet, when)]
        if "multiply" in sheet.get(replace(when, above=None), {}):
            yield f"{when} has rates and a factor that scales them"
        elif missing:
            yield f"{when} leaves {', '.join(missing)} at the list price; name them, or write multiply"
    yield from _ties(whens)


def _ties(whens: Sequence[When]) -> Iterator[str]:
    for one, other in combinations(whens, 2):
        both = _both(one, other)
        if both is not None and both not in whens:
            yield f"no rule says what holds for {both} together"


def _both(one: When, other: When) -> When | None:
    """The conditions of two rules together; None where they cannot meet. A batch call is of no other tier."""
    tiers = {when.tier for when in (one, other) if when.tier}
    for name in ("region", "variant", "hours", "days"):
        if len({getattr(when, name) for when in (one, other)} - {None}) > 1:
            return None
    if len(tiers) + (one.batch or other.batch) > 1:
        return None
    return When(
        above=max((when.above for when in (one, other) if when.above), default=None),
        tier=next(iter(tiers), None),
        batch=one.batch or other.batch,
        region=one.region or other.region,
        variant=one.variant or other.variant,
        hours=one.hours or other.hours,
        days=one.days or other.days,
    )


def _tokens(sheet: Sheet, when: When) -> set[str]:
    return {unit for unit in sheet.get(when, {}) if unit in TOKEN_UNITS}
