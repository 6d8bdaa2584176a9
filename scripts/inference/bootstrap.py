"""How far sums over coming days may lie from what past days suggest, by a block bootstrap; it does not know of what.

Days are resampled in weeks that may begin on any of them, so that weekends stay where they belong and days that
follow each other stay alike; fewer than two weeks are resampled day by day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

type Floats = NDArray[np.float64]

WEEK = 7
REPLICATES = 2000
# The same question always gets the same answer.
_SEED = 20_261_128


@dataclass(frozen=True, slots=True)
class Past:
    """What was spent on each of some days in a row, over how many calls, and how much single calls differ.

    variance: of the cost of a call.
    """

    spent: Sequence[float]
    calls: Sequence[int]
    variance: float


def block_of(days: int) -> int:
    """How many days are resampled together."""
    return WEEK if days >= 2 * WEEK else 1


def going_on(past: Past, horizon: int, confidence: float) -> tuple[float, float, float]:
    """What so many coming days cost if spend goes on changing as it did, with bounds.

    A straight line through the days, and what days differ from it: each replicate is a line of its own through days
    made of both, so that the further away, the less is known.
    """
    rng, spent = np.random.default_rng(_SEED), np.asarray(past.spent, dtype=np.float64)
    days = len(spent)
    at = np.arange(days + horizon) - (days - 1) / 2
    seen, ahead = at[:days], at[days:].sum()
    slope = spent @ seen / (seen @ seen)
    rest = spent - spent.mean() - slope * seen
    made = spent.mean() + slope * seen + rest[_resampled(days, days, rng)]
    coming = rest[_resampled(days, horizon, rng)].sum(axis=1)
    totals = made.mean(axis=1) * horizon + made @ seen / (seen @ seen) * ahead + coming
    expected = float(spent.mean() * horizon + slope * ahead)
    return (max(expected, 0.0), *_bounds(totals, days, confidence, lines=2))


def at_volume(past: Past, volume: int, horizon: int, confidence: float) -> tuple[float, float]:
    """Bounds of what so many coming days of so many calls cost, where a call costs what it did."""
    rng = np.random.default_rng(_SEED)
    spent, calls = (np.asarray(told, dtype=np.float64) for told in (past.spent, past.calls))
    known, coming = (_resampled(len(spent), length, rng) for length in (len(spent), horizon))
    seen = calls[coming].sum(axis=1)
    each = _ratio(spent, calls, known) - spent.sum() / calls.sum() + _ratio(spent, calls, coming)
    number = float(volume * horizon)
    # Fewer calls than on those days differ more by chance.
    chance = np.sqrt(past.variance * number * np.clip(1 - number / np.maximum(seen, 1), 0, 1))
    return _bounds(number * each + chance * rng.standard_normal(REPLICATES), len(spent), confidence)


def _ratio(spent: Floats, calls: Floats, chosen: NDArray[np.int64]) -> Floats:
    found: Floats = spent[chosen].sum(axis=1) / np.maximum(calls[chosen].sum(axis=1), 1)
    return found


def _resampled(days: int, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """For each replicate the numbers of days, in blocks that run on from the last day to the first."""
    block = block_of(days)
    starts = rng.integers(days, size=(REPLICATES, -(-length // block)))
    found: NDArray[np.int64] = (starts[:, :, None] + np.arange(block)) % days
    return found.reshape(REPLICATES, -1)[:, :length]


def _bounds(totals: Floats, days: int, confidence: float, lines: int = 1) -> tuple[float, float]:
    """Percentiles, further out where few blocks are known (Hesterberg's expanded percentile interval).

    lines: how many figures were fitted to the days before.
    """
    blocks = days / block_of(days)
    freedom = max(blocks - lines, 1.0)
    reach = sqrt(blocks / freedom) * float(special.stdtrit(freedom, (1 + confidence) / 2))
    tail = float(special.ndtr(-reach))
    low, high = np.quantile(totals, [tail, 1 - tail])
    return max(float(low), 0.0), max(float(high), 0.0)
