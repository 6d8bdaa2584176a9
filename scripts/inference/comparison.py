"""Whether two samples differ, and by how much, from their counts, means and variances; it does not know what of."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, comb, sqrt

from scipy import special

# Below that a mean of skewed costs and times says too little for a test that rests on it.
FEWEST = 30
# Every expected count must be at least this for the chi-squared test; else Fisher's exact one.
_EXPECTED = 5
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Sample:
    """Count, mean and variance of one measure."""

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A second sample less the first, with the bounds of its confidence interval and the p-value of no difference.

    effect: the difference in standard deviations (Cohen's d; h of two shares).
    """

    amount: float
    low: float
    high: float
    p: float
    effect: float
    test: str


def welch(first: Sample, second: Sample, confidence: float) -> Difference | None:
    """Welch's t-test, which holds for unequal variances; None where a sample is too small, or nothing varies."""
    errors = [sample.variance / sample.n if sample.n else 0.0 for sample in (first, second)]
    if min(first.n, second.n) < FEWEST or not sum(errors):
        return None
    amount, error = second.mean - first.mean, sqrt(sum(errors))
    freedom = error**4 / sum(e**2 / (s.n - 1) for e, s in zip(errors, (first, second), strict=True))
    p = 2 * float(special.stdtr(freedom, -abs(amount) / error))
    reach = float(special.stdtrit(freedom, (1 + confidence) / 2)) * error
    effect = amount / sqrt((first.variance + second.variance) / 2)
    return Difference(amount, amount - reach, amount + reach, p, effect, "Welch's t")


def shares(first: tuple[int, int], second: tuple[int, int], confidence: float) -> Difference | None:
    """Two shares as (hits, of): the chi-squared test or Fisher's, with Newcombe's interval; None below FEWEST."""
    if min(first[1], second[1]) < FEWEST:
        return None
    (a, low_a, high_a), (b, low_b, high_b) = (_wilson(hits, n, confidence) for hits, n in (first, second))
    amount = b - a
    p, test = _independence(first, second)
    low = amount - sqrt((b - low_b) ** 2 + (high_a - a) ** 2)
    high = amount + sqrt((high_b - b) ** 2 + (a - low_a) ** 2)
    return Difference(amount, low, high, p, _h(b) - _h(a), test)


def holm(values: Sequence[float]) -> list[float]:
    """The p-values of many tests together, by Holm's step-down method: each is as if it had been the only one."""
    adjusted, most = [0.0] * len(values), 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        most = max(most, min(1.0, (len(values) - rank) * values[at]))
        adjusted[at] = most
    return adjusted


def wanted(sample: Sample, share: float, confidence: float) -> int | None:
    """How many observations each side needs to see a difference of a share of the mean, four times out of five."""
    if not sample.mean or not sample.variance:
        return None
    reach = _z(confidence) + float(special.ndtri(POWER))
    return max(FEWEST, round(2 * sample.variance * (reach / (share * sample.mean)) ** 2))


def _z(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))


def _wilson(hits: int, n: int, confidence: float) -> tuple[float, float, float]:
    share, z = hits / n, _z(confidence)
    middle, reach = hits + z**2 / 2, z * sqrt(hits * (1 - share) + z**2 / 4)
    return share, max((middle - reach) / (n + z**2), 0.0), min((middle + reach) / (n + z**2), 1.0)


def _independence(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, str]:
    (a, n), (c, m) = first, second
    hits, misses, total = a + c, n + m - a - c, n + m
    if min(hits, misses) * min(n, m) < _EXPECTED * total:
        return _fisher(a, n - a, c, m - c), "Fisher's exact"
    # In a table of two by two each count is as far from what is expected as the others.
    apart = (a - n * hits / total) ** 2 * total * (total / n) * (total / m) / hits / misses
    return float(special.chdtrc(1, apart)), "chi-squared"


def _fisher(a: int, b: int, c: int, d: int) -> float:
    """The share of all tables with the same sums that are no likelier than this one; in whole numbers, and so exact."""
    total = a + b + c + d
    # The smallest sum has the fewest ways to fall apart: here its part, and the sum that crosses it there.
    drawn, part, across = min((a + b, a, a + c), (c + d, c, a + c), (a + c, a, a + b), (b + d, b, a + b))
    fewest, most = max(0, drawn + across - total), min(drawn, across)
    ways = [comb(across, fewest) * comb(total - across, drawn - fewest)]
    for k in range(fewest, most):
        ways.append(ways[-1] * (across - k) * (drawn - k) // ((k + 1) * (total - across - drawn + k + 1)))
    seen = ways[part - fewest]
    return sum(way for way in ways if way <= seen) / comb(total, drawn)


def _h(share: float) -> float:
    return 2 * asin(sqrt(share))
