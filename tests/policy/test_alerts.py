"""Shares that are told once."""

from collections.abc import Callable
from decimal import Decimal

from llmobs.policy.alerts import Alerts
from llmobs.policy.rule import Pot, rules
from llmobs.policy.schema import PolicyFile
from tests.policy.calls import AT

POLICY = {"budgets": [{"name": "a", "limit_usd": "10", "per": "day", "alert_at": ["0.5", "0.8", "1.2"]}]}
[RULE] = rules(PolicyFile.model_validate(POLICY))
POT: Pot = ("a", RULE.window(AT), ())


def test_highest_share_is_told_once() -> None:
    """A jump over two shares is told as the higher one, and neither is told again."""
    alerts = Alerts()

    told = [alerts.reached(RULE, POT, Decimal(spent)) for spent in ("4.9", "9", "6", "9", "12")]

    assert told == [None, Decimal("0.8"), None, None, Decimal("1.2")]


def test_refusal_tells_that_it_is_used_up() -> None:
    """The first call that is refused counts as the end of the budget."""
    alerts = Alerts()

    assert [alerts.used_up(RULE, POT) for _ in range(2)] == [Decimal("0.8"), None]


def test_new_window_is_told_again() -> None:
    """What was told of a window that is over, or of a budget that is gone or another one, is forgotten."""
    alerts = Alerts()
    ways: list[Callable[[], None]] = [
        lambda: alerts.forget({"a": None}),
        lambda: alerts.forget({}),
        lambda: alerts.again(["a"]),
    ]
    for forget in ways:
        assert alerts.reached(RULE, POT, Decimal(9)) is not None
        alerts.forget({"a": POT[1]})
        alerts.again(["b"])
        assert alerts.reached(RULE, POT, Decimal(9)) is None
        forget()


def test_budget_of_nothing_has_no_shares() -> None:
    """Nothing is no share of nothing."""
    [nothing] = rules(PolicyFile.model_validate({"budgets": [{"name": "a", "limit_usd": "0", "per": "day"}]}))

    assert Alerts().reached(nothing, POT, Decimal(0)) is None
