from decimal import Decimal
from pathlib import Path

import pytest

from llmobs import store
from llmobs.dashboard import budgets
from llmobs.dashboard.budgets import Uses
from tests.dashboard.calls import NOW, call, stored

POLICY = """\
budgets:
  - {name: all, limit_usd: 10, per: day}
  - {name: each, limit_usd: 4, per: month, by: [customer], block: true}
  - {name: unused, limit_usd: 1, per: total, where: {customer: nobody}}
"""


def uses(folder: Path, policy: str | None) -> Uses:
    """The budgets of a policy, over calls of two customers."""
    calls = [call("a", customer_id="acme"), call("b", customer_id="acme"), call("c", 2, customer_id="other")]
    path = stored(folder / "events.duckdb", calls)
    if policy is not None:
        (folder / "policy.yaml").write_text(policy)
    with store.reading(path) as db:
        return budgets.uses(db, folder / "policy.yaml" if policy is not None else None, NOW)


def test_what_is_spent(tmp_path: Path) -> None:
    """The fullest budget comes first, each of a customer's own is named, and one of which nothing is spent is told."""
    found = uses(tmp_path, POLICY)

    assert [(use.name, use.spent_usd, use.share) for use in found.shown] == [
        ("each of customer acme", Decimal(4), 1.0),
        ("all", Decimal(6), 0.6),
        ("each of customer other", Decimal(2), 0.5),
        ("unused", Decimal(0), 0.0),
    ]
    assert (found.all, found.problem) == (4, "")
    assert [use.blocks for use in found.shown[:2]] == [True, False]


def test_more_than_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many budgets the fullest are shown, and all are counted."""
    monkeypatch.setattr(budgets, "MOST", 1)
    found = uses(tmp_path, POLICY)

    assert [use.name for use in found.shown] == ["each of customer acme"]
    assert found.all == 4


def test_limit_of_nothing(tmp_path: Path) -> None:
    """A budget of 0 is used up."""

    assert uses(tmp_path, "budgets: [{name: none, limit_usd: 0, per: day}]").shown[0].share == 1.0


def test_no_policy(tmp_path: Path) -> None:
    """Without a policy file there is no budget."""

    assert uses(tmp_path, None) == Uses()


def test_a_mistake_in_the_policy(tmp_path: Path) -> None:
    """What is wrong is said, and the rest of the page stays."""

    assert "limit_usd" in uses(tmp_path, "budgets: [{name: all, per: day}]").problem
