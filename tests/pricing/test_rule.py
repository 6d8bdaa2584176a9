"""When one line of a price list holds."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from llmobs.pricing.rule import Case, Rule

PLAIN = Case(tokens=0, minute=0, tier="", list_tier=True, batch=False, region="")
MINUTES = st.integers(0, 1439)


def test_rule_without_conditions_always_holds() -> None:
    """A plain rule holds for every call."""

    assert Rule().applies(PLAIN)
    assert Rule().applies(Case(10**9, 1439, "flex", False, True, "eu"))


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        (Rule(above=5), PLAIN._replace(tokens=6)),
        (Rule(tier="flex"), PLAIN._replace(tier="flex")),
        (Rule(batch=True), PLAIN._replace(batch=True)),
        (Rule(region="EU-*"), PLAIN._replace(region="eu-west")),
        (Rule(hours=(10, 20)), PLAIN._replace(minute=10)),
        (Rule(variant="HD/*"), PLAIN._replace(variant="hd/1024x1792")),
        (Rule(days=frozenset({5, 6})), PLAIN._replace(weekday=6)),
    ],
)
def test_each_condition_must_hold(rule: Rule, case: Case) -> None:
    """A condition is met by its own side of the call only."""

    assert rule.applies(case)
    assert not rule.applies(PLAIN)


def test_above_is_exclusive() -> None:
    """As many tokens as the limit are not above it."""

    assert not Rule(above=5).applies(PLAIN._replace(tokens=5))


@pytest.mark.parametrize(
    ("minute", "open_"), [(989, False), (990, True), (1439, True), (0, True), (29, True), (30, False), (720, False)]
)
def test_hours_run_over_midnight(minute: int, open_: bool) -> None:
    """A window holds from its first minute up to, not including, its end, over midnight too."""

    assert Rule(hours=(990, 30)).applies(PLAIN._replace(minute=minute)) is open_


@given(MINUTES, MINUTES, MINUTES)
def test_window_and_its_complement_share_the_day(first: int, end: int, minute: int) -> None:
    """Each minute lies in exactly one of a window and the window from its end to its start."""
    assume(first != end)
    case = PLAIN._replace(minute=minute)
    inside = Rule(hours=(first, end)).applies(case)

    assert inside is not Rule(hours=(end, first)).applies(case)
    assert inside is ((minute - first) % 1440 < (end - first) % 1440)


@pytest.mark.parametrize(
    ("weekday", "minute", "open_"),
    [(4, 990, True), (5, 29, True), (5, 30, False), (5, 990, False), (0, 29, False), (0, 990, True), (1, 0, True)],
)
def test_window_over_midnight_belongs_to_the_day_it_begins(weekday: int, minute: int, open_: bool) -> None:
    """What a working day's window holds of the next day counts to the working day."""
    rule = Rule(hours=(990, 30), days=frozenset(range(5)))

    assert rule.applies(PLAIN._replace(weekday=weekday, minute=minute)) is open_


@pytest.mark.parametrize(("weekday", "open_"), [(0, True), (4, True), (5, False)])
def test_days_without_hours_are_whole(weekday: int, open_: bool) -> None:
    """A day without a window holds from midnight to midnight, and a window of the same day leaves it alone."""
    days = frozenset(range(5))

    assert Rule(days=days).applies(PLAIN._replace(weekday=weekday)) is open_
    assert Rule(days=days, hours=(0, 60)).applies(PLAIN._replace(weekday=weekday)) is open_


def test_rank_counts_conditions_then_length() -> None:
    """More conditions are stronger, whichever they are; between as many the larger `above` is."""
    several = [
        Rule(rates={"input": Decimal(1)}),
        Rule(tier="flex"),
        Rule(above=1),
        Rule(above=2),
        Rule(tier="flex", hours=(0, 1)),
        Rule(tier="flex", region="eu", batch=True),
        Rule(tier="flex", region="eu", batch=True, above=1, hours=(0, 1)),
        Rule(tier="flex", region="eu", batch=True, variant="hd", hours=(0, 1), days=frozenset({6})),
    ]

    assert sorted(several, key=lambda rule: rule.rank) == several
    assert Rule(tier="flex").rank == Rule(region="eu").rank == Rule(hours=(0, 1)).rank
    assert Rule(variant="hd").rank == Rule(days=frozenset({6})).rank == Rule(tier="flex").rank
