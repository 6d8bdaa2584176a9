"""One line of a price list: the conditions under which its rates hold; it does not know the other lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from llmobs.pricing import glob


class Terms(NamedTuple):
    """What besides the model decides a price. `at` is aware UTC; `input_tokens` counts cached ones too.

    variant: what else of a call decides, such as the quality and size of an image: `hd/1024x1792`.
    """

    at: datetime
    input_tokens: int
    service_tier: str | None
    batch: bool = False
    region: str | None = None
    variant: str | None = None


class Case(NamedTuple):
    """The side of a call that chooses rates, cut down to what an entry can tell apart: a key for caches."""

    tokens: int
    minute: int
    tier: str
    list_tier: bool
    batch: bool
    region: str
    weekday: int = 0
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rates, or a factor on all token rates, that hold where every condition does.

    hours: minutes of the UTC day. days: weekdays, Monday is 0; a window over midnight belongs to the day it begins.
    """

    start: date | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    multiply: Decimal | None = None
    above: int | None = None
    tier: str | None = None
    batch: bool = False
    region: str | None = None
    variant: str | None = None
    hours: tuple[int, int] | None = None
    days: frozenset[int] | None = None
    # who says so: one of the public price lists, or a hand
    source: str = "hand"

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between rules that name the same unit: the number of conditions, then the larger `above`."""
        named = (self.tier, self.batch, self.region, self.variant, self.hours, self.days, self.above)
        return sum(map(bool, named)), self.above or 0

    def applies(self, case: Case) -> bool:
        """True where every condition holds."""
        return (
            (self.above is None or case.tokens > self.above)
            and (self.tier is None or self.tier == case.tier)
            and (case.batch or not self.batch)
            and (self.region is None or glob.matches(self.region, case.region))
            and (self.variant is None or glob.matches(self.variant, case.variant))
            and (self.hours is None or _open(self.hours, case.minute))
            and (self.days is None or self._began_on(case) in self.days)
        )

    def _began_on(self, case: Case) -> int:
        """The day that a call counts to: after midnight the one before, where the window began on it."""
        late = self.hours is not None and self.hours[0] > self.hours[1] > case.minute
        return (case.weekday - late) % 7


def _open(hours: tuple[int, int], minute: int) -> bool:
    """True where a minute of the UTC day lies in a window, which may run over midnight."""
    first, end = hours
    return first <= minute < end if first < end else minute >= first or minute < end
