"""A step of a run: a call, an attempt at one, or what calls are made in; with the sums of all below it.

It does not know how steps belong together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

type Row = Mapping[str, Any]


@dataclass(slots=True)
class Sums:
    """What the calls of a step add up to; the cost is None where that of none of them is known."""

    calls: int = 0
    failed: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    doubtful_calls: int = 0
    estimated_calls: int = 0
    latency_ms: float = 0

    def add(self, row: Row) -> None:
        """One call more."""
        self.calls += 1
        self.failed += bool(row["failed"])
        self.input_tokens = _plus(self.input_tokens, row["input_tokens"])
        self.output_tokens = _plus(self.output_tokens, row["output_tokens"])
        self.cost_usd = _plus(self.cost_usd, row["cost_usd"])
        self.doubtful_calls += bool(row["cost_in_doubt"])
        self.estimated_calls += bool(row["cost_estimated"])
        self.latency_ms += row["latency_ms"] or 0


def _plus[N: (int, Decimal)](known: N | None, more: N | None) -> N | None:
    return more if known is None else known if more is None else known + more


@dataclass(slots=True)
class Step:
    """kind: run, trace, section, call or attempt. row: of a call or an attempt, what the database says of it.

    number: of a call and its attempts, which call of the run it is, by its beginning.
    """

    kind: str
    name: str
    span_id: str | None = None
    row: Row | None = None
    number: int = 0
    children: list["Step"] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    started_at: datetime = datetime.max  # noqa: DTZ901 -- times in the database have no zone
    ended_at: datetime = datetime.min  # noqa: DTZ901

    def take(self, row: Row) -> None:
        """Count a call that is in this step."""
        self.sums.add(row)
        self.started_at = min(self.started_at, row["started_at"])
        self.ended_at = max(self.ended_at, row["started_at"] + timedelta(milliseconds=row["latency_ms"] or 0))

    @property
    def took_ms(self) -> float:
        """From the first beginning to the last end in it."""
        return (self.ended_at - self.started_at) / timedelta(milliseconds=1)

    def walk(self) -> Iterator[tuple["Step", int]]:
        """This step and all below it in their order, each with its depth; however deep they are."""
        waiting = [(self, 0)]
        while waiting:
            step, depth = waiting.pop()
            yield step, depth
            waiting += [(child, depth + 1) for child in reversed(step.children)]
