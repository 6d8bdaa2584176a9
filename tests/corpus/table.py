"""Prints how the product does on the recordings, file by file, as a Markdown table, and names every difference.

Run it as `python -m tests.corpus.table [HAR...]`; it knows neither the product nor the rules.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.corpus.oddities import waived
from tests.corpus.recording import har_files
from tests.corpus.replay import Replay, replay
from tests.corpus.verdict import Verdict, verdicts

USED = ("rows", "provider", "model", "tokens", "quantities", "fees", "usage", "total")
WRONG = (*USED, "state", "sum", "cost", "free", "honest")


def run_all(hars: Iterable[Path], folder: Path) -> list[Replay]:
    """Replay files, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda har: replay(har, folder), hars))


def countable(verdict: Verdict) -> bool:
    """Whether a call could be priced at all: it has usage, and something names its model."""
    expected = verdict.expected
    return expected.has_usage and bool(expected.model) and not waived(verdict.exchange.source, "priced")


def _own(verdict: Verdict) -> bool:
    return verdict.expected.provider_cost is not None


# What is counted of the verdicts of a file.
COUNTS: dict[str, Callable[[Verdict], object]] = {
    "calls": lambda v: v.expected.metered,
    "with usage": lambda v: v.expected.has_usage,
    "of these right": lambda v: v.expected.has_usage and not v.failed(*USED),
    "jobs": lambda v: v.expected.state,
    "still pending": lambda v: v.expected.state == "pending",
    "batch lines": lambda v: v.expected.line,
    "could be priced": countable,
    "are priced": lambda v: countable(v) and v.priced,
    "provider says cost": _own,
    "of these met": lambda v: _own(v) and not v.failed("rows", "cost"),
    "list price agrees": lambda v: _own(v) and not v.failed("rows", "list") and not waived(v.exchange.source, "list"),
    "differences": lambda v: v.failed(*WRONG),
}


def lines(runs: Iterable[Replay]) -> list[tuple[object, ...]]:
    """The figures of the table: one line a file and their sum."""
    found = [(run.har.stem, verdicts(run)) for run in runs]
    every = [verdict for _, of in found for verdict in of]
    return [_line(name, of) for name, of in [*found, ("all", every)]]


def _line(name: str, of: list[Verdict]) -> tuple[object, ...]:
    exchanges = {(x.file, x.index) for verdict in of for x in verdict.case.exchanges}
    return name, len(exchanges), *(sum(bool(counts(v)) for v in of) for counts in COUNTS.values())


def show(runs: list[Replay]) -> None:
    """Print the table, then what is wrong by name."""
    head = ("recording", "exchanges", *COUNTS)
    for line in [head, ["---", *["---:"] * (len(head) - 1)], *lines(runs)]:
        print("| " + " | ".join(map(str, line)) + " |")
    found = [v for run in runs for v in verdicts(run)]
    _listed("Differences", (text for v in found for text in v.failed(*WRONG)))
    _listed("No cost", sorted({f"{v.expected.provider} {v.expected.model}" for v in found if _unpriced(v)}))
    _listed("List price beside what the provider charged", (text for v in found for text in v.failed("list")))
    for run in runs:
        trouble = [line for line in run.log.splitlines() if "rror" in line or "Traceback" in line]
        if run.returncode or trouble or run.strays:
            print(f"{run.har.name}: exit {run.returncode}, {len(run.strays)} stray rows, log: {trouble[:3]}")


def _unpriced(verdict: Verdict) -> bool:
    return countable(verdict) and not verdict.priced


def _listed(title: str, texts: Iterable[str]) -> None:
    print(f"\n{title}:", *(f"- {text}" for text in texts), sep="\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        show(run_all([Path(name) for name in sys.argv[1:]] or har_files(), Path(scratch)))
