"""Single texts as values, with the correction of wrong ones."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from llmobs.config import value


def refusal(read: Callable[..., object], *given: Any) -> str:
    """What is said about a text that is refused."""
    with pytest.raises(PydanticCustomError) as caught:
        read(*given)
    return caught.value.message()


@pytest.mark.parametrize(
    "text", ["NaN", "inf", "-Infinity", "2,5", "$2", "1_000", "", "2.5 USD", ["2"], {"a": "1"}, None]
)
def test_number_that_is_none(text: object) -> None:
    """What is not a finite plain number is refused."""

    assert "is not a number; write a plain decimal number such as 2.5" in refusal(value.number, text)


def test_negative_number() -> None:
    """A negative price is refused."""

    assert refusal(value.number, "-1.5") == "-1.5 is negative; write 1.5 or leave the key out"


def test_trace_of_a_float_is_refused() -> None:
    """Digits that only a float leaves behind are told without them."""

    assert refusal(value.number, "0.30000000000000004").endswith("has more than 12 decimals; write 0.3")


def test_day() -> None:
    """A date is year-month-day and exists."""

    assert value.day("2026-11-20") == date(2026, 11, 20)
    for wrong in ("2026-2-3", "20261120", "2026-02-30", "yesterday", ["2026-11-20"]):
        assert refusal(value.day, wrong).endswith("is not a date; write year-month-day such as 2026-11-20")


def test_flag() -> None:
    """Only true and false are flags."""

    assert value.flag("True") is True
    assert value.flag("false") is False
    for wrong in ("yes", "1", ["true"]):
        assert "write true or false" in refusal(value.flag, wrong)


def test_text() -> None:
    """A text is not empty and not a list."""

    assert value.text(" a ") == "a"
    assert refusal(value.text, "").startswith("is empty")
    assert refusal(value.text, ["a"]).startswith("must be a single text")


def test_one_of() -> None:
    """A word outside the known ones gets the closest."""

    assert value.one_of("hand", ["hand"]) == "hand"
    assert refusal(value.one_of, "hnd", ["hand", "litellm"]) == "'hnd' is not known here; did you mean hand?"
    assert refusal(value.one_of, ["hand"], ["hand"]).startswith("a list is not known here")
