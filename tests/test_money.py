from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llmobs.dialect import Bill
from llmobs.money import billed, worth
from tests.books import book

AT = datetime(2026, 11, 21, tzinfo=UTC)
BOOK = book("""
updated: 2026-11-21
currencies:
  eur: [{usd: 1.2}, {from: 2027-01-01, usd: 1.3}]
  jpy: [{usd: 0.0065}]
  kwd: [{usd: 3.25}]
providers: {}
""")


@pytest.mark.parametrize(
    ("usage", "minor", "usd"),
    [
        ({"currency": "usd"}, False, "1"),
        ({"currency": "USD"}, True, "0.01"),
        ({}, True, "0.01"),
        ({"currency": "eur"}, True, "0.012"),
        ({"currency": "jpy"}, True, "0.0065"),
        ({"currency": "kwd"}, True, "0.00325"),
        ({"currency": "xyz"}, True, None),
    ],
)
def test_worth(usage: dict[str, object], minor: bool, usd: str | None) -> None:
    """A currency is worth what it is on the day, in whole or in its smallest unit; without a name it is the dollar."""

    assert worth(BOOK, usage, ("currency",), AT, minor=minor) == (None if usd is None else Decimal(usd))


def test_worth_is_that_of_the_day() -> None:
    """A later rate holds from its day on."""

    later = datetime(2027, 1, 1, tzinfo=UTC)

    assert worth(BOOK, {"currency": "eur"}, ("currency",), later, minor=False) == Decimal("1.3")


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"price": "-0.0079", "unit": "USD"}, "0.0079"),
        ({"price": 2, "unit": "eur"}, "2.4"),
        ({"other": {"fee": 3}}, "3"),
        ({"price": None}, None),
        ({"price": "soon"}, None),
        ({"price": "NaN"}, None),
        ({"price": "1", "unit": "xyz"}, None),
        ({}, None),
    ],
)
def test_bills(usage: dict[str, object], usd: str | None) -> None:
    """A bill may be a text, negative, or in another currency; what is no number, or of no known worth, is none."""

    told = billed(BOOK, usage, Bill(("price", "other.fee"), ("unit",)), AT)

    assert told == (None if usd is None else Decimal(usd))
