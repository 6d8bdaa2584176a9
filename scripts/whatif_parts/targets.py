"""The models that traffic may go to instead, by their names or all there are; it does not price them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from llmobs.config import did_you_mean
from llmobs.pricing import PriceBook, Provider, glob
from llmobs.pricing.rate import Entry, entry_on
from scripts.price_parts.listed import model_at, place


class UnknownModelError(Exception):
    """A name that leads to no price, or to several; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one provider, with its price entry of today."""

    provider: Provider
    model: str
    entry: Entry

    @property
    def name(self) -> str:
        """How a command line names it."""
        return f"{self.provider.id}/{self.model}"


def named(book: PriceBook, text: str, today: date) -> Target:
    """The target that PROVIDER/MODEL or MODEL means; raises UnknownModelError."""
    provider_id, slash, model = text.partition("/")
    if slash and provider_id in book.providers:
        found = _target(book, book.providers[provider_id], model, today)
        if found is None:
            there = book.providers[provider_id].prices.models
            raise UnknownModelError(f"{provider_id} has no price for {model} today; {did_you_mean(model, there)}")
        return found
    homes = [provider for provider in book.providers.values() if provider.prices.look_up(text)]
    found_at = [target for home in homes if (target := _target(book, home, text, today))]
    if len(found_at) == 1:
        return found_at[0]
    if found_at:
        raise UnknownModelError(f"{text} has several prices; write {' or '.join(target.name for target in found_at)}")
    known = {name for provider in book.providers.values() for name in provider.prices.models}
    raise UnknownModelError(f"no price list has {text}; {did_you_mean(text, known)}")


def every(book: PriceBook, providers: Sequence[str], today: date) -> Iterator[Target]:
    """Each model of each provider with a price today; `providers` are patterns of those that are meant, or none."""
    for pattern in providers:
        if not any(glob.matches(pattern, known) for known in book.providers):
            raise UnknownModelError(f"no provider fits {pattern}; {did_you_mean(pattern, book.providers)}")
    for provider in book.providers.values():
        if providers and not any(glob.matches(pattern, provider.id) for pattern in providers):
            continue
        for model in provider.prices.models.values():
            if entry := entry_on(model.entries, today):
                yield Target(provider, model.name, entry)


def _target(book: PriceBook, provider: Provider, name: str, today: date) -> Target | None:
    at = place(book, provider, name)
    entry = entry_on(model_at(book, at).entries, today) if at else None
    return Target(provider, name, entry) if entry else None
