"""The sections of the latency report, out of the rows of its queries; they neither ask nor print."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmobs.render import Cell, Column, Section, count, duration, histogram
from scripts.console.cells import NAME_WIDTH, changed, heading, name, names
from scripts.latency_parts.targets import MEASURES, Target

type Rows = Sequence[Mapping[str, Any]]

# Widths of the histogram's bars, and of the columns beside them.
BAR_WIDTH, BESIDE = 50, 32
# Rows that are named of those that miss a target.
WORST = 5
_FIGURES = (
    ("p50_ms", Column("p50")),
    ("p95_ms", Column("p95")),
    ("p99_ms", Column("p99", spare=2)),
    ("average_ms", Column("avg", spare=5)),
    ("minimum_ms", Column("min", spare=6)),
    ("maximum_ms", Column("max", spare=4)),
    ("ttft_p50_ms", Column("ttft p50", spare=5)),
    ("ttft_p95_ms", Column("ttft p95", spare=3)),
)
_SPEED, _CHANGE = Column("tok/s", spare=1), Column("p95 Δ", spare=1)


def table(answers: Mapping[str, Rows], shown: int, by: Sequence[str], targets: Sequence[Target]) -> Section:
    """Times by some columns; figures that miss their target are marked."""
    rows, total = answers["latency"], answers["total"]
    compared = any(row["before_calls"] for row in rows)
    columns = [
        *names(by),
        Column("answer", figures=False),
        Column("calls"),
        *(column for _, column in _FIGURES),
        _SPEED,
        *([_CHANGE] if compared else []),
    ]
    cells = [[*(name(row[column]) for column in by), *_cells(row, targets, compared=compared)] for row in rows[:shown]]
    if len(rows) > len(total):
        cells += [[Cell("all", "strong"), *[""] * (len(by) - 1), *_cells(row, (), compared=compared)] for row in total]
    legend = ["p95 Δ: slower ▲ or faster ▼ than in the period of the same length before"] if compared else []
    legend += ["! misses its target"] if any(goal.missed(row) for goal in targets for row in rows) else []
    legend += [f"{len(rows) - shown:,} more rows: --limit"] if len(rows) > shown else []
    return Section(f"Latency by {' and '.join(map(heading, by))}", columns, cells, note="; ".join(legend))


def _cells(row: Mapping[str, Any], targets: Sequence[Target], *, compared: bool) -> Iterator[str | Cell]:
    missed = {MEASURES[goal.name] for goal in targets if goal.missed(row)}
    yield _answer(row)
    yield count(row["calls"])
    for column, _ in _FIGURES:
        yield _marked(duration(row[column]), missed=column in missed)
    speed = row["output_tokens_per_s"]
    yield _marked("-" if speed is None else f"{speed:.0f}", missed="output_tokens_per_s" in missed)
    if compared:
        yield changed(row["p95_ms"], row["before_p95_ms"])


def _answer(row: Mapping[str, Any]) -> str:
    return "stream" if row["streamed"] else "whole"


def _marked(text: str, *, missed: bool) -> str | Cell:
    return Cell(f"!{text}", "bad") if missed else text


def times(buckets: Rows, width: int) -> Section:
    """How many calls took how long."""
    filled = [(duration(bucket["from_ms"]), bucket["calls"]) for bucket in _gapless(buckets)]
    return histogram("How long answers took", filled, max(10, min(BAR_WIDTH, width - BESIDE)))


def _gapless(buckets: Rows) -> Iterator[Mapping[str, Any]]:
    """The buckets with the empty ones between them."""
    last = None
    for bucket in buckets:
        while last is not None and last["below_ms"] * 1.01 < bucket["from_ms"]:
            step = last["below_ms"] / last["from_ms"]
            last = {"from_ms": last["below_ms"], "below_ms": last["below_ms"] * step, "calls": 0}
            yield last
        yield bucket
        last = bucket


def verdicts(targets: Sequence[Target], judgements: Rows, by: Sequence[str]) -> Section:
    """How many rows meet each target, and the worst of those that miss it."""
    columns = [
        Column("target", figures=False, picture=True),
        Column("verdict", figures=False, cut=NAME_WIDTH),
        *(Column(told) for told in ("met", "worst")),
        Column("calls", spare=1),
    ]
    return Section("Targets", columns, [cells for goal in targets for cells in _verdict(goal, judgements, by)])


def _verdict(goal: Target, judgements: Rows, by: Sequence[str]) -> Iterator[list[str | Cell]]:
    judged = [row for row in judgements if (row["target"], row["limit"]) == (goal.name, goal.limit)]
    missed = sorted((row for row in judged if not row["met"]), key=lambda row: -abs(row["measured"] - goal.limit))
    verdict = Cell("missed", "bad") if missed else Cell("met", "good") if judged else Cell("nothing to measure", "warn")
    yield [goal.words(), verdict, f"{len(judged) - len(missed)} of {len(judged)}", "", ""]
    for row in missed[:WORST]:
        who = [*(name(row[column]) for column in by), _answer(row)]
        yield ["", " ".join(who), "", goal.told(row["measured"]), count(row["calls"])]
    if len(missed) > WORST:
        yield ["", Cell(f"and {len(missed) - WORST} more", "quiet"), "", "", ""]


def left_out(scope: Mapping[str, Any], *, with_failed: bool) -> str:
    """Which calls do not count, in one sentence; nothing where all do."""
    parts = [
        ("cached_calls", "answered from the cache"),
        ("job_calls", "of batch jobs"),
        ("refused_calls", "refused by your own rules"),
        *([] if with_failed else [("failed_calls", "that did not end well")]),
    ]
    told = [f"{count(scope[key])} {words}" for key, words in parts if scope[key]]
    return f"Not counted: {', '.join(told)}." if told else ""
