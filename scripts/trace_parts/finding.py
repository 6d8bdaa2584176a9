"""Finds out what a name on the command line is: a run, a trace or a customer; it does not print."""

import argparse
from dataclasses import dataclass
from typing import Any

from scripts.console.asking import Rows, ask

# Beyond it a list of names is of no help.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Found:
    """kind: run, trace or customer; None where it is no single thing, and `advice` says why."""

    kind: str | None
    name: str = ""
    advice: str = ""


def find(options: argparse.Namespace) -> Found:
    """What the name is; a whole name counts before the beginning of one. Raises StoreError."""
    found = ask(options, ["trace_find"], wanted=options.what)["trace_find"]
    whole = [row for row in found if row["whole"]]
    if whole or len(found) == 1:
        return Found(found[0]["kind"], found[0]["name"])
    if found:
        return Found(
            None, advice=f"{options.what} is the beginning of several names: {_names(found)}. Write more of it."
        )
    near = ask(options, ["trace_near"], wanted=options.what)["trace_near"]
    advice = f"{options.db} has no run, trace or customer {options.what}"
    if options.since or options.until or options.where:
        advice += " among the calls that --since, --until and --where choose"
    return Found(None, advice=f"{advice}. Near are: {_names(near)}." if near else f"{advice}.")


def _names(rows: Rows) -> str:
    told: list[Any] = [f"{row['name']} ({row['kind']})" for row in rows[:_NAMED]]
    return ", ".join(told) + (" and more" if len(rows) > _NAMED else "")
