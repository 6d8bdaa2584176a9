"""Which rates hold for a call."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.pricing.rate import entries, entry_on
from llmobs.pricing.rule import Rule, Terms

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST_TIERS = {"", "default", "standard"}
USD = st.decimals(min_value="0.001", max_value=900, places=4)


def usd(**rates: str) -> dict[str, Decimal]:
    """Rates as they are written."""
    return {unit: Decimal(rate) for unit, rate in rates.items()}


def rates(
    rules: list[Rule],
    tokens: int = 0,
    tier: str | None = None,
    *,
    batch: bool = False,
    region: str | None = None,
    variant: str | None = None,
    at: datetime = NOON,
) -> dict[str, Decimal] | None:
    """The rates of the only entry for a call."""
    (entry,) = entries(rules)
    found = entry.rates(entry.case(Terms(at, tokens, tier, batch, region, variant), LIST_TIERS))
    return None if found is None else dict(found)


BASE = Rule(rates=usd(input="2", cached_input="1", output="8", web_search="10"))
LONG = Rule(rates=usd(input="4", output="12"), above=200_000)
LONGER = Rule(rates=usd(input="6"), above=500_000)
PRIORITY = Rule(rates=usd(input="3", output="14"), tier="priority")
LONG_PRIORITY = Rule(rates=usd(input="7"), tier="priority", above=200_000)
BATCH = Rule(multiply=Decimal("0.5"), batch=True)
EUROPE = Rule(multiply=Decimal("1.1"), region="eu-*")
NIGHT = Rule(rates=usd(input="0.5"), hours=(16 * 60 + 30, 30))
ALL = [LONG_PRIORITY, BATCH, EUROPE, LONG, PRIORITY, LONGER, BASE]


def test_plain_call_has_the_list_price() -> None:
    """A call that meets no condition gets the rule without conditions."""

    assert rates(ALL) == BASE.rates


@pytest.mark.parametrize(
    ("tokens", "price"), [(0, 2), (200_000, 2), (200_001, 4), (500_000, 4), (500_001, 6), (10**9, 6)]
)
def test_above_is_a_cliff(tokens: int, price: int) -> None:
    """More input tokens than the limit, not as many, change the rate of the whole call; the larger limit wins."""
    found = rates(ALL, tokens)

    assert found is not None
    assert found["input"] == price


def test_unit_that_a_stronger_rule_does_not_name_keeps_its_rate() -> None:
    """Each unit is decided by itself."""

    assert rates(ALL, 600_000) == usd(input="6", cached_input="1", output="12", web_search="10")
    assert rates(ALL, 0, "priority") == usd(input="3", cached_input="1", output="14", web_search="10")


def test_more_conditions_win() -> None:
    """A rule for tier and length beats both the rule for the tier and the one for the length."""
    found = rates(ALL, 200_001, "priority")

    assert found is not None
    assert found["input"] == 7


def test_last_line_decides_between_equals() -> None:
    """Among rules with the same conditions the later line wins."""
    again = Rule(rates=usd(input="5"))

    assert rates([BASE, again]) == {**BASE.rates, **again.rates}
    assert rates([again, BASE]) == BASE.rates


@pytest.mark.parametrize("tier", [None, "", "default", "DEFAULT", "Standard"])
def test_list_tier_is_the_list_price(tier: str | None) -> None:
    """A tier that means the list price is not looked for in the rules."""

    assert rates(ALL, 0, tier) == BASE.rates


def test_list_tier_may_have_a_rule() -> None:
    """A rule that names a list tier holds for it alone, and a call that does not meet it is priced all the same."""
    standard = Rule(rates=usd(input="1"), tier="standard", above=100)

    assert rates([BASE, standard], 101, "standard") == {**BASE.rates, **standard.rates}
    assert rates([BASE, standard], 100, "standard") == BASE.rates
    assert rates([BASE, standard], 101) == BASE.rates


def test_tier_that_no_rule_names_has_no_price() -> None:
    """The list price is never taken for an unknown tier, nor where the tier is priced in another case only."""

    assert rates(ALL, 0, "turbo") is None
    assert rates([BASE, LONG_PRIORITY], 0, "priority") is None
    assert rates([BASE, LONG_PRIORITY], 200_001, "PRIORITY") is not None


def test_batch_scales_every_token_rate_and_no_fee() -> None:
    """A factor holds for tokens of any rule, and leaves fees alone."""

    assert rates(ALL, batch=True) == usd(input="1", cached_input="0.5", output="4", web_search="10")
    assert rates(ALL, 200_001, batch=True) == usd(input="2", cached_input="0.5", output="6", web_search="10")


def test_batch_without_a_rule_has_no_price() -> None:
    """The list price is never taken for a batch whose discount is not known."""

    assert rates([BASE, LONG], batch=True) is None


def test_batch_as_a_tier() -> None:
    """The served tier `batch` is a batch call."""

    assert rates(ALL, 0, "batch") == rates(ALL, batch=True)
    assert rates([BASE], 0, "batch") is None


def test_batch_may_have_rates_of_its_own() -> None:
    """A batch rule may name rates instead of a factor."""
    own = Rule(rates=usd(output="3"), batch=True)

    assert rates([BASE, own], batch=True) == {**BASE.rates, **own.rates}


def test_region_is_a_pattern() -> None:
    """A region fits a pattern without capitals; without a region only * fits."""

    assert rates(ALL, region="EU-west-1") == usd(input="2.2", cached_input="1.1", output="8.8", web_search="10")
    assert rates(ALL, region="us-east-1") == BASE.rates
    assert rates([BASE, Rule(rates=usd(input="9"), region="*")]) != BASE.rates


def test_hours_decide_by_the_minute_of_the_call() -> None:
    """The clock of the call, in UTC, opens and closes a window."""
    last, first = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 20, 16, 29, 59, tzinfo=UTC)

    assert rates([BASE, NIGHT], at=last) == {**BASE.rates, **NIGHT.rates}
    assert rates([BASE, NIGHT], at=first) == BASE.rates


def test_days_decide_by_the_weekday_of_the_call() -> None:
    """A working day's window is closed at the weekend; the day, like the hour, is that of UTC."""
    peak = Rule(rates=usd(input="4"), hours=(60, 240), days=frozenset(range(5)))
    friday, saturday = datetime(2026, 11, 20, 2, tzinfo=UTC), datetime(2026, 11, 21, 2, tzinfo=UTC)

    assert rates([BASE, peak], at=friday) == {**BASE.rates, **peak.rates}
    assert rates([BASE, peak], at=saturday) == BASE.rates


