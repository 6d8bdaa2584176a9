"""What was found of an experiment, ready to be printed in any shape; it does not know how it was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

FAILURES = "failures"
# Column of the queries -> how people call it.
MEASURES = {
    "cost_usd": "cost",
    "latency_ms": "latency",
    "ttft_ms": "first token",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One variant against the baseline in one measure; what a test did not say is None, and `why` says why.

    relative: the difference as a share of the baseline's mean. p_corrected: Holm's. wanted: observations of each side
    that a difference of a tenth takes to be seen.
    """

    variant: str
    measure: str
    baseline_mean: float | None
    mean: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    relative: float | None = None
    effect: float | None = None
    test: str = ""
    p: float | None = None
    p_corrected: float | None = None
    differs: bool = False
    wanted: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """Its variants as the query has them, the baseline, and the differences of the others to that."""

    experiment: str
    baseline: str
    variants: Sequence[Mapping[str, Any]]
    differences: Sequence[Finding]

    def flat(self) -> Iterator[dict[str, Any]]:
        """A row for each difference."""
        for finding in self.differences:
            yield {"experiment": self.experiment, "baseline": self.baseline} | asdict(finding)


# What `flat` calls its cells.
COLUMNS = ("experiment", "baseline", *(field.name for field in fields(Finding)))


def mean_cost(row: Mapping[str, Any]) -> Decimal | None:
    """What one observation of known cost came to."""
    known: int = row["cost_usd_n"]
    return None if not known or row["cost_usd_mean"] is None else Decimal(repr(row["cost_usd_mean"]))
