"""A price file brought up to what the sources say: adds, never overwrites. It knows no network and writes no file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from scripts.price_sources.book import HAND, Block, Book, entries, lines, plain
from scripts.price_sources.catalog import Sides
from scripts.price_sources.complete import completed
from scripts.price_sources.facts import LIST, PRIMARY, Sheet, When, flat
from scripts.price_sources.merge import Dated, Merged, current, merge

type Places = dict[tuple[When, str], Decimal]


@dataclass(slots=True)
class Changes:
    """What a refresh did, as lines for people."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)

    def report(self) -> Iterator[str]:
        """The changes under headings, each with its number."""
        for title, found in (
            ("added", self.added),
            ("changed", self.changed),
            ("gone upstream (kept here)", self.gone),
            ("made by hand, and upstream says otherwise (kept)", self.by_hand),
        ):
            yield f"{title}: {len(found)}"
            yield from (f"  {line}" for line in sorted(found))


def refresh(book: Book, sources: Mapping[str, Sides], today: date) -> Changes:
    """Bring every provider of the book up to its sources."""
    changes = Changes()
    for name, block in book.blocks.items():
        if name in sources:
            merged = merge(*sources[name], today)
            for model, dated in merged.models.items():
                for entry in dated:
                    _completed(entry, model, name)
                _model(block, name, model, dated, today, changes)
            _aliases(block, merged)
            changes.gone += _gone(block, name, merged)
    return changes


def _model(block: Block, provider: str, model: str, dated: list[Dated], today: date, changes: Changes) -> None:
    label = f"{provider}/{model}"
    known = block.names().exact(model)
    if known is None:
        block.models[model] = [line for entry in dated for line in lines(entry)]
        changes.added.append(f"{label}: {_shown(current(dated, today).sheet)}")
        return
    have = entries(block.models[known])
    if _made_by_hand(current(have, today)):
        changes.by_hand += [f"{label}: {text}" for text in _differences(current(have, today), current(dated, today))]
        return
    for entry in _news(have, dated, today):
        _append(block, known, entry, label, changes)
    for entry in entries(block.models[known]):
        wanted = current(dated, today) if entry.start == current(have, today).start else _started(dated, entry.start)
        if wanted is not None:
            _complete(block, known, entry, wanted, label, changes)


def _completed(entry: Dated, model: str, provider: str) -> None:
    """Add what follows from the listed rates; it has the source of the condition that it belongs to."""
    full = completed(entry.sheet, model, provider)
    have = flat(entry.sheet)
    for when, unit in flat(full).keys() - have.keys():
        entry.others[when, unit] = _source(entry, when)
    entry.sheet = full


def _source(entry: Dated, when: When) -> str:
    """The source of a condition, or of its part without long context."""
    places = (when, replace(when, above=None))
    found = ([entry.source(*place) for place in flat(entry.sheet) if place[0] == at] for at in places)
    sources = next((some for some in found if some), [entry.main])
    return entry.main if entry.main in sources else sources[0]


def _started(dated: list[Dated], start: date | None) -> Dated | None:
    return next((entry for entry in dated if entry.start == start), None)


def _made_by_hand(entry: Dated) -> bool:
    return any(unit in entry.sheet.get(LIST, {}) and entry.source(LIST, unit) == HAND for unit in PRIMARY)


def _news(have: list[Dated], dated: list[Dated], today: date) -> Iterator[Dated]:
    """Entries that the file lacks: those that upstream dates later than its last one, and a change without a date."""
    last = have[-1].start or date.min
    for entry in dated:
        if (entry.start or date.min) > last and (_changed(have[-1], entry) or _lacks(have[-1], entry)):
            have.append(_carried(have[-1], entry, entry.start))
            yield have[-1]
    now, wanted = current(have, today), current(dated, today)
    if _changed(now, wanted):
        yield _carried(now, wanted, today)


def _changed(now: Dated, wanted: Dated) -> Places:
    """The places where upstream has another rate than the file, hand-made ones left out."""
    ours, theirs = flat(now.sheet), flat(wanted.sheet)
    return {
        place: theirs[place]
        for place in ours.keys() & theirs.keys()
        if ours[place] != theirs[place] and now.source(*place) != HAND
    }


def _lacks(now: Dated, wanted: Dated) -> bool:
    return not flat(wanted.sheet).keys() <= flat(now.sheet).keys()


def _carried(now: Dated, wanted: Dated, start: date | None) -> Dated:
    """The new entry, with the hand-made rates of the one before it."""
    entry = Dated(start, {when: dict(units) for when, units in wanted.sheet.items()}, wanted.main, dict(wanted.others))
    for (when, unit), source in now.others.items():
        if source == HAND:
            entry.sheet.setdefault(when, {})[unit] = now.sheet[when][unit]
            entry.others[when, unit] = HAND
    return entry


def _append(block: Block, model: str, entry: Dated, label: str, changes: Changes) -> None:
    before = entries(block.models[model])[-1]
    ours, theirs = flat(before.sheet), flat(entry.sheet)
    moved = [
        f"{_place(when, unit)} {plain(ours[when, unit])} -> {plain(theirs[when, unit])}"
        for when, unit in sorted(ours.keys() & theirs.keys(), key=lambda place: (place[0].order(), place[1]))
        if ours[when, unit] != theirs[when, unit]
    ]
    block.models[model] += lines(entry)
    changes.changed.append(f"{label} from {entry.start}: {', '.join(moved)}")


def _complete(block: Block, model: str, now: Dated, wanted: Dated, label: str, changes: Changes) -> None:
    """Add the rates that an entry lacks."""
    have = flat(now.sheet)
    missing: Sheet = {}
    for (when, unit), value in flat(wanted.sheet).items():
        if (when, unit) not in have:
            missing.setdefault(when, {})[unit] = value
    if missing:
        block.models[model] += lines(replace(wanted, start=now.start, sheet=missing))
        changes.added.append(f"{label}: {_shown(missing)}")
    changes.by_hand += [f"{label}: {text}" for text in _differences(now, wanted)]


def _differences(ours: Dated, theirs: Dated) -> Iterator[str]:
    have, wanted = flat(ours.sheet), flat(theirs.sheet)
    for when, unit in have.keys() & wanted.keys():
        if have[when, unit] != wanted[when, unit] and ours.source(when, unit) == HAND:
            where = f"{_place(when, unit)} {plain(have[when, unit])}, {theirs.source(when, unit)} says"
            yield f"{where} {plain(wanted[when, unit])}"


def _aliases(block: Block, merged: Merged) -> None:
    for alias, target in merged.aliases.items():
        if block.names().find(alias) is None:
            block.aliases[alias] = target


def _gone(block: Block, provider: str, merged: Merged) -> Iterator[str]:
    for model, rules in block.models.items():
        if merged.names.find(model) is None and any(line.source != HAND for line in rules):
            yield f"{provider}/{model}"


def _shown(sheet: Sheet) -> str:
    return ", ".join(f"{_place(when, unit)} {plain(value)}" for (when, unit), value in flat(sheet).items())


def _place(when: When, unit: str) -> str:
    return f"{unit} ({when})" if when != LIST else unit