def test_variant_is_a_pattern() -> None:
    """A variant fits a pattern without capitals; one that no rule names leaves what holds without conditions."""
    large = Rule(rates=usd(image="0.08"), variant="HD/*")
    image = Rule(rates=usd(image="0.04"))

    assert rates([image, large], variant="hd/1024X1792") == large.rates
    assert rates([image, large], variant="low/1024x1024") == image.rates
    assert rates([image, large]) == image.rates
    assert rates([large], variant="low/1024x1024") == {}


@given(
    st.sampled_from([0, 200_001, 500_001]),
    st.sampled_from([None, "priority"]),
    st.booleans(),
    st.sampled_from([None, "eu-x"]),
)
def test_factors_are_independent_of_everything_else(
    tokens: int, tier: str | None, batch: bool, region: str | None
) -> None:
    """Batch and region scale whatever length and tier have chosen, in any combination."""
    plain, found = rates(ALL, tokens, tier), rates(ALL, tokens, tier, batch=batch, region=region)
    factor = Decimal("0.5" if batch else 1) * Decimal("1.1" if region else 1)

    assert plain is not None
    assert found == {unit: rate * (1 if unit == "web_search" else factor) for unit, rate in plain.items()}


@given(st.permutations([r for r in ALL if r is not BASE]))
def test_order_of_lines_matters_only_between_equals(rules: list[Rule]) -> None:
    """Rules that differ in their conditions may stand in any order."""
    several = [(0, None), (200_001, "priority"), (600_000, None), (600_000, "priority")]

    for tokens, tier in several:
        assert rates([*rules, BASE], tokens, tier, batch=True) == rates(ALL, tokens, tier, batch=True)


@given(USD, st.lists(st.decimals(min_value="0.01", max_value=10, places=3), min_size=1, max_size=5))
def test_several_factors_multiply(rate: Decimal, factors: list[Decimal]) -> None:
    """Every applying factor counts once, exactly, to the last digit that is stored."""
    found = rates([Rule(rates={"input": rate}), *(Rule(multiply=factor) for factor in factors)])
    product = rate
    for factor in factors:
        product *= factor

    assert found is not None
    assert abs(found["input"] - product) <= Decimal("0.5e-15")


OLD, MIDDLE, NEW = (
    Rule(start=start, rates=usd(input=price))
    for start, price in ((None, "3"), (date(2024, 10, 2), "2"), (date(2026, 1, 1), "1"))
)


@pytest.mark.parametrize(
    ("day", "price"),
    [
        ("2020-01-01", "3"),
        ("2024-10-01", "3"),
        ("2024-10-02", "2"),
        ("2025-12-31", "2"),
        ("2026-01-01", "1"),
        ("2030-01-01", "1"),
    ],
)
def test_entry_in_force_is_the_latest_that_has_started(day: str, price: str) -> None:
    """A price holds from its first day, in UTC, until the next one starts."""
    entry = entry_on(entries([MIDDLE, NEW, OLD]), date.fromisoformat(day))

    assert entry is not None
    assert entry.rules[0].rates == usd(input=price)


def test_no_entry_before_the_first_start() -> None:
    """A call before every start date has no entry."""

    assert entry_on(entries([MIDDLE, NEW]), date(2024, 10, 1)) is None


def test_entry_is_complete_in_itself() -> None:
    """Rules of an earlier start date say nothing about a later one."""
    rules = [Rule(rates=usd(input="3", web_search="10")), Rule(tier="flex", rates=usd(input="1")), MIDDLE]
    newest = entries(rules)[0]

    assert newest.rates(newest.case(Terms(NOON, 0, None), LIST_TIERS)) == MIDDLE.rates
    assert newest.rates(newest.case(Terms(NOON, 0, "flex"), LIST_TIERS)) is None


@given(st.integers(0, 10**6), st.integers(0, 1439), st.sampled_from([None, "priority", "x"]), st.booleans())
def test_case_decides_like_the_call_itself(tokens: int, minute: int, tier: str | None, batch: bool) -> None:
    """Cutting a call down to what the rules can tell apart changes no rule's answer."""
    (entry,) = entries([*ALL, NIGHT])
    at = datetime.combine(NOON, time(), UTC) + timedelta(minutes=minute)
    case = entry.case(Terms(at, tokens, tier, batch), LIST_TIERS)
    whole = case._replace(tokens=tokens, minute=minute)

    assert [rule.applies(case) for rule in entry.rules] == [rule.applies(whole) for rule in entry.rules]
