from datetime import date, datetime, timedelta

import pytest

from llmobs.dashboard import timeline

BEGIN = datetime(2026, 11, 28, 10, 30, 20)  # noqa: DTZ001 -- as the database has them


@pytest.mark.parametrize(
    ("length", "step", "first", "steps"),
    [
        (timedelta(hours=1), "minute", BEGIN.replace(second=0), 61),
        (timedelta(days=1), "hour", BEGIN.replace(minute=0, second=0), 25),
        (timedelta(days=30), "day", BEGIN.replace(hour=0, minute=0, second=0), 31),
        (timedelta(days=1000), "month", BEGIN.replace(day=1, hour=0, minute=0, second=0), 34),
    ],
)
def test_steps(length: timedelta, step: str, first: datetime, steps: int) -> None:
    """The longer a period, the longer its steps; they begin before it does, and leave none out."""
    end = BEGIN + length
    found = timeline.begins(BEGIN, end, timeline.step(BEGIN, end))

    assert timeline.step(BEGIN, end) == step
    assert (found[0], len(found)) == (first, steps)
    assert found[-1] < end


def test_too_many_steps() -> None:
    """A period of a clock gone mad is cut to its end."""
    found = timeline.begins(datetime(1, 1, 1), BEGIN, "month")  # noqa: DTZ001

    assert len(found) == timeline.MOST
    assert found[-1] == datetime(2026, 11, 1)  # noqa: DTZ001


def test_moment() -> None:
    """A day of a query is its midnight."""

    assert timeline.moment(date(2026, 11, 28)) == datetime(2026, 11, 28)  # noqa: DTZ001
    assert timeline.moment(BEGIN) is BEGIN
