"""Where pricing.yaml and a source name different rates, and why ours stands; it changes nothing and reads no file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from scripts.price_sources.book import HAND, Block, Book, entries, plain
from scripts.price_sources.catalog import Sides
from scripts.price_sources.complete import rounds
from scripts.price_sources.facts import LIST, Listing, When, flat, same
from scripts.price_sources.merge import Dated, current

_ROUNDED = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reviewed line: `why` ours stands for every place that fits the patterns."""

    why: str
    provider: str = "*"
    source: str = "*"
    model: str = "*"
    unit: str = "*"

    def fits(self, found: "Disagreement") -> bool:
        """True where every pattern fits."""
        pairs = (
            (self.provider, found.provider),
            (self.source, found.source),
            (self.model.casefold(), found.name.casefold()),
            (self.unit, found.unit),
        )
        return all(fnmatchcase(text, pattern) for pattern, text in pairs)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One rate that a source states otherwise than the file."""

    provider: str
    name: str
    source: str
    when: When
    unit: str
    ours: Decimal
    theirs: Decimal
    derived: str | None

    def __str__(self) -> str:
        where = f"{self.provider}/{self.name} {self.unit}{f', {self.when}' if self.when != LIST else ''}"
        return f"{where}: ours {plain(self.ours)}, {self.source} {plain(self.theirs)}"


def disagreements(book: Book, sources: Mapping[str, Sides], today: date) -> Iterator[Disagreement]:
    """Every rate that both the file and a source have, and that differs by more than rounding."""
    for provider, block in book.blocks.items():
        names = block.names()
        for listing in (listing for side in sources.get(provider, ()) for listing in side):
            model = names.find(listing.name)
            if model is not None:
                yield from _of_model(provider, block, model, listing, today)


def _of_model(provider: str, block: Block, model: str, listing: Listing, today: date) -> Iterator[Disagreement]:
    dated = entries(block.models[model])
    now = current(dated, today)
    ours, theirs = flat(now.sheet), flat(listing.at(today))
    for when, unit in sorted(ours.keys() & theirs.keys(), key=lambda place: (place[0].order(), place[1])):
        left, right = ours[when, unit], theirs[when, unit]
        if not same(left, right):
            why = _derived(block, model, dated, now, (when, unit), right)
            yield Disagreement(provider, listing.name, listing.source, when, unit, left, right, why)


def _derived(
    block: Block, model: str, dated: Sequence[Dated], now: Dated, place: tuple[When, str], theirs: Decimal
) -> str | None:
    """A reason that follows from the figures alone."""
    ours = flat(now.sheet)[place]
    if abs(ours - theirs) <= max(ours, theirs) * _ROUNDED or rounds(ours, theirs):
        return "rounded, or converted from another currency"
    earlier = [flat(entry.sheet).get(place) for entry in dated if (entry.start or date.min) < (now.start or date.min)]
    if any(rate is not None and same(rate, theirs) for rate in earlier):
        return "still lists the price before a dated change"
    if now.source(*place) == HAND and any("#" in line.text for line in block.models[model] if line.source == HAND):
        return "made by hand, the page is named on its line"
    return None


def sorted_out(
    found: Iterable[Disagreement], reasons: Sequence[Reason]
) -> tuple[dict[str, list[Disagreement]], list[Disagreement]]:
    """The disagreements by reason, and those that have none; a reviewed line goes before a derived reason."""
    known: dict[str, list[Disagreement]] = {}
    unknown: list[Disagreement] = []
    for item in found:
        why = next((reason.why for reason in reasons if reason.fits(item)), item.derived)
        if why is None:
            unknown.append(item)
        else:
            known.setdefault(why, []).append(item)
    return known, unknown
