"""The comparison of an experiment as tables and sentences; it neither asks nor tests."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from llmobs.render import Cell, Column, Mark, Section, count, duration, percent, usd
from scripts.experiments_parts.findings import FAILURES, MEASURES, Experiment, Finding, mean_cost

# Amounts of single calls are too small to read.
PER = 1000
# What is left out where room is short, the last first.
_SPARE = ("first token", "input", "output", "cost")
_SMALLEST_P = 0.001
# From here on the calls of one run are worth a remark.
_ALIKE = 1.5
# What is said where a measure is lower than the baseline's, and where it is higher.
_WORDS = {
    FAILURES: ("fails less often", "fails more often"),
    "cost_usd": ("costs less", "costs more"),
    "latency_ms": ("is faster", "is slower"),
    "ttft_ms": ("begins sooner", "begins later"),
    "input_tokens": ("has fewer input tokens", "has more input tokens"),
    "output_tokens": ("has fewer output tokens", "has more output tokens"),
}


def variants(found: Experiment, per: str) -> Section:
    """What each variant did, side by side."""
    heads = [f"{per}s", f"cost/{PER:,}", "failed", "latency", "first token", "input", "output", "cost"]
    columns = [Column("variant", figures=False, cut=12), *(Column(head, spare=head in _SPARE) for head in heads)]
    rows: list[list[str | Cell]] = [[_named(row, found.baseline), *_figures(row)] for row in found.variants]
    unknown = any(row["unknown_calls"] for row in found.variants)
    note = "≥ at least: calls of unknown cost are left out of the means" if unknown else ""
    return Section(f"Experiment {found.experiment}", columns, rows, note=note)


def _named(row: Mapping[str, Any], baseline: str) -> Cell:
    return Cell(row["variant"], "strong" if row["variant"] == baseline else "")


def _figures(row: Mapping[str, Any]) -> list[str]:
    mean = mean_cost(row)
    doubts = {"more": row["unknown_calls"] > 0 or row["partial_calls"] > 0, "roughly": row["estimated_calls"] > 0}
    return [
        count(row["calls"]),
        usd(None if mean is None else mean * PER, roughly=any(doubts.values())),
        percent(row["failures"] / row["calls"]),
        duration(row["latency_ms_mean"]),
        duration(row["ttft_ms_mean"]),
        *(count(_rounded(row[f"{name}_mean"])) for name in ("input_tokens", "output_tokens")),
        usd(row["cost_usd"], **doubts),
    ]


def _rounded(number: float | None) -> int | None:
    return None if number is None else round(number)


def differences(found: Experiment, confidence: float) -> Section:
    """Each variant against the baseline, with interval and p-value."""
    heads = ("difference", f"{confidence:.0%} from", "to", "relative", "p", "effect")
    columns = [
        Column("variant", figures=False, cut=12),
        Column("measure", figures=False),
        *(Column(head, spare=head not in ("difference", "p")) for head in heads),
        Column("", figures=False),
    ]
    rows = [_difference(finding) for finding in found.differences]
    note = (
        "pp: percentage points of all calls; relative: as a share of the baseline's mean; "
        "p-values are corrected for the number of tests (Holm); effect in standard deviations"
    )
    return Section(f"Against {found.baseline}", columns, rows, note=note if rows else "there is no other variant")


def _difference(finding: Finding) -> list[str | Cell]:
    name = _called(finding.measure)
    if finding.difference is None:
        return [finding.variant, name, *["-"] * 6, Cell(finding.why, "quiet")]
    amounts = [
        _amount(finding.measure, amount) for amount in (finding.difference, finding.low or 0.0, finding.high or 0.0)
    ]
    verdict = Cell("differs", _mark(finding)) if finding.differs else Cell("may be chance", "quiet")
    return [
        finding.variant,
        name,
        *amounts,
        "-" if finding.relative is None else f"{finding.relative:+.1%}",
        _p(finding.p_corrected or 0.0),
        f"{finding.effect or 0:+.2f}",
        verdict,
    ]


def _called(measure: str) -> str:
    return f"{MEASURES[measure]}/{PER:,}" if measure == "cost_usd" else MEASURES.get(measure, measure)


def _mark(finding: Finding) -> Mark:
    return "bad" if (finding.difference or 0) > 0 else "good"


def _p(value: float) -> str:
    return "<0.001" if value < _SMALLEST_P else f"{value:.3f}"


def _amount(measure: str, amount: float) -> str:
    """A signed difference in the words of its measure."""
    size, sign = abs(amount), "-" if amount < 0 else "+"
    if measure == "cost_usd":
        return sign + usd(Decimal(repr(size)) * PER)
    if measure == FAILURES:
        return f"{100 * amount:+.2f} pp"
    return sign + (duration(size) if measure.endswith("_ms") else count(round(size)))


def sentences(found: Experiment, per: str) -> Iterator[str]:
    """What differs, in plain words, and what makes that doubtful."""
    for variant in dict.fromkeys(finding.variant for finding in found.differences):
        yield _sentence(variant, found, [finding for finding in found.differences if finding.variant == variant])
    if per == "call" and (alike := _calls_per_run(found)) > _ALIKE:
        yield (
            f"A run makes {alike:.1f} calls on average. Calls of one run are alike, so that the p-values above are too "
            "small: --per run counts each run once."
        )


def _sentence(variant: str, found: Experiment, all_of_it: list[Finding]) -> str:
    sure = [finding for finding in all_of_it if finding.differs]
    if sure:
        return f"{variant} against {found.baseline}: {'; '.join(_said(finding) for finding in sure)}."
    tested = [finding for finding in all_of_it if finding.p is not None]
    if not tested:
        return f"{variant} against {found.baseline}: too few calls to say anything."
    return f"{variant} against {found.baseline}: no difference is certain.{_missed(found, tested)}"


def _missed(found: Experiment, tested: list[Finding]) -> str:
    """How large a difference in cost may have gone unseen, or what it takes to see one."""
    cost = next((finding for finding in tested if finding.measure == "cost_usd"), None)
    if cost is None or not cost.wanted or not cost.baseline_mean:
        return ""
    if min(row["cost_usd_n"] for row in found.variants) < cost.wanted:
        return f" To see a cost that differs by 10 % takes about {cost.wanted:,} on each side."
    low, high = (bound / cost.baseline_mean for bound in (cost.low or 0.0, cost.high or 0.0))
    return f" Its cost differs by {low:+.1%} to {high:+.1%} at most."


def _said(finding: Finding) -> str:
    difference = finding.difference or 0.0
    less, more = _WORDS[finding.measure]
    relative = "" if finding.relative is None else f" by {abs(finding.relative):.1%}"
    unit = f" for {PER:,}" if finding.measure == "cost_usd" else ""
    return f"{more if difference > 0 else less}{relative} ({_amount(finding.measure, difference)}{unit})"


def _calls_per_run(found: Experiment) -> float:
    calls, runs = (sum(row[name] for row in found.variants) for name in ("calls_in_runs", "runs"))
    return calls / runs if runs else 0.0
