"""Single texts as values, with the correction of wrong ones."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from llmobs.pricing import value
from llmobs.units import THOUSAND, UNITS

TOKEN_UNITS = [name for name, unit in UNITS.items() if unit.side != "fee"]


def refusal(read: Callable[..., object], *given: Any) -> str:
    """What is said about a text that is refused."""
    with pytest.raises(PydanticCustomError) as caught:
        read(*given)
    return caught.value.message()


def test_rate_is_the_decimal_that_was_written() -> None:
    """A rate keeps every digit of its text; zero and scientific notation are fine."""

    assert value.rate("2.50", "input").as_tuple() == Decimal("2.50").as_tuple()
    assert value.rate("0", "input") == 0
    assert value.rate("1e-2", "input") == Decimal("0.01")
    assert value.rate("12.5", "image") == Decimal("12.5")


@pytest.mark.parametrize("unit", TOKEN_UNITS)
def test_price_per_token_is_refused_with_the_price_per_million(unit: str) -> None:
    """A price that was written for one token is told the number for a million."""

    assert (
        refusal(value.rate, "0.0000025", unit)
        == "0.0000025 USD looks like a price for one, not for 1,000,000; write 2.5"
    )


def test_price_that_was_multiplied_twice_is_refused() -> None:
    """A price beyond all known ones is told the number it was before the last multiplication."""

    assert refusal(value.rate, "2500000", "output").endswith(
        "is more than any known price; write 2.5 if that was meant"
    )


def test_price_per_search_is_refused_with_the_price_per_thousand() -> None:
    """A fee that was written for one search is told the number for a thousand."""

    assert UNITS["web_search"].per == THOUSAND
    assert refusal(value.rate, "0.01", "web_search").endswith("not for 1,000; write 10")


@given(st.decimals(min_value="0.0005", max_value=10_000, places=6))
def test_believable_token_price_passes(price: Decimal) -> None:
    """Any price between the two limits is taken as it is."""

    assert value.rate(str(price), "input") == price


@given(st.decimals(min_value="0.0005", max_value=400, places=6))
def test_correction_of_a_price_per_token_is_the_price_per_million(price: Decimal) -> None:
    """What the message says to write is exactly the price that was meant."""
    message = refusal(value.rate, format(price / 1_000_000, "f"), "input")

    assert Decimal(message.rpartition(" ")[2]) == price


def test_multiplier() -> None:
    """A factor is neither zero nor a percentage."""

    assert value.multiplier("0.5") == Decimal("0.5")
    assert "write the rates as 0" in refusal(value.multiplier, "0")
    assert "write 0.5 if that was a percentage" in refusal(value.multiplier, "50")


def test_positive() -> None:
    """What divides an amount is not zero."""

    assert value.positive("10000000000") == 10**10
    assert "greater than 0" in refusal(value.positive, "0")


def test_worth() -> None:
    """What a currency is worth is told in USD for one of it, not the other way round."""

    assert value.worth("1.08") == Decimal("1.08")
    assert refusal(value.worth, "0").endswith("write how many USD one of the currency is worth")
    assert refusal(value.worth, "150") == (
        "150 USD is more than one of any currency is worth; write 0.006667 if that was meant"
    )


def test_currency() -> None:
    """A currency is three small letters; USD needs no rate."""

    assert value.currency("eur") == "eur"
    assert refusal(value.currency, "usd") == "'usd' is what every rate is in; take it out"
    for wrong in ("EUR", "euro", "€", ""):
        assert refusal(value.currency, wrong).endswith("write its three small letters, such as eur")


def test_refusal() -> None:
    """Refusals are named by a status that may be billed, or by the provider's word."""

    assert [value.refusal(text) for text in ("408", "content_filter")] == ["408", "content_filter"]
    for wrong in ("429", "500", "200"):
        assert refusal(value.refusal, wrong) == (
            f"{wrong} is never billed; write a status from 400 to 499 but 429, or an error code"
        )
    assert "write it as the provider does" in refusal(value.refusal, "the content was filtered")


def test_key_pattern() -> None:
    """A pattern of keys is long enough to mean one kind of them."""

    assert value.key_pattern("sk-ant-oat*") == "sk-ant-oat*"
    for wrong in ("*", "sk-*", "??*"):
        assert refusal(value.key_pattern, wrong).endswith("write how such keys begin, as in sk-ant-oat*")


def test_whole() -> None:
    """A threshold is digits and more than zero."""

    assert value.whole("272000") == 272_000
    for wrong in ("272k", "272_000", "1.5", "0", "-1", "", "٣", {"a": "1"}):
        assert "is not a whole number of tokens; write digits only" in refusal(value.whole, wrong)


def test_hours() -> None:
    """A window is two different times of day; 24:00 is the end of a day."""

    assert value.hours("16:30-00:30") == (990, 30)
    assert value.hours("08:00-24:00") == (480, 0)
    for wrong in (
        "25:00-01:00",
        "16:60-17:00",
        "1:00-2:00",
        "24:00-01:00",
        "08:00-08:00",
        "00:00-24:00",
        "08:00-24:01",
        "",
        ["08:00-09:00"],
    ):
        assert 'write two different times such as "16:30-00:30"' in refusal(value.hours, wrong)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Sat,Sun", {5, 6}),
        ("sat - sun", None),
        ("fri-mon", {4, 5, 6, 0}),
        ("mon, wed-thu", {0, 2, 3}),
        ("sun", {6}),
        ("monday", None),
        ("mon-", None),
        ("", None),
        (["mon"], None),
    ],
)
def test_days(text: object, days: set[int] | None) -> None:
    """Weekdays are named singly or as ranges, which may run over the end of the week."""

    if days is None:
        assert refusal(value.days, text).endswith('weekdays; write days such as mon-fri, or "sat,sun" between quotes')
    else:
        assert value.days(text) == days


def test_days_that_are_no_condition() -> None:
    """A week's every day is told to be left out."""

    assert refusal(value.days, "mon-sun") == "'mon-sun' is every day; leave the key out"


def test_tier() -> None:
    """A tier is compared in small letters, and batch is not one."""

    assert value.tier("Priority") == "priority"
    assert refusal(value.tier, "batch") == "batch is a condition of its own; write batch: true"
