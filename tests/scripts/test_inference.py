"""What samples say: tests against values that R and textbooks give, and intervals that hold what they promise."""

from math import isclose

import numpy as np
import pytest
from scipy import stats

from scripts.inference import library
from scripts.inference.bootstrap import Past, at_volume, block_of, going_on
from scripts.inference.comparison import Sample, holm, shares, wanted, welch


def test_welch_of_two_samples() -> None:
    """Amount, interval and p are those of R's t.test for the same means, variances and counts."""
    found = welch(Sample(40, 10.0, 4.0), Sample(50, 11.0, 9.0), 0.95)

    assert found is not None
    assert (found.amount, found.test) == (1.0, "Welch's t")
    assert isclose(found.p, 0.06215, abs_tol=5e-4)
    assert isclose(found.low, -0.052, abs_tol=2e-3)
    assert isclose(found.high, 2.052, abs_tol=2e-3)
    assert isclose(found.effect, 1 / 6.5**0.5)


@pytest.mark.parametrize(
    ("first", "second"), [(Sample(29, 1, 1), Sample(1000, 2, 1)), (Sample(30, 1, 0), Sample(30, 1, 0))]
)
def test_no_test_of_too_few_or_of_constants(first: Sample, second: Sample) -> None:
    """Fewer than thirty observations, or figures that never vary, are not tested."""

    assert welch(first, second, 0.95) is None


def test_shares_of_large_samples() -> None:
    """Ten against twenty of a hundred: chi-squared 3.922, and Newcombe's interval from 0.1 to 20 points."""
    found = shares((10, 100), (20, 100), 0.95)

    assert found is not None
    assert found.test == "chi-squared"
    assert isclose(found.p, 0.04767, abs_tol=1e-4)
    assert isclose(found.amount, 0.1)
    assert isclose(found.low, 0.0005, abs_tol=2e-3)
    assert isclose(found.high, 0.1989, abs_tol=2e-3)


def test_shares_of_rare_events() -> None:
    """Where less than five are expected Fisher's exact test is used: none against five of forty is p = 0.0547."""
    found = shares((0, 40), (5, 40), 0.95)

    assert found is not None
    assert found.test == "Fisher's exact"
    assert isclose(found.p, 0.0547, abs_tol=1e-3)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, 40), (0, 4_000)), ((4_000, 4_000), (36, 40)), ((1, 30), (2, 5_000)), ((29, 30), (5_000, 5_000)),
        ((7, 900), (1, 1_100)), ((893, 900), (1_099, 1_100)), ((2, 99_000), (3, 45)),
    ],
)  # fmt: skip
def test_exact_as_scipy_has_it(first: tuple[int, int], second: tuple[int, int]) -> None:
    """Whichever side is the rare one, p is that of scipy.stats, which takes a second to import."""
    found = shares(first, second, 0.95)
    table = [[hits, n - hits] for hits, n in (first, second)]

    assert found is not None
    assert found.test == "Fisher's exact"
    assert isclose(found.p, stats.fisher_exact(table).pvalue, rel_tol=1e-9)


@pytest.mark.parametrize(("first", "second"), [((310, 4_000), (190, 3_000)), ((9_860, 9_900), (999_000, 1_000_000))])
def test_chi_squared_and_interval_as_scipy_has_them(first: tuple[int, int], second: tuple[int, int]) -> None:
    """The p-value is that of scipy.stats, and the interval follows from its Wilson scores."""
    found = shares(first, second, 0.99)
    table = [[hits, n - hits] for hits, n in (first, second)]
    (a, b), ((low_a, high_a), (low_b, high_b)) = (
        [hits / n for hits, n in (first, second)],
        [stats.binomtest(hits, n).proportion_ci(0.99, method="wilson") for hits, n in (first, second)],
    )

    assert found is not None
    assert found.test == "chi-squared"
    assert isclose(found.p, stats.chi2_contingency(table, correction=False).pvalue, rel_tol=1e-9)
    assert isclose(found.low, b - a - ((b - low_b) ** 2 + (high_a - a) ** 2) ** 0.5)
    assert isclose(found.high, b - a + ((high_b - b) ** 2 + (a - low_a) ** 2) ** 0.5)


