"""How many more calls several workers take than one; it does not know how the load is made, nor what a worker is."""

import contextlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.table import Table

from scripts.benchmarks.rounds import LOADS, Effort, Sample, run
from tests.testbed.proxy import Proxy
from tests.testbed.upstream import Upstream
from tests.testbed.workers import Workers

NUMBERS = (1, 2, 3)
# The kernel spreads connections by chance: of a few, all may go to one worker.
CONNECTIONS = 32

type Rounds = Sequence[Mapping[tuple[str, str], Sample]]


@contextlib.contextmanager
def columns(folder: Path, upstream: Upstream) -> Iterator[dict[str, Proxy]]:
    """For each number so many workers behind a port of their own, all there at once; nothing is pinned to a core."""
    with contextlib.ExitStack() as stack:
        yield {
            str(number): stack.enter_context(Workers(folder / f"{number}", upstream, number, pricing=None))
            for number in NUMBERS
        }


def measure(folder: Path, effort: Effort) -> Rounds:
    """Samples by number of workers and load, round by round."""
    with Upstream(folder) as upstream, columns(folder, upstream) as proxies:
        return list(run(proxies, effort))


def table(rounds: Rounds, load: str, cores: int) -> Table:
    """What each number of workers takes of a load, where the load itself needs the same cores."""
    shown = Table(title=f"{load}, {cores} cores for proxies, load and upstream (medians of {len(rounds)} rounds)")
    for head in ("workers", "per second", "of one", "CPU ms each"):
        shown.add_column(head, justify="right")
    for number in map(str, NUMBERS):
        speeds = [found[number, load].per_second for found in rounds]
        shares = [found[number, load].per_second / found["1", load].per_second for found in rounds]
        spent = [found[number, load].cpu_ms for found in rounds]
        cells = (f"{statistics.median(speeds):.0f}", f"{statistics.median(shares):.2f} x")
        shown.add_row(number, *cells, f"{statistics.median(spent):.2f}")
    return shown


def tables(rounds: Rounds, cores: int) -> list[Table]:
    """One for each load."""
    return [table(rounds, load, cores) for load in LOADS]
