"""The invoice of a call: exact, additive, complete."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.columns import USD_SCALE
from llmobs.event import Charge
from llmobs.pricing.charge import Quote, charges, is_estimate
from llmobs.units import UNITS, Quantities

# With up to nine decimals per million an amount is exact in the stored scale.
RATES = st.dictionaries(st.sampled_from(list(UNITS)), st.decimals(min_value=0, max_value=10_000, places=9), max_size=6)
COUNTS = st.dictionaries(st.sampled_from(list(UNITS)), st.integers(0, 10**9))


def quote(**rates: str) -> Quote:
    """A quote of these rates."""
    return Quote("m", "p/m", {unit: Decimal(rate) for unit, rate in rates.items()}, tier_known=True)


def amounts(found: tuple[Charge, ...]) -> Decimal:
    """What the charges cost together."""
    return sum((charge.amount_usd for charge in found if charge.amount_usd is not None), Decimal(0))


def test_typical_call() -> None:
    """Each used unit has one charge in the order of the quantities, at its own rate or its parent's."""
    used: Quantities = {
        "input": 1000,
        "cached_input": 200,
        "output": 33,
        "reasoning": 7,
        "web_search": 2,
        "cache_write": 0,
    }
    found = charges(quote(input="2.5", cached_input="1.25", output="10", web_search="10"), used)

    assert [(c.unit, c.quantity, c.rate_usd, c.per, c.amount_usd) for c in found] == [
        ("input", Decimal(1000), Decimal("2.5"), 1_000_000, Decimal("0.0025")),
        ("cached_input", Decimal(200), Decimal("1.25"), 1_000_000, Decimal("0.00025")),
        ("output", Decimal(33), Decimal(10), 1_000_000, Decimal("0.00033")),
        ("reasoning", Decimal(7), Decimal(10), 1_000_000, Decimal("0.00007")),
        ("web_search", Decimal(2), Decimal(10), 1_000, Decimal("0.02")),
    ]
    assert all(isinstance(c.quantity, Decimal) for c in found)


@pytest.mark.parametrize(
    ("unit", "rate"),
    [
        ("cached_input_audio", "3"),
        ("cache_write_1h", "1"),
        ("cache_write", "1"),
        ("input_video", "1"),
        ("cached_input", "3"),
    ],
)
def test_unit_without_rate_takes_its_parents(unit: str, rate: str) -> None:
    """The nearest parent with a rate decides, over several steps."""

    assert charges(quote(input="1", cached_input="3"), {unit: 1})[0].rate_usd == Decimal(rate)


def test_no_rate_up_the_chain_is_unknown() -> None:
    """Neither rate nor amount is known where no parent has one; it is never zero."""
    found = charges(quote(input="1"), {"output": 5, "image": 1, "input": 1})

    assert [(c.unit, c.rate_usd, c.amount_usd is None) for c in found] == [
        ("output", None, True),
        ("image", None, True),
        ("input", Decimal(1), False),
    ]


def test_rate_of_zero_is_a_rate() -> None:
    """A free unit costs zero, which is known, and does not fall back on its parent."""
    found = charges(quote(input="1", cached_input="0"), {"cached_input": 5})

    assert (found[0].rate_usd, found[0].amount_usd) == (Decimal(0), Decimal(0))


def test_without_quote_everything_is_unknown() -> None:
    """An unknown model and an unknown tier give charges without rates."""
    unknown_tier = Quote("m", "p/m", {}, tier_known=False)

    for unpriced in (None, unknown_tier):
        assert charges(unpriced, {"input": 5, "output": 0}) == (Charge("input", Decimal(5), None, 1_000_000, None),)


def test_amount_is_rounded_half_even_once() -> None:
    """What lies beyond the stored scale goes to the even neighbour."""

    assert charges(quote(input="0.000000001"), {"input": Decimal("0.5")})[0].amount_usd == 0
    assert charges(quote(input="0.000000001"), {"input": Decimal("1.5")})[0].amount_usd == Decimal("2e-15")


def test_assumed_parent_makes_an_estimate() -> None:
    """Only a used unit whose rate is known to differ from its parent's makes the cost an estimate."""

    assert is_estimate(quote(input="1", cache_write="2"), {"cache_write_1h": 1})
    assert is_estimate(quote(input="1"), {"cache_write_1h": 1})
    assert not is_estimate(quote(input="1", cache_write_1h="2"), {"cache_write_1h": 1})
    assert not is_estimate(quote(input="1", cache_write="2"), {"cache_write_1h": 0, "cache_write": 1, "reasoning": 1})
    assert not is_estimate(quote(output="1"), {"cache_write_1h": 1})
    assert not is_estimate(None, {"cache_write_1h": 1})


@given(RATES, COUNTS)
def test_amount_is_quantity_times_rate(rates: dict[str, Decimal], used: Quantities) -> None:
    """Every amount is exactly quantity x rate / per, in the stored scale."""
    for charge in charges(Quote("m", "v", rates, tier_known=True), used):
        if charge.rate_usd is None:
            assert charge.amount_usd is None
        else:
            assert charge.amount_usd == charge.quantity * charge.rate_usd / charge.per
            assert charge.amount_usd.as_tuple().exponent == -USD_SCALE


@given(RATES, COUNTS)
def test_nothing_used_is_lost_or_counted_twice(rates: dict[str, Decimal], used: Quantities) -> None:
    """There is exactly one charge for each unit that was used, with its whole quantity."""
    found = charges(Quote("m", "v", rates, tier_known=True), used)

    assert {c.unit: c.quantity for c in found} == {unit: n for unit, n in used.items() if n}
    assert len({c.unit for c in found}) == len(found)


@given(RATES, COUNTS, COUNTS)
def test_cost_is_additive(rates: dict[str, Decimal], one: Quantities, other: Quantities) -> None:
    """Two calls cost together what one call with both quantities costs."""
    prices = Quote("m", "v", rates, tier_known=True)
    both: Quantities = {unit: one.get(unit, 0) + other.get(unit, 0) for unit in {*one, *other}}

    assert amounts(charges(prices, one)) + amounts(charges(prices, other)) == amounts(charges(prices, both))


@given(RATES, COUNTS, st.sampled_from(list(UNITS)), st.integers(0, 10**6))
def test_more_never_costs_less(rates: dict[str, Decimal], used: Quantities, unit: str, more: int) -> None:
    """Using more of a unit never makes the call cheaper."""
    prices = Quote("m", "v", rates, tier_known=True)
    larger: Quantities = {**used, unit: used.get(unit, 0) + more}

    assert amounts(charges(prices, larger)) >= amounts(charges(prices, used))


@given(st.decimals(min_value=0, max_value=10**6, places=6), st.decimals(min_value=0, max_value=10_000, places=12))
def test_parts_of_a_unit_are_exact(seconds: Decimal, rate: Decimal) -> None:
    """Quantities that are not whole are multiplied exactly and rounded once."""
    (charge,) = charges(Quote("m", "v", {"audio_second": rate}, tier_known=True), {"audio_second": seconds}) or (None,)

    if charge is not None:
        assert charge.amount_usd == (seconds * rate).quantize(Decimal("1e-15"), ROUND_HALF_EVEN)
