from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from llmobs.dashboard import waterfall

BEGIN = datetime(2026, 11, 28)  # noqa: DTZ001 -- as the database has them


def call(key: str, seconds: float = 0, **told: object) -> dict[str, Any]:
    """A call of a run as its query gives it."""
    usual = {
        "event_id": key,
        "started_at": BEGIN + timedelta(seconds=seconds),
        "model": key.upper(),
        "run": "run",
        "latency_ms": 1000.0,
        "cost_usd": Decimal(1),
        "cost_in_doubt": False,
        "cost_estimated": False,
        "input_tokens": 10,
        "output_tokens": None,
        "failed": False,
        **dict.fromkeys(("trace_id", "span_id", "parent_span_id", "section", "retry_of", "content")),
    }
    return usual | told


def test_lines() -> None:
    """Calls stand below their sections, attempts below their call, and a bar is where its call is in time."""
    calls = [
        call("a", 0),
        call("b", 3, section="agent:x", failed=True),
        call("c", 3.5, section="agent:x", retry_of="b", latency_ms=500.0),
    ]
    found = [(line.depth, line.step.name, line.left, line.width) for line in waterfall.lines("run", "run-1", calls)]

    assert found == [
        (0, "run-1", 0.0, 100.0),
        (1, "A", 0.0, 25.0),
        (1, "agent:x", 75.0, 25.0),
        (2, "B", 75.0, 25.0),
        (3, "attempt 1", 75.0, 25.0),
        (3, "attempt 2", 87.5, 12.5),
    ]


def test_bars_can_be_seen() -> None:
    """The shortest call has a bar, which is never outside; a deep section is as deep as the page can show."""
    calls = [call("a"), call("b", 1, latency_ms=None, section="x/" * 40), call("c", 0.5, latency_ms=0.0)]
    found = waterfall.lines("run", "run-1", calls)

    assert all(line.width >= 0.4 and line.left + line.width <= 100 for line in found)
    assert max(line.depth for line in found) == waterfall.DEEPEST


def test_what_was_said() -> None:
    """Turns belong to calls whose content was kept, and to each attempt its own."""
    content = '{"request": {"messages": [{"role": "user", "content": "Why?"}]}, "response": {"text": "So."}}'
    calls = [call("a", content=content), call("b", 1, content=content), call("c", 2, retry_of="b")]
    said = {line.step.name: line.turns for line in waterfall.lines("run", "run-1", calls)}

    assert said == {
        "run-1": [],
        "A": [("user", "Why?"), ("assistant", "So.")],
        "B": [],
        "attempt 1": [("user", "Why?"), ("assistant", "So.")],
        "attempt 2": [],
    }
