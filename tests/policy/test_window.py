"""Calendar windows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.policy.window import Period, ends, oldest, starts

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia")


@pytest.mark.parametrize(
    ("period", "zone", "start", "end"),
    [
        (Period.DAY, "UTC", "2026-11-20T00", "2026-11-21T00"),
        (Period.WEEK, "UTC", "2026-11-16T00", "2026-11-23T00"),
        (Period.MONTH, "UTC", "2026-11-01T00", "2026-12-01T00"),
        (Period.DAY, "Europe/Berlin", "2026-11-19T23", "2026-11-20T23"),
        (Period.MONTH, "Europe/Berlin", "2026-10-31T23", "2026-11-30T23"),
        (Period.DAY, "Pacific/Auckland", "2026-11-20T11", "2026-11-21T11"),
    ],
)
def test_calendar(period: Period, zone: str, start: str, end: str) -> None:
    """Windows begin at midnight of their time zone, weeks on Monday."""
    found = starts(period, AT, ZoneInfo(zone)), ends(period, AT, ZoneInfo(zone))

    assert [f"{at:%Y-%m-%dT%H}" for at in found if at] == [start, end]


@pytest.mark.parametrize("period", [Period.RUN, Period.TOTAL])
def test_without_a_calendar(period: Period) -> None:
    """A run and the budget of all times have no start and no end."""

    assert (starts(period, AT, ZoneInfo("UTC")), ends(period, AT, ZoneInfo("UTC"))) == (None, None)


def test_oldest_row() -> None:
    """A run is looked for in the last thirty days, all others from their start on."""
    zone = ZoneInfo("UTC")

    assert oldest(Period.RUN, AT, zone) == datetime(2026, 10, 21, 12, tzinfo=UTC)
    assert oldest(Period.DAY, AT, zone) == starts(Period.DAY, AT, zone)
    assert oldest(Period.TOTAL, AT, zone) is None


@given(
    at=st.integers(1_600_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    zone=st.sampled_from(ZONES),
    period=st.sampled_from([Period.DAY, Period.WEEK, Period.MONTH]),
)
def test_every_moment_is_in_one_window(at: datetime, zone: str, period: Period) -> None:
    """A window holds its moment, and the next one begins where it ends, whatever a clock change does."""
    start, end = starts(period, at, ZoneInfo(zone)), ends(period, at, ZoneInfo(zone))

    assert start is not None
    assert end is not None
    assert start <= at < end
    assert starts(period, end, ZoneInfo(zone)) == end
    assert starts(period, start, ZoneInfo(zone)) == start
