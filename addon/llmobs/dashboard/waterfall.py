"""The lines of a run's tree as a page shows them, each with its place in the time of the whole; it asks nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from llmobs.trace.dialogue import turns
from llmobs.trace.growing import grown
from llmobs.trace.step import Row, Step

# Deeper steps are shown at this depth.
DEEPEST = 12
# A bar that is thinner can't be seen.
_THINNEST = 0.4


@dataclass(frozen=True, slots=True)
class Line:
    """A step, and where its bar is, in percent."""

    step: Step
    depth: int
    offset_ms: float
    left: float
    width: float

    @property
    def call(self) -> Row | None:
        """What the database says of it, where it is one call or one attempt."""
        return self.step.row

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Who said what, where that was kept; of a call with several attempts each attempt has its own."""
        content = self.call["content"] if self.call and not self.step.children else None
        return list(turns(content)) if content else []


def lines(kind: str, name: str, calls: Sequence[dict[str, Any]]) -> list[Line]:
    """All lines from the root downwards."""
    root = grown(Step(kind, name), calls)
    return [_line(root, step, depth) for step, depth in root.walk()]


def _line(root: Step, step: Step, depth: int) -> Line:
    whole = max(root.took_ms, 1.0)
    offset = (step.started_at - root.started_at) / timedelta(milliseconds=1)
    left = min(offset / whole * 100, 100 - _THINNEST)
    width = min(max(step.took_ms / whole * 100, _THINNEST), 100 - left)
    return Line(step, min(depth, DEEPEST), offset, left, width)
