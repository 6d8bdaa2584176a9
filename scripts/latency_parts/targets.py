"""Targets for latency as people write them, and which measured rows miss them; they neither ask nor print."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmobs.render import duration

type Row = Mapping[str, Any]

SPEED = "tokens_s"
# What a target is for -> the column of latency.sql that tells it.
MEASURES = {
    "p50": "p50_ms",
    "p95": "p95_ms",
    "p99": "p99_ms",
    "average": "average_ms",
    "maximum": "maximum_ms",
    "ttft_p50": "ttft_p50_ms",
    "ttft_p95": "ttft_p95_ms",
    "ttft_p99": "ttft_p99_ms",
    "ttft_average": "ttft_average_ms",
    SPEED: "output_tokens_per_s",
}
_UNITS = {"ms": 1, "s": 1000, "m": 60_000}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Target:
    """A measure that may be at most so much; output speed at least."""

    name: str
    limit: float

    def measured(self, row: Row) -> float | None:
        """What it is about, of one row; nothing where it can't be told."""
        figure = row[MEASURES[self.name]]
        return None if figure is None else float(figure)

    def missed(self, row: Row) -> bool:
        """Whether a row breaks it; a row without the measure does not."""
        figure = self.measured(row)
        if figure is None:
            return False
        return figure < self.limit if self.name == SPEED else figure > self.limit

    def words(self) -> str:
        """How it reads."""
        return f"{self.name} {'≥' if self.name == SPEED else '≤'} {self.told(self.limit)}"

    def told(self, figure: float | None) -> str:
        """A figure in its unit."""
        if self.name != SPEED:
            return duration(figure)
        return "-" if figure is None else f"{figure:.1f}/s"


def target(text: str) -> Target:
    """What `--slo` says; raises what argparse prints."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name not in MEASURES:
        raise argparse.ArgumentTypeError(f"no such measure: {name}; there are {', '.join(MEASURES)}")
    if name == SPEED:
        if not _NUMBER.fullmatch(value):
            raise argparse.ArgumentTypeError(f"{value} is no speed; write how many tokens a second, as {SPEED}=40")
        return Target(name, float(value))
    found = _TIME.fullmatch(value)
    if not found:
        raise argparse.ArgumentTypeError(f"{value} is no time; write {name}=800ms, {name}=5s or {name}=2m")
    return Target(name, float(found[1]) * _UNITS[found[2]])


def judged(targets: Sequence[Target], rows: Sequence[Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """For each target and row that has its measure, whether it is met."""
    return [
        {
            "target": goal.name,
            "limit": goal.limit,
            **{name: row[name] for name in (*by, "streamed")},
            "measured": goal.measured(row),
            "calls": row["calls"],
            "met": not goal.missed(row),
        }
        for goal in targets
        for row in rows
        if goal.measured(row) is not None
    ]
