"""What was called without a price, and the lines that would give it one; it asks no database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from llmobs.pricing import PriceBook, Provider, Quote, Terms, charges
from llmobs.pricing.rate import Entry, entry_on
from scripts.price_parts.listed import model_at, place
from scripts.price_parts.notes import Notes
from scripts.price_sources.book import key

TODO = "TODO"


@dataclass(frozen=True, slots=True)
class Missing:
    """One gap: the units of a model that have no rate, or a path that no route knows.

    variants: those of the calls, where such units are sold by variant. like: a model of nearly the same name.
    priced: a price is there by now, and repricing brings it in.
    """

    provider: str
    model: str | None
    path: str | None
    units: tuple[str, ...]
    calls: int
    input_tokens: int | None
    output_tokens: int | None
    last_at: datetime
    like: str | None
    priced: bool
    variants: tuple[str, ...] = ()


def missing(book: PriceBook, rows: Iterable[dict[str, Any]]) -> list[Missing]:
    """The rows of missing_prices.sql, each beside what the price list says today."""
    return [_missing(book, **row) for row in rows]


def _missing(book: PriceBook, *, units: list[str], variants: list[str], **row: Any) -> Missing:
    used = tuple(units) or tuple(unit for unit in ("input", "output") if row[f"{unit}_tokens"])
    gap = Missing(**row, units=used, like=None, priced=False)
    provider, model = book.providers.get(gap.provider), gap.model
    if not provider or not model:
        return gap
    entry = _entry(book, place(book, provider, model), gap)
    gap = replace(gap, variants=tuple(variants) if entry and _by_variant(entry, used) else ())
    quotes = [book.quote(provider, model, _terms(gap, variant)) for variant in gap.variants or (None,)]
    like = None if any(quotes) else _like(book, provider, model)
    return replace(gap, like=like, priced=all(quote and _complete(quote, used) for quote in quotes))


def _by_variant(entry: Entry, units: Iterable[str]) -> bool:
    """True where one of the units is sold by variant."""
    return any(rule.variant and not rule.rates.keys().isdisjoint(units) for rule in entry.rules)


def _entry(book: PriceBook, at: tuple[str, str] | None, gap: Missing) -> Entry | None:
    return entry_on(model_at(book, at).entries, gap.last_at.date()) if at else None


def _terms(gap: Missing, variant: str | None) -> Terms:
    return Terms(gap.last_at.replace(tzinfo=UTC), 0, None, variant=variant)


def _complete(quote: Quote, units: Iterable[str]) -> bool:
    return all(line.amount_usd is not None for line in charges(quote, dict.fromkeys(units, 1)))


def _like(book: PriceBook, provider: Provider, model: str) -> str | None:
    lists = [provider.prices, *(book.providers[name].prices for name in provider.prices_from)]
    names = [name for prices in lists for name in prices.models]
    return next(iter(get_close_matches(model.casefold(), names, 1, 0.6)), None)


def yaml(book: PriceBook, notes: Notes, found: Iterable[Missing]) -> str:
    """The lines of a user's own file that would close the gaps; a price to fill in is TODO, which no file may hold."""
    gaps: dict[str, list[Missing]] = {}
    for gap in found:
        if not gap.priced and (gap.path or gap.model):
            gaps.setdefault(gap.provider, []).append(gap)
    blocks = [line for provider, some in sorted(gaps.items()) for line in _block(book, notes, provider, some)]
    return "\n".join(["providers:", *blocks]) if blocks else ""


def _block(book: PriceBook, notes: Notes, provider: str, gaps: list[Missing]) -> Iterator[str]:
    yield f"  {provider}:"
    if paths := sorted({gap.path for gap in gaps if gap.path}):
        yield "    routes:"
        yield from (f'      - {{path: "{path}", dialect: {TODO}}}' for path in paths)
    if named := {gap.model: gap for gap in gaps if gap.model and not gap.path}:
        yield "    models:"
        for model, gap in sorted(named.items()):
            yield from _model(book, notes, model, gap)


def _model(book: PriceBook, notes: Notes, model: str, gap: Missing) -> Iterator[str]:
    """A model as a whole: an entry of one's own takes the place of ours."""
    provider = book.providers.get(gap.provider)
    at = place(book, provider, model) if provider else None
    if gap.like:
        yield f"      # or, if it is the same model, under aliases: {key(model)}: {key(gap.like)}"
    yield f"      {key(at[1] if at else model)}:"
    yield from (line.text for line in notes.lines(at)) if at else ()
    entry = _entry(book, at, gap)
    since = [f"from: {entry.start}"] if entry and entry.start else []
    rates = [f"{unit}: {TODO}" for unit in gap.units]
    for condition in [[f"variant: {key(variant)}"] for variant in gap.variants] or [[]]:
        yield f"        - {{{', '.join([*since, *condition, *rates])}}}"
