"""Figures fit their column and say what they do not know."""

from decimal import Decimal

import pytest

from llmobs.render import count, duration, percent, usd


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0"),
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (1_234_567, "1.23M"),
        (98_765_432, "98.8M"),
        (5 * 10**9, "5.00G"),
        (2 * 10**12, "2.00T"),
    ],
)
def test_count(number: int | None, text: str) -> None:
    """Counts are short; none is a dash."""
    assert count(number) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "?"),
        (Decimal(0), "$0.00"),
        (Decimal("1234.567"), "$1,234.57"),
        (Decimal("0.0123"), "$0.0123"),
        (Decimal("0.00001"), "<$0.0001"),
        (Decimal("-0.5"), "-$0.5000"),
    ],
)
def test_usd(amount: Decimal | None, text: str) -> None:
    """An unknown amount is a question mark, never a 0; a tiny one is not rounded to 0 either."""
    assert usd(amount) == text


def test_doubtful_usd() -> None:
    """Amounts that are a lower bound or an estimate carry a sign."""
    assert usd(Decimal(2), more=True, roughly=True) == "≥$2.00"
    assert usd(Decimal(2), roughly=True) == "≈$2.00"
    assert usd(Decimal("0.00001"), more=True) == "≥$0"
    assert usd(Decimal("0.00001"), roughly=True) == "<$0.0001"


def test_percent() -> None:
    """Shares have one digit; none is a dash."""
    assert (percent(0.1234), percent(None)) == ("12.3%", "-")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "-"),
        (0, "0 ms"),
        (3.14, "3.1 ms"),
        (9.97, "10 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (9_996, "10.0 s"),
        (99_940, "99.9 s"),
        (99_960, "1m40s"),
        (3_599_400, "59m59s"),
        (3_600_000, "1h00m"),
    ],
)
def test_duration(ms: float | None, text: str) -> None:
    """A time is short, in the unit that suits it; none is a dash."""
    assert duration(ms) == text
