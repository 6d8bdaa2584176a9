import re
from datetime import UTC, datetime

import pytest

from llmobs import choice

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("90m", datetime(2026, 11, 28, 10, 30)),  # noqa: DTZ001 -- as the database has them
        ("7d", datetime(2026, 11, 21, 12)),  # noqa: DTZ001
        ("2026-11-20", datetime(2026, 11, 20)),  # noqa: DTZ001
        ("2026-11-20T14:30+02:00", datetime(2026, 11, 20, 12, 30)),  # noqa: DTZ001
    ],
)
def test_moments(text: str, wanted: datetime) -> None:
    """A time is so long ago, or a date, or a date with an hour, and becomes UTC without a zone."""

    assert choice.moment(text, NOW) == wanted


@pytest.mark.parametrize("text", ["yesterday", "7y", "999999w", "2026-13-01", ""])
def test_no_moment(text: str) -> None:
    """What is no time is refused with what to write instead."""

    with pytest.raises(ValueError, match="write 2026-11-20"):
        choice.moment(text)


def test_moment_of_now() -> None:
    """Without a now the clock is asked."""

    assert choice.moment("0m") <= datetime.now(UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("wanted", "fits", "others"),
    [
        ("gpt-*", ("gpt-", "gpt-4o\nx"), ("xgpt-4",)),
        ("a?,b", ("ab", "b"), ("a", "a?b")),
        ("(none)", ("",), ("(none)",)),
        ("x,(none)", ("x", ""), ("(none)",)),
        (r"\(none)", ("(none)",), ("",)),
        (r"a\,b\*c\?\\d", (r"a,b*c?\d",), ("a", r"a,bbc?\d")),
        ("1.5|2", ("1.5|2",), ("1.5", "2", "1x5|2")),
        ("|(none)", ("|(none)",), ("", "|")),
        ("tail\\", ("tail\\",), ("tail",)),
        (",", ("",), (",",)),
    ],
)
def test_expression(wanted: str, fits: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Commas part values, * and ? stand for letters, a backslash takes the next sign as it is."""
    pattern = choice.expression(wanted)

    assert all(re.fullmatch(pattern, value) for value in fits)
    assert not any(re.fullmatch(pattern, value) for value in others)


@pytest.mark.parametrize("value", ["gpt-4o", "a,b*c?\\d", "(none)", "(a|b)", "\\", "zwei\nZeilen", ""])
def test_literal(value: str) -> None:
    """A value out of a row means itself alone."""
    pattern = choice.expression(choice.literal(value))

    assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, value + "x")


def test_literal_of_nothing() -> None:
    """A row without a value is found as such."""

    assert choice.literal(None) == "(none)"
