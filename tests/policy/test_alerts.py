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


def test_refusal_is_told_once_and_is_no_share() -> None:
    """The first refusal of each group is told, and leaves the shares to what is spent."""
    alerts = Alerts()
    other: Pot = (*POT[:2], ("acme",))

    assert [alerts.refused(pot) for pot in (POT, POT, other)] == [True, False, True]
    assert alerts.reached(RULE, POT, Decimal(9)) == Decimal("0.8")


def test_new_window_is_told_again() -> None:
    """What was told of a window that is over, or of a budget that is gone or another one, is forgotten."""
    alerts = Alerts()
    ways: list[Callable[[], None]] = [
        lambda: alerts.forget({"a": None}),
        lambda: alerts.forget({}),
        lambda: alerts.again(["a"]),
    ]
    for forget in ways:
        assert (alerts.reached(RULE, POT, Decimal(9)), alerts.refused(POT)) == (Decimal("0.8"), True)
        alerts.forget({"a": POT[1]})
        alerts.again(["b"])
        assert (alerts.reached(RULE, POT, Decimal(9)), alerts.refused(POT)) == (None, False)
        forget()


def test_budget_of_nothing_has_no_shares() -> None:
    """Nothing is no share of nothing."""
    [nothing] = rules(PolicyFile.model_validate({"budgets": [{"name": "a", "limit_usd": "0", "per": "day"}]}))

    assert Alerts().reached(nothing, POT, Decimal(0)) is None
