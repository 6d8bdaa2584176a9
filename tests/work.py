"""How much work a run does, counted and not timed: a busy machine decides no test."""

import sys
import tracemalloc
from collections.abc import Callable

_TOOL = 4


def lines(run: Callable[[int], object], size: int) -> int:
    """Lines of Python that are executed; what the C library does inside of one of them is not seen."""
    monitoring, counted = sys.monitoring, 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    monitoring.use_tool_id(_TOOL, "work")
    try:
        monitoring.register_callback(_TOOL, monitoring.events.LINE, count)
        monitoring.set_events(_TOOL, monitoring.events.LINE)
        run(size)
    finally:
        monitoring.set_events(_TOOL, 0)
        monitoring.free_tool_id(_TOOL)
    return counted


def factor(run: Callable[[int], object], size: int) -> float:
    """How much more work twice the size is: 2 where it is linear, 4 where it is quadratic."""
    run(1)
    return lines(run, 2 * size) / lines(run, size)


def peak_bytes(run: Callable[[], object]) -> int:
    """The most memory that a run holds at a time, beyond what was held before it."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
