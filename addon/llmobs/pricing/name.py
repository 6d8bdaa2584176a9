"""How the name in a call leads to a model of a price list: exact, alias, without a date; never a looser guess."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from llmobs.pricing import glob
from llmobs.pricing.rate import Entry

# -2024-10-02, -20241002, @20241002, and month and day alone as in gpt-4-0613. A year and month such as 2411 must stay:
# those are different models at different prices.
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_DATED = re.compile(rf"(.+)(?:-20\d\d-{_MONTH}-{_DAY}|[-@]20\d\d{_MONTH}{_DAY}|-{_MONTH}{_DAY}|-latest)")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One entry of a price list: its name as written and its prices, newest first."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PriceList:
    """The models of one provider; keys of models and aliases, the targets and the prefixes are in small letters.

    A * in the target of an alias stands for what the last * of its pattern stands for.
    """

    provider: str
    models: Mapping[str, Model]
    aliases: Mapping[str, str]
    alias_globs: tuple[tuple[str, str], ...]
    strip_prefixes: tuple[str, ...]

    def stripped(self, asked: str) -> str:
        """A name in small letters without the prefixes that say nothing about the model."""
        name = asked.casefold()
        for prefix in self.strip_prefixes:
            name = glob.without(prefix, name)
        return name

    def aliased(self, name: str) -> Iterator[str]:
        """What a name stands for; an alias that is no pattern first, then the longest pattern."""
        target = self.aliases.get(name)
        if target is not None:
            yield target
        renamed = (glob.renamed(pattern, target, name) for pattern, target in self.alias_globs)
        yield from (target for target in renamed if target is not None)

    def look_up(self, asked: str) -> Model | None:
        """The model that a name means here."""
        return next((self.models[key] for key in self._keys(self.stripped(asked)) if key in self.models), None)

    def _keys(self, name: str) -> Iterator[str]:
        yield name
        yield from self.aliased(name)
        dated = _DATED.fullmatch(name)
        if dated is not None:
            yield dated[1]
            yield from self.aliased(dated[1])


def find(asked: str, own: PriceList, others: Iterable[PriceList]) -> tuple[PriceList, Model] | None:
    """The model that a name means, in the provider's own list or else in one that it takes prices from."""
    model = own.look_up(asked)
    if model is not None:
        return own, model
    name = own.stripped(asked)
    for other, key in product(others, (name, *own.aliased(name))):
        model = other.look_up(key)
        if model is not None:
            return other, model
    return None
