"""The door to all prices: host to provider, path to route, model and terms to a quote; it does not read files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from llmobs.pricing import glob
from llmobs.pricing.charge import Quote
from llmobs.pricing.name import Model, PriceList, find
from llmobs.pricing.provider import Provider, Route
from llmobs.pricing.rate import Entry, entry_on
from llmobs.pricing.rule import Case, Terms

# A proxy sees some thousand hosts and some hundred models a day; what falls out is found again in microseconds.
_REMEMBERED = 4096


# USD for one of a currency and since when, the newest first.
type Currency = tuple[tuple[date | None, Decimal], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """All that price files say, plain data."""

    updated: date
    providers: Mapping[str, Provider]
    currencies: Mapping[str, Currency]


class PriceBook:
    """Providers and prices as of `updated`. Answers are remembered, so asking again costs about a microsecond."""

    def __init__(self, contents: Contents) -> None:
        self.updated = contents.updated
        self.providers = contents.providers
        self.currencies = contents.currencies
        hosts = {host: provider for provider in self.providers.values() for host in provider.hosts}
        self._exact = {host: provider for host, provider in hosts.items() if not glob.is_glob(host)}
        # The longest pattern says most, so it is asked first.
        self._globs = sorted(((h, p) for h, p in hosts.items() if glob.is_glob(h)), key=lambda hp: -len(hp[0]))
        self._region = lru_cache(_REMEMBERED)(Provider.region)
        self._at = lru_cache(_REMEMBERED)(self._provider_at)
        self._routed = lru_cache(_REMEMBERED)(_route)
        self._found = lru_cache(_REMEMBERED)(self._find)
        self._priced = lru_cache(_REMEMBERED)(_price)

    def provider_at(self, host: str, port: int) -> Provider | None:
        """The provider that answers at an address."""
        return self._at(host, port)

    def region(self, provider: Provider, host: str) -> str | None:
        """The region that a host of a provider names; None where it names none."""
        return self._region(provider, host)

    def route(self, provider: Provider, method: str, path: str, model: str | None = None) -> Route | None:
        """What a path without its query string means; None where no rule names it.

        A rule for some models only is passed over when the model, from the URL or given here, is another one.
        """
        return self._routed(provider, method, path, model)

    def quote(self, provider: Provider, model: str, terms: Terms) -> Quote | None:
        """The rates of a call; None where no price list holds the model, or none that had started by then."""
        found = self._found(provider, model)
        entry = found and entry_on(found[1].entries, terms.at.date())
        if not found or not entry:
            return None
        return self._priced(found[0], found[1], entry, entry.case(terms, provider.default_tiers))

    def usd(self, currency: str, at: datetime) -> Decimal | None:
        """USD for one of a currency (its three letters) on a day; None where its rate is not known."""
        code = currency.casefold()
        rates = self.currencies.get(code, ())
        found = next((rate for start, rate in rates if start is None or start <= at.date()), None)
        return Decimal(1) if code == "usd" else found

    def _provider_at(self, host: str, port: int) -> Provider | None:
        wanted = glob.endpoint(host, port)
        exact = self._exact.get(wanted)
        return exact or next((provider for pattern, provider in self._globs if glob.fits(pattern, wanted)), None)

    def _find(self, provider: Provider, model: str) -> tuple[PriceList, Model] | None:
        return find(model, provider.prices, (self.providers[other].prices for other in provider.prices_from))


def _route(provider: Provider, method: str, path: str, model: str | None) -> Route | None:
    return next((found for rule in provider.routes if (found := rule.match(method, path, model))), None)


def _price(prices: PriceList, model: Model, entry: Entry, case: Case) -> Quote:
    rates = entry.rates(case)
    since = "" if entry.start is None else f"@{entry.start}"
    version = f"{prices.provider}/{model.name}{since}"
    return Quote(model.name, version, rates or {}, rates is not None)
