"""The differences between the variants of an experiment, out of the rows of its query; it prints nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scripts.experiments_parts.findings import FAILURES, MEASURES, Experiment, Finding
from scripts.inference.comparison import FEWEST, Difference, Sample, holm, shares, wanted, welch

type Row = Mapping[str, Any]

# What people call the variant that the others are compared with.
_BASELINES = ("control", "baseline", "default")
# A difference that a reader of a table would want to see.
_WORTH_SEEING = 0.1


def compared(name: str, rows: Sequence[Row], baseline: str | None, confidence: float) -> Experiment:
    """An experiment with every variant against the baseline in every measure."""
    first = _baseline(rows, baseline)
    others = [row for row in rows if row is not first]
    found = [finding for row in others for finding in _findings(first, row, confidence)]
    return Experiment(name, first["variant"], [first, *others], _corrected(found, 1 - confidence))


def _baseline(rows: Sequence[Row], wanted_name: str | None) -> Row:
    for name in (wanted_name, *_BASELINES):
        for row in rows:
            if row["variant"] == name:
                return row
    return rows[0]


def _findings(first: Row, second: Row, confidence: float) -> Iterator[Finding]:
    yield _failing(first, second, confidence)
    for measure in MEASURES:
        yield _measured(measure, first, second, confidence)


def _failing(first: Row, second: Row, confidence: float) -> Finding:
    (a, of_a), (b, of_b) = ((row["failures"], row["calls"]) for row in (first, second))
    bare = Finding(second["variant"], FAILURES, a / of_a, b / of_b)
    found = shares((a, of_a), (b, of_b), confidence)
    return _few(bare, min(of_a, of_b)) if found is None else _filled(bare, found)


def _measured(measure: str, first: Row, second: Row, confidence: float) -> Finding:
    bare = Finding(second["variant"], measure, first[f"{measure}_mean"], second[f"{measure}_mean"])
    samples = _sample(measure, first), _sample(measure, second)
    found = welch(*samples, confidence)
    if found is None:
        fewest = min(sample.n for sample in samples)
        return _few(bare, fewest) if fewest < FEWEST else replace(bare, why="nothing varies")
    need = wanted(samples[0], _WORTH_SEEING, confidence)
    return replace(_filled(bare, found), wanted=need)


def _sample(measure: str, row: Row) -> Sample:
    return Sample(row[f"{measure}_n"], row[f"{measure}_mean"] or 0.0, row[f"{measure}_variance"] or 0.0)


def _few(bare: Finding, observed: int) -> Finding:
    return replace(bare, why="not known" if not observed else f"too few: {observed}, at least {FEWEST} are needed")


def _filled(bare: Finding, found: Difference) -> Finding:
    return replace(
        bare,
        difference=found.amount,
        low=found.low,
        high=found.high,
        relative=found.amount / bare.baseline_mean if bare.baseline_mean else None,
        effect=found.effect,
        test=found.test,
        p=found.p,
    )


def _corrected(found: Sequence[Finding], most: float) -> list[Finding]:
    values = iter(holm([finding.p for finding in found if finding.p is not None]))
    return [
        finding if finding.p is None else replace(finding, p_corrected=(p := next(values)), differs=p < most)
        for finding in found
    ]
