"""The table of error rates, and a share as people write it; they neither ask nor print."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmobs.render import Cell, Column, Section, count, percent, sparkline
from scripts.console.cells import heading, name, names

type Row = Mapping[str, Any]

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%?")
# What is counted beside the rate -> its column.
_COUNTS = (
    ("rate_limited", Column("429", spare=2)),
    ("transient_errors", Column("transient", spare=4)),
    ("user_errors", Column("user", spare=5)),
    ("system_errors", Column("system", spare=5)),
    ("upstream_aborted", Column("cut off", spare=6)),
    ("retries", Column("retries", spare=3)),
    ("client_aborted", Column("left", spare=7)),
)

_WITHIN = "429 (too many requests) and cut off (the answer broke off) count in a class as well, mostly in transient"


def share(text: str) -> float:
    """A percentage as a share of 1; raises what argparse prints."""
    found = _SHARE.fullmatch(text.strip())
    if not found or float(found[1]) > 100:
        raise argparse.ArgumentTypeError(f"{text} is no share; write a percentage such as 5% or 0.5%")
    return float(found[1]) / 100


def table(rows: Sequence[Row], shown: int, by: Sequence[str], threshold: float) -> Section:
    """Rates by some columns, the most errors first; those over the threshold are marked."""
    over = sum(row["error_rate"] > threshold for row in rows)
    columns = [
        *names(by),
        *(Column(told) for told in ("calls", "errors", "rate")),
        Column("over time", figures=False, picture=True, spare=1),
        *(column for _, column in _COUNTS),
    ]
    notes = [f"! over {percent(threshold)}"] if over else []
    notes += [_WITHIN] if any(row["rate_limited"] or row["upstream_aborted"] for row in rows) else []
    notes += ["left: the client went away, which is no error"] if any(row["client_aborted"] for row in rows) else []
    notes += [f"{len(rows) - shown:,} more rows: --limit"] if len(rows) > shown else []
    title = f"Errors by {' and '.join(map(heading, by))}"
    if over:
        title += f": {over} of {len(rows)} over {percent(threshold)}"
    return Section(title, columns, [list(_cells(row, by, threshold)) for row in rows[:shown]], note="; ".join(notes))


def _cells(row: Row, by: Sequence[str], threshold: float) -> Iterator[str | Cell]:
    over = row["error_rate"] > threshold
    yield from (name(row[column]) for column in by)
    yield count(row["calls"])
    yield count(row["errors"])
    yield Cell(f"!{percent(row['error_rate'])}", "bad") if over else percent(row["error_rate"])
    yield Cell(sparkline(row["rates"]), "bad" if over else "accent")
    yield from (count(row[column]) if row[column] else "-" for column, _ in _COUNTS)
