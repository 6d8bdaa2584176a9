from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.limits.resets import duration, moment, number, wait

AT = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6ms", 0.006),
        ("1m2s", 62),
        ("10.974999999s", 10.974999999),
        ("1h0m0.5s", 3600.5),
        ("2d", 172_800),
        ("3µs", 0.000003),
        ("5", None),
        ("", None),
        ("1m?", None),
        ("soon", None),
    ],
)
def test_duration(text: str, seconds: float | None) -> None:
    """A duration is what Go writes, whole; a number alone is none."""

    assert duration(text) == seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_duration_of_parts(hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    """The parts of a duration add up."""

    told = duration(f"{hours}h{minutes}m{seconds}s{milliseconds}ms")

    assert told == pytest.approx(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "wanted"), [("500", 500), ("2.5", 2.5), ("100, 100;window=60", 100), ("REDACTED", None), ("-1", None)]
)
def test_number(text: str, wanted: float | None) -> None:
    """The number at the beginning counts; what is none, or negative, tells nothing."""

    assert number(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("30", "2026-11-20T12:00:30+00:00"),
        ("1.5s", "2026-11-20T12:00:01.500000+00:00"),
        ("1754667660", "2025-08-08T15:41:00+00:00"),
        ("1754667660000", "2025-08-08T15:41:00+00:00"),
        ("2024-04-24T12:52:29Z", "2024-04-24T12:52:29+00:00"),
        ("2024-04-24T12:52:29+02:00", "2024-04-24T10:52:29+00:00"),
        ("2024-04-24", "2024-04-24T00:00:00+00:00"),
        ("Fri, 20 Nov 2026 12:00:09 GMT", "2026-11-20T12:00:09+00:00"),
    ],
)
def test_moment(text: str, wanted: str) -> None:
    """Every way to tell a time is one moment in UTC."""

    found = moment(text, AT)

    assert found is not None
    assert found.isoformat() == wanted


@given(st.text() | st.from_regex(r"[0-9]{1,19}(\.[0-9]{1,12})?(ms|s|h|d|Z)?", fullmatch=True))
def test_any_text(text: str) -> None:
    """Whatever a header holds, it is a time or none, and no error."""

    for parse in (moment, wait):
        parse(text, AT)
    number(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2), ("1m", 60), ("Fri, 20 Nov 2026 12:00:09 GMT", 9), ("Fri, 20 Nov 2026 11:00:00 GMT", 0), ("x", None)],
)
def test_wait(text: str, seconds: float | None) -> None:
    """What is left until a moment is no less than nothing."""

    assert wait(text, AT) == seconds
