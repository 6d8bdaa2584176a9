"""Measure what the addon costs: against bare mitmdump and a no-op stream, in one run, interleaved.

It does not know how the load is made (benchmarks/load.py) nor what a round is (benchmarks/rounds.py).
"""

import argparse
import collections
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
# The testbed is shared with the tests, and this file's parts are found from wherever it is started.
sys.path[:0] = [str(ROOT), str(ROOT / "addon")]

from scripts.benchmarks import inprocess, workers  # noqa: E402
from scripts.benchmarks.columns import ADDON, BARE, NAMES, NOOP, columns, sampled, staying  # noqa: E402
from scripts.benchmarks.rounds import CHUNKS, LOADS, NULLS, STREAM, Effort, Sample, run, soak  # noqa: E402
from scripts.benchmarks.sampler import IDLE  # noqa: E402
from tests.testbed.upstream import Upstream  # noqa: E402

FULL = Effort(rounds=10, calls=400, streams=40, single=150, soak=20_000)
QUICK = Effort(rounds=1, calls=20, streams=4, single=10, soak=50, connections=2)
PROFILE_PLACES = 14

type Round = dict[tuple[str, str], Sample]


@dataclass(frozen=True, slots=True)
class Target:
    """One promise and what was measured."""

    name: str
    limit: float
    measured: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def row(self) -> tuple[str, str, str, str]:
        """Cells of the table of promises."""
        sign = ">=" if self.at_least else "<="
        return self.name, f"{sign} {self.limit:g}", f"{self.measured:.2f}", "yes" if self.kept else "NO"


@dataclass(frozen=True, slots=True)
class Results:
    """Everything one run has measured."""

    rounds: list[Round]
    growth: dict[str, float]
    inside: dict[str, float]
    samples: dict[str, int]


def _median(rounds: Iterable[Round], column: str, load: str, name: str) -> float:
    return float(statistics.median(getattr(found[column, load], name) for found in rounds))


def _ratio(rounds: Iterable[Round], column: str, load: str, base: str = BARE) -> float:
    """How fast a column is as a share of another, round by round."""
    return statistics.median(found[column, load].per_second / found[base, load].per_second for found in rounds)


def _more(rounds: Iterable[Round], column: str, load: str, name: str, base: str = BARE) -> float:
    """By how much a column is above another, round by round."""
    return float(
        statistics.median(getattr(found[column, load], name) - getattr(found[base, load], name) for found in rounds)
    )


def load_table(rounds: Sequence[Round], load: str) -> Table:
    """Every column's figures for one kind of load."""
    table = Table(title=f"{load} (medians of {len(rounds)} rounds)")
    for head in ("", "per second", "of bare", "CPU ms each", "p50 ms", "p99 ms", "added p50", "first byte ms"):
        table.add_column(head, justify="left" if not head else "right")
    for column in NAMES:
        figures = (_median(rounds, column, load, name) for name in ("cpu_ms", "p50_ms", "p99_ms"))
        table.add_row(
            column,
            f"{_median(rounds, column, load, 'per_second'):.1f}",
            f"{100 * _ratio(rounds, column, load):.1f} %",
            *(f"{figure:.2f}" for figure in figures),
            f"{_more(rounds, column, load, 'p50_ms'):+.2f}",
            f"{_median(rounds, column, load, 'first_ms'):.2f}",
        )
    return table


def targets(results: Results) -> list[Target]:
    """The promises of the project, each with what this run says."""
    rounds, growth, inside = results.rounds, results.growth, results.inside
    chunk = 1000 * _more(rounds, ADDON, "stream", "cpu_ms", NOOP) / CHUNKS
    return [
        Target("requests/s, % of bare", 95, 100 * _ratio(rounds, ADDON, "JSON"), at_least=True),
        Target("streams/s, % of bare", 95, 100 * _ratio(rounds, ADDON, "stream"), at_least=True),
        Target("streams/s, % of a no-op stream callable", 95, 100 * _ratio(rounds, ADDON, "stream", NOOP), True),
        Target("added p50 of a small JSON call, us", 100, 1000 * _more(rounds, ADDON, "JSON", "p50_ms")),
        Target("first byte of a stream later than bare, ms", 0, _more(rounds, ADDON, "stream", "first_ms")),
        Target("us a chunk without usage (callable)", 2, inside["chunk"]),
        Target('us a chunk with "usage":null (callable)', 5, inside["null"]),
        Target("us a chunk without usage (CPU of the proxy, above no-op)", 2, chunk),
        Target("us to price a call", 20, inside["price"]),
        Target("MB of RSS over the soak", 20, growth[ADDON]),
    ]


