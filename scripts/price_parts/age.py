"""How old prices are and who gave them; it reads no price file and asks no network."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from llmobs.pricing import PriceBook, Provider
from llmobs.pricing.rate import entry_on

_OLDEST = 10


@dataclass(frozen=True, slots=True)
class Package:
    """A public price list: the version that our prices were last refreshed from, and the one that is installed."""

    name: str
    refreshed_from: str
    installed: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The rules of a provider by who gave them. `newest` is the last start of a dated price."""

    provider: str
    models: int
    by_source: dict[str, int]
    dated: int
    newest: date | None


@dataclass(frozen=True, slots=True)
class Old:
    """A price in force that has not changed since a date."""

    provider: str
    model: str
    since: date
    source: str


@dataclass(frozen=True, slots=True)
class Age:
    """The age of a price book on a day."""

    updated: date
    days: int
    packages: list[Package]
    providers: list[Counted]
    oldest: list[Old]


def age(book: PriceBook, pins: Path, today: date) -> Age:
    """How old the prices of a book are; `pins` names the versions that they were refreshed from."""
    packages = [Package(name, pinned, _installed(name)) for name, pinned in json.loads(pins.read_text()).items()]
    providers = sorted(book.providers.values(), key=lambda provider: provider.id)
    old = sorted((o for provider in providers for o in _in_force(provider, today)), key=lambda o: o.since)
    days = (today - book.updated).days
    return Age(book.updated, days, packages, [_counted(p) for p in providers if p.prices.models], old[:_OLDEST])


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _counted(provider: Provider) -> Counted:
    rules = [rule for model in provider.prices.models.values() for entry in model.entries for rule in entry.rules]
    starts = [rule.start for rule in rules if rule.start]
    by_source = Counter(rule.source for rule in rules)
    return Counted(provider.id, len(provider.prices.models), dict(by_source), len(starts), max(starts, default=None))


def _in_force(provider: Provider, today: date) -> Iterator[Old]:
    for model in provider.prices.models.values():
        entry = entry_on(model.entries, today)
        if entry and entry.start:
            yield Old(provider.id, model.name, entry.start, entry.rules[0].source)
