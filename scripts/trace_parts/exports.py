"""A tree as nested objects, or as rows; it does not know where they go."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llmobs.trace.step import Row, Step
from scripts.console.asking import Rows

# What a call says of itself, beside the sums that every step has.
_OWN = (
    "event_id", "trace_id", "provider", "operation", "outcome", "status", "error_type", "policy", "attempt", "retry_of",
    "streamed", "ttft_ms", "cached_input_tokens",
)  # fmt: skip


def nested(root: Step) -> dict[str, Any]:
    """The root with its steps inside it; made from below, as a tree may be deeper than Python can call itself."""
    made: dict[int, dict[str, Any]] = {}
    for step, _ in reversed(list(root.walk())):
        children = [made.pop(id(child)) for child in step.children]
        made[id(step)] = _told(root, step) | ({"steps": children} if children else {})
    return made[id(root)]


def rows(root: Step) -> Rows:
    """A row for each step with its depth, in the order of the tree."""
    told = [{"depth": depth} | _told(root, step) for step, depth in root.walk()]
    names = [*(name for name in told[0] if name not in _OWN), *_OWN]
    return Rows(({name: row.get(name) for name in names} for row in told), names)


def _told(root: Step, step: Step) -> dict[str, Any]:
    sums = msgspec.to_builtins(step.sums, builtin_types=(type(step.sums.cost_usd),))
    return {
        "kind": step.kind,
        "name": step.name,
        "span_id": step.span_id,
        "started_at": step.started_at,
        "offset_ms": (step.started_at - root.started_at).total_seconds() * 1000,
        "took_ms": step.took_ms,
        **sums,
        **(_own(step.row) if step.row else {}),
    }


def _own(row: Row) -> Mapping[str, Any]:
    content = {} if row["content"] is None else {"content": msgspec.json.decode(row["content"])}
    return {name: row[name] for name in _OWN} | content