def target_table(found: Iterable[Target]) -> Table:
    """Promises and whether they hold."""
    table = Table("target", "limit", "measured", "kept", title="Targets")
    for target in found:
        table.add_row(*target.row(), style=None if target.kept else "bold red")
    return table


def profile_table(counts: dict[str, int]) -> Table:
    """Where the proxy's main thread was while it served calls and streams."""
    table = Table("where", "share", title="Where the proxy's time goes (samples of the main thread, with addon)")
    parts = collections.Counter({name: count for name, count in counts.items() if name != IDLE})
    total = parts.total() or 1
    for name, count in parts.most_common(PROFILE_PLACES):
        table.add_row(name, f"{100 * count / total:.1f} %")
    ours = sum(count for name, count in parts.items() if name.startswith("llmobs/"))
    table.add_row("all of llmobs", f"{100 * ours / total:.1f} %", style="bold")
    return table


def measure(folder: Path, effort: Effort) -> Results:
    """Do all the work, with the proxies on one core and everything else on another."""
    counts = folder / "samples.json"
    with staying(1), Upstream(folder) as upstream:
        inside = {
            "chunk": inprocess.chunk_microseconds(STREAM, 5 * effort.streams),
            "null": inprocess.chunk_microseconds(NULLS, 5 * effort.streams),
            "call": inprocess.call_microseconds(LOADS["JSON"], effort.calls),
            "price": inprocess.price_microseconds(10 * effort.calls),
        }
        with columns(folder, upstream) as proxies:
            rounds = [_told(found, number, effort) for number, found in enumerate(run(proxies, effort), 1)]
            growth = {name: soak(proxies[name], effort.soak) for name in (BARE, ADDON)}
        with sampled(folder, upstream, counts) as proxy:
            list(run({ADDON: proxy}, effort_of_profile(effort)))
    return Results(rounds, growth, inside, json.loads(counts.read_text()))


def show(results: Results, effort: Effort, console: Console) -> None:
    """Print tables and profiles, the targets last."""
    for load in LOADS:
        console.print(load_table(results.rounds, load))
    grown = ", ".join(f"{name} {megabytes:+.1f} MB" for name, megabytes in results.growth.items())
    console.print(f"RSS after {effort.soak} more streams: {grown}")
    console.print(f"A small JSON call takes {results.inside['call']:.0f} us of the addon on the event loop")
    console.print(profile_table(results.samples))
    console.print(f"The addon alone, by its own time\n{inprocess.profile(effort.streams)}", highlight=False)
    console.print(target_table(targets(results)))


def _show_workers(folder: Path, effort: Effort, console: Console) -> None:
    for table in workers.tables(workers.measure(folder, effort), len(os.sched_getaffinity(0))):
        console.print(table)


def effort_of_profile(effort: Effort) -> Effort:
    """One longer round is enough to sample."""
    return Effort(1, 2 * effort.calls, effort.streams, 10, 0, effort.connections)


def _told(found: Round, number: int, effort: Effort) -> Round:
    speeds = ", ".join(f"{name} {found[name, 'JSON'].per_second:.0f}/s" for name in NAMES)
    print(f"round {number} of {effort.rounds}: {speeds}", file=sys.stderr, flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write the same text to a file."""
    parser = argparse.ArgumentParser(description="Measure the proxy with and without the addon.")
    parser.add_argument("--workers", action="store_true", help="measure what one, two and three workers take instead")
    parser.add_argument("--quick", action="store_true", help="a few calls, to see that it works; figures mean nothing")
    parser.add_argument("--rounds", type=int, default=FULL.rounds, help="rounds to take medians of (default: 10)")
    parser.add_argument("--soak", type=int, default=FULL.soak, help="streams of the memory test (default: 20000)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench-results.txt", help="file for the results")
    options = parser.parse_args(argv)
    connections = workers.CONNECTIONS if options.workers else FULL.connections
    full = Effort(options.rounds, FULL.calls, FULL.streams, FULL.single, options.soak, connections)
    effort = QUICK if options.quick else full
    console = Console(record=True, width=120)
    with tempfile.TemporaryDirectory(prefix="llmobserve-bench-") as folder:
        if options.workers:
            _show_workers(Path(folder), effort, console)
        else:
            show(measure(Path(folder), effort), effort, console)
    options.out.write_text(console.export_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
