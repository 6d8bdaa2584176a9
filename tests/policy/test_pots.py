"""How full budgets are, by what is stored."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from llmobs import store
from llmobs.event import CostStatus
from llmobs.policy.pots import FilledPot, filled
from tests.policy.calls import AT, row
from tests.policy.test_spent import budget, kept

CALLS = [
    row("known", "3", customer_id="acme"),
    row("in part", "1", customer_id="acme", cost_status=CostStatus.PARTIAL),
    row("unpriced", None, customer_id="new"),
    row("pending", None, customer_id="acme", cost_status=CostStatus.PENDING, job_id="job"),
    row("for nothing", "0", customer_id="none", cost_status=CostStatus.NOT_BILLED),
    row("long ago", None, customer_id="acme", started_at=AT - timedelta(days=60)),
]


def asked(folder: Path, **more: object) -> list[FilledPot]:
    """The pots of a budget over these calls."""
    with store.reading(kept(folder, *CALLS)) as db:
        return filled(db, budget(**{"limit_usd": "2"} | more), AT)


def told(pots: list[FilledPot]) -> list[tuple[str, Decimal, int]]:
    """Whose they are, what is known to be spent, and of how many calls that is not known."""
    return [(pot.name, pot.spent_usd, pot.doubtful_calls) for pot in pots]


def test_one_for_all(tmp_path: Path) -> None:
    """A budget for all calls sums up what is known, and counts the calls whose cost is unknown or known in part."""
    [pot] = asked(tmp_path, per="month", block="true")

    assert told([pot]) == [("a", Decimal(4), 3)]
    assert (pot.per, pot.limit_usd, pot.share, pot.blocks) == ("month", Decimal(2), 2.0, True)
    assert pot.since
    assert pot.ends_at
    assert pot.since <= AT < pot.ends_at


def test_one_for_each(tmp_path: Path) -> None:
    """The fullest comes first, and whose calls are all unpriced has one, too."""
    found = asked(tmp_path, by=["customer"])

    assert told(found) == [("a of customer acme", Decimal(4), 3), ("a of customer new", Decimal(0), 1)]
    assert [(pot.since, pot.ends_at) for pot in found] == [(None, None)] * 2


def test_nothing_yet(tmp_path: Path) -> None:
    """A budget of which nothing is spent is told."""

    assert [pot.share for pot in asked(tmp_path, where={"customer": "nobody"})] == [0.0]


def test_budget_of_nothing(tmp_path: Path) -> None:
    """A budget of 0 is full from the beginning."""

    assert [pot.share for pot in asked(tmp_path, where={"customer": "nobody"}, limit_usd="0")] == [1.0]
