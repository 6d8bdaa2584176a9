"""What a model costs at a time, at every provider that lists its name; it prints nothing and reads no file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from llmobs.pricing import PriceBook, Provider, Terms, glob
from llmobs.pricing.name import Model, PriceList
from llmobs.pricing.rate import Entry, entry_on
from llmobs.pricing.rule import Rule
from llmobs.units import UNITS, Side
from scripts.price_parts.notes import Notes
from scripts.price_sources.names import undated

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of a price list: USD for `per` of a unit, or a factor on all token rates where `per` is None."""

    unit: str
    rate_usd: Decimal
    per: int | None
    conditions: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of one price list: its rates from `since` on, and by which rule each provider came to it."""

    prices_of: str
    model: str
    providers: Mapping[str, str]
    since: date | None
    until: date | None
    rates: tuple[Rate, ...]
    page: str | None
    trouble: str = ""


def listed(book: PriceBook, notes: Notes, name: str, terms: Terms, only: str | None, call: bool) -> list[Listed]:
    """Every price list that a name leads to. `call`: the rates of a call on these terms alone, not all conditions."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for provider in book.providers.values():
        if only in (None, provider.id) and (at := place(book, provider, name)):
            lists = (provider.prices, book.providers[at[0]].prices)
            found.setdefault(at, {})[provider.id] = _rule_of(lists, at[1].casefold(), name)
    return [_listed(book, notes, at, providers, terms, call) for at, providers in found.items()]


def place(book: PriceBook, provider: Provider, name: str) -> tuple[str, str] | None:
    """The price list and the model in it that a name leads to, whenever it started."""
    quote = book.quote(provider, name, Terms(_ALWAYS, 0, None))
    return (quote.version.partition("/")[0], quote.model) if quote else None


def model_at(book: PriceBook, at: tuple[str, str]) -> Model:
    """The model at a place."""
    return book.providers[at[0]].prices.models[at[1].casefold()]


def _rule_of(lists: Iterable[PriceList], target: str, asked: str) -> str:
    """How a name leads to a model, by the provider's own list or by the one that has the model."""
    ways = (way for prices in lists if (way := _way(prices, target, asked)))
    return next(ways, "by rules of several providers")


def _way(prices: PriceList, target: str, asked: str) -> str | None:
    name = prices.stripped(asked)
    steps = [] if name == asked.casefold() else ["without its prefix"]
    if target not in (name, *prices.aliased(name)) and undated(name) != name:
        name = undated(name)
        steps.append("without its date")
    if target in prices.aliased(name):
        steps.append(_alias(prices, name, target))
    elif target != name:
        return None
    return ", ".join(steps) or "by its name"


def _alias(own: PriceList, name: str, target: str) -> str:
    if own.aliases.get(name) == target:
        return f"alias {name}"
    pattern = next(p for p, aim in own.alias_globs if aim == target and glob.matches(p, name))
    return f"alias {pattern}"


def _listed(
    book: PriceBook, notes: Notes, at: tuple[str, str], providers: Mapping[str, str], terms: Terms, call: bool
) -> Listed:
    entries = model_at(book, at).entries
    entry = entry_on(entries, terms.at.date())
    later = [e.start for e in entries if e.start and e.start > terms.at.date()]
    since, until = entry.start if entry else None, min(later, default=None)
    whole = Listed(*at, providers, since, until, (), book.providers[at[0]].source)
    if entry is None:
        return replace(whole, trouble=f"no price on {terms.at:%Y-%m-%d}; the first one holds from {whole.until}")
    rates = _of_call(entry, terms, book.providers[next(iter(providers))]) if call else list(_of_rules(entry.rules))
    if not rates:
        return replace(whole, trouble=f"no price for {_unlisted(entry, terms)}; such a call is stored as unpriced")
    return replace(whole, rates=tuple(replace(rate, note=notes.of(at, rule)) for rate, rule in rates))


def _unlisted(entry: Entry, terms: Terms) -> str:
    """The term of a call that no rule names."""
    if terms.service_tier and terms.service_tier.casefold() not in entry.tiers:
        return "this tier"
    return "a batch" if terms.batch else "these terms"


def _of_rules(rules: Iterable[Rule]) -> Iterator[tuple[Rate, Rule]]:
    """Each rate as it is listed, with its conditions."""
    for rule in rules:
        if rule.multiply is not None:
            yield Rate("all tokens", rule.multiply, None, conditions(rule), rule.source), rule
        for unit in sorted(rule.rates, key=list(UNITS).index):
            yield Rate(unit, rule.rates[unit], UNITS[unit].per, conditions(rule), rule.source), rule


def _of_call(entry: Entry, terms: Terms, provider: Provider) -> list[tuple[Rate, Rule]]:
    """The rates that one call is charged, each with the rule that says most; none where its tier has no price."""
    case = entry.case(terms, provider.default_tiers)
    rates = entry.rates(case) or {}
    rules = [rule for rule in entry.rules if rule.applies(case)]
    ruling = {unit: rule for rule in rules for unit in rule.rates}
    factors = [rule for rule in rules if rule.multiply is not None]
    return [
        (
            Rate(unit, rates[unit], UNITS[unit].per, _together(unit, ruling[unit], factors), ruling[unit].source),
            ruling[unit],
        )
        for unit in sorted(rates, key=list(UNITS).index)
    ]


def _together(unit: str, rule: Rule, factors: Iterable[Rule]) -> str:
    scaling = (
        [] if UNITS[unit].side is Side.FEE else [f"x {factor.multiply} {conditions(factor)}" for factor in factors]
    )
    return ", ".join(filter(None, (conditions(rule), *scaling)))


def conditions(rule: Rule) -> str:
    """When a rule holds, as people say it; empty where always."""
    words = (
        f"above {rule.above:,} tokens" if rule.above else "",
        f"tier {rule.tier}" if rule.tier else "",
        "batch" if rule.batch else "",
        f"region {rule.region}" if rule.region else "",
        rule.variant or "",
        f"{_clock(rule.hours[0])}-{_clock(rule.hours[1])} UTC" if rule.hours else "",
        " ".join(_DAYS[day] for day in sorted(rule.days)) if rule.days else "",
    )
    return ", ".join(filter(None, words))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
