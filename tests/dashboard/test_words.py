from datetime import datetime
from decimal import Decimal
from urllib.parse import unquote

import pytest

from llmobs.dashboard import words
from llmobs.trace.step import Sums


def test_names() -> None:
    """What can't be seen is written out, what is too long is cut, what is not there is said."""

    assert words.name("a\x1b[31m\u202eb\nc") == r"a\x1b[31m\u202eb\x0ac"
    assert words.name("x" * 999) == "x" * words.LONGEST + "…"
    assert (words.name(None), words.name(""), words.name(429)) == ("(none)", "(none)", "429")


def test_costs() -> None:
    """A sum of which a part is not known is a least one, with estimates about, and unknown where nothing is known."""

    assert words.cost({"cost_usd": Decimal(2), "unknown_calls": 1}) == "≥$2.00"
    assert words.cost({"cost_usd": Decimal(2), "estimated_calls": 1}) == "≈$2.00"
    assert words.cost({"saved_usd": None}, "saved_usd") == "?"
    assert words.call_cost({"cost_usd": Decimal(2), "cost_status": "partial"}) == "≥$2.00"


def test_cost_of_a_step() -> None:
    """The sums of a run have the same signs."""

    assert words.step_cost(Sums(cost_usd=Decimal(2), doubtful_calls=1)) == "≥$2.00"
    assert words.step_cost(Sums()) == "?"


def test_digits() -> None:
    """No digit is lost, and no zero is told that says nothing."""

    assert [words.digits(number) for number in (Decimal("16000.000000"), Decimal("0.0025"), 1_000_000, None)] == [
        "16,000",
        "0.0025",
        "1,000,000",
        "?",
    ]


def test_moments_and_counts() -> None:
    """A time is told to the second, and a noun has its number."""

    assert words.moment(datetime(2026, 11, 28, 1, 2, 3, 4)) == "2026-11-28 01:02:03"  # noqa: DTZ001
    assert words.moment(None) == "-"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (110, 100, "+10%"),
        (90, 100, "−10%"),
        (100, 100, "±0%"),
        (250, 100, "2.5×"),
        (9e9, 100, ""),
        (1, 0, ""),
        (None, 1, ""),
    ],
)
def test_changes(now: float | None, before: int, text: str) -> None:
    """A change is a share of what was before, or how many times of it, or nothing where there was nothing."""

    assert words.change(now, before) == text


@pytest.mark.parametrize("page", ["trace", "call"])
@pytest.mark.parametrize("what", ["run-1", "a/b?c#d", "<x>", ".", "..", "../.."])
def test_addresses(page: str, what: str) -> None:
    """An address holds the whole name, and no browser reads it as a folder."""
    url = {"trace": words.trace_url, "call": words.call_url}[page](what)

    assert unquote(url.partition(f"/{page}/")[2] or url.partition("?id=")[2]) == what
    assert ".." not in url.split("/")
