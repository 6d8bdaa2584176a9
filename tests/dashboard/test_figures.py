from datetime import datetime, timedelta
from decimal import Decimal

from llmobs.dashboard import figures
from llmobs.dashboard.figures import Figure, Series

BEGIN = datetime(2026, 11, 28)  # noqa: DTZ001 -- as the database has them
STEPS = [BEGIN + timedelta(hours=hour) for hour in range(3)]


def row(hour: int, **told: object) -> dict[str, object]:
    """A row of a query by hour."""
    return {"hour": STEPS[0] + timedelta(hours=hour), **told}


def test_stacked() -> None:
    """The largest come first; a cost that is not known, and a step that is not drawn, add nothing."""
    rows = [
        row(0, model="a", cost_usd=Decimal(1)),
        row(2, model="a", cost_usd=Decimal(2)),
        row(1, model=None, cost_usd=Decimal(9)),
        row(1, model="b", cost_usd=None),
        row(7, model="a", cost_usd=Decimal(99)),
    ]

    assert figures.stacked(rows, STEPS, "hour", "model", "cost_usd") == [
        Series("(none)", [0, Decimal(9), 0]),
        Series("a", [Decimal(1), 0, Decimal(2)]),
    ]


def test_the_rest_is_one_series() -> None:
    """So many names have a colour of their own; the others are added up, unless there is but one."""
    rows = [row(0, model=f"m{at}", calls=100 - at) for at in range(12)]
    many = figures.stacked(rows, STEPS, "hour", "model", "calls")
    few = figures.stacked(rows[:9], STEPS, "hour", "model", "calls")

    assert [each.name for each in many[-2:]] == ["m7", "4 others"]
    assert many[-1] == Series("4 others", [92 + 91 + 90 + 89, 0, 0], rest=True)
    assert [each.name for each in few] == [f"m{at}" for at in range(9)]


def test_lines() -> None:
    """A line has a gap where nothing was."""

    assert figures.lines([row(1, p50_ms=5.0)], STEPS, "hour", {"p50_ms": "p50"}) == [Series("p50", [None, 5.0, None])]


def test_kinds() -> None:
    """The most frequent kind comes first."""
    rows = [row(0, failed_calls={"user": 1, "system": 2}), row(2, failed_calls={"user": 3})]

    assert figures.kinds(rows, STEPS, "hour", "failed_calls") == [
        Series("user", [1, 0, 3]),
        Series("system", [2, 0, 0]),
    ]


def test_no_markup_is_left_for_plotly() -> None:
    """Names are texts for the library that reads markup in them; amounts are numbers."""
    series = [Series("<b>a</b> & b", [Decimal("0.5"), None, 1])]
    figure = Figure("spend", "Cost", "usd", "bar", STEPS, "hour", series)

    assert figure.drawn["series"] == [{"name": "&lt;b&gt;a&lt;/b&gt; &amp; b", "y": [0.5, None, 1.0], "rest": False}]
    assert figure.drawn["x"] == ["2026-11-28T00:00", "2026-11-28T01:00", "2026-11-28T02:00"]
    assert figure.rows == [(STEPS[2], [1]), (STEPS[0], [Decimal("0.5")])]
    assert not figure.empty
    assert Figure("spend", "Cost", "usd", "bar", STEPS, "hour", [Series("a", [0, None, 0])]).empty
