"""How full each budget is, for people to look at, by what the database says; calls that still run are not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llmobs import store
from llmobs.policy import spent
from llmobs.policy.rule import Pot, Rule


@dataclass(frozen=True, slots=True)
class FilledPot:
    """A budget, or its share of one customer, run ...: `ends_at` is when a new window begins.

    Where calls are doubtful, more is spent than is known.
    """

    name: str
    per: str
    spent_usd: Decimal
    doubtful_calls: int
    limit_usd: Decimal
    since: datetime | None
    ends_at: datetime | None
    blocks: bool

    @property
    def share(self) -> float:
        """How much of it is spent, as a share of 1."""
        return float(self.spent_usd / self.limit_usd) if self.limit_usd else 1.0


def filled(db: store.Reading, rules: Sequence[Rule], now: datetime) -> list[FilledPot]:
    """Every pot of the windows that are open, the fullest first; one for all calls also where nothing is spent."""
    amounts, doubts = spent.pots(db, rules, now), spent.doubtful_calls(db, rules, now)
    by_name = {rule.row.name: rule for rule in rules}
    whole = [(rule.row.name, rule.window(now), ()) for rule in rules if not rule.scope.by]
    found = [
        _filled(by_name[pot[0]], pot, amounts.get(pot, Decimal(0)), doubts.get(pot, 0), now)
        for pot in dict.fromkeys([*whole, *amounts, *doubts])
    ]
    return sorted(found, key=lambda pot: (-pot.share, pot.name))


def _filled(rule: Rule, pot: Pot, usd: Decimal, doubtful: int, now: datetime) -> FilledPot:
    name = rule.named(pot).removeprefix("budget ")
    return FilledPot(name, str(rule.row.per), usd, doubtful, rule.row.limit_usd, pot[1], rule.ends(now), rule.row.block)
