"""How things stand in the proxy, gathered when somebody asks, on whichever thread."""

import platform
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from llmobs.hooks.calls import Calls
from llmobs.hooks.gate import Gate
from llmobs.hooks.rules import Rules
from llmobs.metrics import State
from llmobs.pricing import PriceBook

PROGRAMS = ("llmobserve", "mitmproxy", "duckdb")


class Meter(Protocol):
    """The addon, as far as it is asked."""

    calls: Calls
    gate: Gate
    rules: Rules
    book: PriceBook


def problem(meter: Meter) -> str | None:
    """Why rows do not reach the database, as a sentence; None where they do."""
    return meter.calls.writer.problem if meter.calls.running else "The proxy is starting or ending."


def state(meter: Meter) -> State:
    """Everything that is not counted row by row."""
    writer = meter.calls.writer
    return State(
        running=Counter(opening.provider or opening.host for opening in meter.calls.in_flight()),
        breakers=meter.gate.breaker.snapshot(),
        budgets=meter.rules.budgets.uses(),
        spooled=writer.spooled,
        stored=writer.stored,
        recovered=writer.recovered,
        lost=writer.lost,
        rejected=writer.rejected,
        ready=problem(meter) is None,
        prices_updated=meter.book.updated,
        versions=versions(),
    )


@cache
def versions() -> Mapping[str, str]:
    """What runs here."""
    return {"python": platform.python_version(), **{program: _version(program) for program in PROGRAMS}}


def _version(program: str) -> str:
    """From a checkout the addon itself runs without being installed."""
    try:
        return version(program)
    except PackageNotFoundError:
        return "checkout"