def test_welch_as_scipy_has_it() -> None:
    """The p-value is that of scipy.stats."""
    found = welch(Sample(400, 0.013, 0.0004), Sample(90, 0.019, 0.003), 0.95)
    theirs = stats.ttest_ind_from_stats(0.019, 0.003**0.5, 90, 0.013, 0.0004**0.5, 400, equal_var=False)

    assert found is not None
    assert isclose(found.p, theirs.pvalue, rel_tol=1e-9)


def test_exact_of_ten_million() -> None:
    """Numbers of any size are counted exactly: six of ten million, all on one side of two equal halves."""
    found = shares((0, 5_000_000), (6, 5_000_000), 0.95)

    assert found is not None
    assert isclose(found.p, 2 * 0.5**6, rel_tol=1e-5)


def test_shares_without_a_hit() -> None:
    """Two shares of nothing are alike."""
    found = shares((0, 40), (0, 50), 0.95)

    assert found is not None
    assert (found.p, found.amount) == (1.0, 0.0)


def test_shares_of_too_few() -> None:
    """Twenty-nine calls are not tested."""

    assert shares((1, 29), (5, 400), 0.95) is None


def test_holm_steps_down() -> None:
    """The smallest is multiplied by the number of tests, the next by one less, none falls below one before it."""

    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_how_many_are_wanted() -> None:
    """A mean of 10 with a deviation of 10 takes 1,570 observations to see a tenth; constants can't be told."""

    assert wanted(Sample(50, 10.0, 100.0), 0.1, 0.95) == 1570
    assert wanted(Sample(50, 0.0, 1.0), 0.1, 0.95) is None


def test_constant_days_leave_no_doubt() -> None:
    """Where each day and each call costs the same, every bound is the expected amount."""
    past = Past([10.0] * 28, [100] * 28, 0.0)

    assert at_volume(past, 50, 30, 0.9) == pytest.approx((150.0, 150.0))
    assert going_on(past, 30, 0.9) == pytest.approx((300.0, 300.0, 300.0))


def test_a_straight_line_goes_on() -> None:
    """Spend that grows by a dollar a day is expected to go on with that."""
    past = Past([float(day) for day in range(1, 29)], [10] * 28, 0.0)

    assert going_on(past, 2, 0.9) == pytest.approx((59.0, 59.0, 59.0))


def test_spend_never_falls_below_nothing() -> None:
    """A line that falls ends at 0."""
    past = Past([float(29 - day) for day in range(1, 29)], [10] * 28, 0.0)

    assert going_on(past, 365, 0.9) == (0.0, 0.0, 0.0)


def test_few_calls_differ_more() -> None:
    """An interval for fewer calls than on the days before is wider in proportion, by the difference of single calls."""
    past = Past([10.0] * 28, [10_000] * 28, 1e-4)
    low, high = at_volume(past, 100, 1, 0.9)

    assert low < 0.1 < high
    assert high - low > 0.2


def test_intervals_hold_what_they_promise() -> None:
    """Of two hundred made-up months nine tenths lie about where the interval of the four weeks before says."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        days = rng.gamma(20, 5, 58) * np.tile([1, 1, 1, 1, 1, 0.4, 0.4], 9)[:58]
        low, high = at_volume(Past(list(days[:28]), [100] * 28, 0.0), 100, 30, 0.9)
        hits += low <= days[28:].sum() <= high

    assert 150 < hits <= 200


def test_blocks() -> None:
    """Two weeks are resampled as weeks, less day by day."""

    assert (block_of(13), block_of(14)) == (1, 7)


def test_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, instead of a traceback."""
    assert library.there()
    monkeypatch.setattr(library, "LIBRARY", "no_such_library")

    assert not library.there()
