"""How much of each budget is used, for whoever counts; it names no customer, of whom there may be any number."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llmobs.policy.ledger import ZERO, Ledger
from llmobs.policy.rule import Rule


@dataclass(frozen=True, slots=True)
class Use:
    """A budget, and the fullest of its `pots` that are open now: each customer may have one."""

    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    pots: int


def uses(rules: Iterable[Rule], ledger: Ledger, now: datetime) -> Iterator[Use]:
    """The use of every budget."""
    pots = ledger.pots()
    for rule in rules:
        name, window = rule.row.name, rule.window(now)
        open_ones = [pot for pot in pots if pot[:2] == (name, window)]
        fullest = max(open_ones, key=ledger.spent, default=None)
        spent, reserved = (ledger.spent(fullest), ledger.reserved(fullest)) if fullest else (ZERO, ZERO)
        yield Use(name, rule.row.limit_usd, spent, reserved, len(open_ones))
