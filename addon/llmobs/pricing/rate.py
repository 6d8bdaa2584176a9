"""Which rates hold for a call: rules of one model grouped by start date, and the choice among those that apply.

It does not know how a model was found, nor how much of a unit the call used.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from functools import reduce
from itertools import groupby

from llmobs.columns import USD_SCALE
from llmobs.pricing.rule import Case, Rule, Terms
from llmobs.units import UNITS, Side

# Wide enough that a product of a rate and several multipliers is exact before it is rounded once.
EXACT = Context(prec=76)
USD_STEP = Decimal(1).scaleb(-USD_SCALE)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """The rules of one model that share a start date, weakest first, and the counts and minutes where they change."""

    start: date | None
    rules: tuple[Rule, ...]
    thresholds: tuple[int, ...]
    minutes: tuple[int, ...]
    tiers: frozenset[str]
    regional: bool
    varied: bool
    weekly: bool

    def case(self, terms: Terms, list_tiers: Collection[str]) -> Case:
        """What of a call's terms matters here; the served tier `batch` is the ordinary one of a batch call."""
        tier = (terms.service_tier or "").casefold()
        as_batch = tier == "batch"
        ordinary = as_batch or tier in list_tiers
        return Case(
            tokens=self.thresholds[bisect_left(self.thresholds, terms.input_tokens) - 1] + 1,
            minute=self._minute(terms.at) if len(self.minutes) > 1 else 0,
            tier="" if ordinary and tier not in self.tiers else tier,
            list_tier=ordinary,
            batch=terms.batch or as_batch,
            region=(terms.region or "").casefold() if self.regional else "",
            weekday=terms.at.weekday() if self.weekly else 0,
            variant=(terms.variant or "").casefold() if self.varied else "",
        )

    def _minute(self, at: datetime) -> int:
        return self.minutes[bisect_right(self.minutes, at.hour * 60 + at.minute) - 1]

    def rates(self, case: Case) -> Mapping[str, Decimal] | None:
        """USD for each unit that is named; None where no rule knows the served tier, or the batch."""
        rules = [rule for rule in self.rules if rule.applies(case)]
        tier_known = case.list_tier or any(rule.tier for rule in rules)
        if not tier_known or (case.batch and not any(rule.batch for rule in rules)):
            return None
        found: dict[str, Decimal] = {}
        for rule in rules:
            found.update(rule.rates)
        return _scaled(found, [rule.multiply for rule in rules if rule.multiply is not None])


def entries(rules: Iterable[Rule]) -> tuple[Entry, ...]:
    """The entries of a model, newest first."""
    ordered = sorted(rules, key=lambda rule: rule.start or date.min, reverse=True)
    return tuple(_entry(start, tuple(group)) for start, group in groupby(ordered, key=lambda rule: rule.start))


def entry_on(found: Iterable[Entry], day: date) -> Entry | None:
    """The entry in force on a day: the newest that had started."""
    return next((entry for entry in found if entry.start is None or entry.start <= day), None)


def _entry(start: date | None, rules: tuple[Rule, ...]) -> Entry:
    return Entry(
        start=start,
        rules=tuple(sorted(rules, key=lambda rule: rule.rank)),
        # The -1 and 0 at the start stand for calls below every threshold and before every window.
        thresholds=(-1, *sorted({rule.above for rule in rules if rule.above is not None})),
        minutes=tuple(sorted({0}.union(*(rule.hours for rule in rules if rule.hours)))),
        tiers=frozenset(rule.tier for rule in rules if rule.tier),
        regional=any(rule.region for rule in rules),
        varied=any(rule.variant for rule in rules),
        weekly=any(rule.days for rule in rules),
    )


def _scaled(rates: dict[str, Decimal], factors: Sequence[Decimal]) -> Mapping[str, Decimal]:
    if not factors:
        return rates
    factor = reduce(EXACT.multiply, factors)
    return {
        unit: rate if UNITS[unit].side is Side.FEE else EXACT.quantize(EXACT.multiply(rate, factor), USD_STEP)
        for unit, rate in rates.items()
    }
