"""Measure how long each report takes on a database, in a process of its own, and how much memory.

It does not know what the reports say. `generate.py` makes a database that is large enough.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmobs import store
from llmobs.render import Column, Screen, Section, progress

SCRIPTS = Path(__file__).resolve().parent

# What is asked. Words in braces are read off the database: a run, and a month and a week before the last call.
COMMANDS = (
    "report.py",
    "report.py --by day",
    "report.py --by customer,feature",
    "report.py --where provider=anthropic",
    "report.py --by day,provider --since {month}",
    "latency.py --since {week}",
    "latency.py --since {month} --by provider",
    "errors.py --since {week}",
    "errors.py --since {month} --by customer",
    "trace.py",
    "trace.py {run}",
    "forecast.py",
    "whatif.py --model openai/gpt-5.4-mini",
    "prompts.py",
    "experiments.py",
    "prices.py missing --since {month}",
)
_FACTS = """
SELECT
    strftime(max(started_at) - INTERVAL 30 DAYS, '%Y-%m-%d') AS month,
    strftime(max(started_at) - INTERVAL 7 DAYS, '%Y-%m-%d') AS week,
    arg_max(run, started_at) AS run
FROM calls
"""
_COLUMNS = (
    Column("command", figures=False), Column("median s"), Column("slowest s"), Column("CPU s"), Column("MB"),
    Column("in time", figures=False),
)  # fmt: skip
_EXAMPLES = """\
examples:
  generate.py --rows 10_000_000 --days 365 --db big.duckdb && measure_reports.py --db big.duckdb
  measure_reports.py --db big.duckdb --rounds 9 --within 0.5   every report nine times, half a second for each
  measure_reports.py --db big.duckdb --only latency            those whose command has the word
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: seconds on the clock, of all cores, and the most memory it held."""

    seconds: float
    cpu_s: float
    bytes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where a report fails or takes too long."""
    made = _parser()
    options = made.parse_args(arguments)
    if not any(options.only in command for command in COMMANDS):
        made.error(f"no command has {options.only!r}; there are: {', '.join(COMMANDS)}")
    try:
        measured = _measured(_commands(options.db, options.only), options.db, options.rounds)
    except (store.StoreError, subprocess.SubprocessError) as error:
        print(f"measure_reports: {error}", file=sys.stderr)
        return 1
    Screen().section(_table(measured, options.within))
    return int(any(_median(runs).seconds > options.within for runs in measured.values()))


def _commands(db: Path, word: str) -> list[str]:
    facts = store.read(db, _FACTS)
    [told] = facts.rows
    named = dict(zip(facts.columns, told, strict=True))
    return [command.format(**named) for command in COMMANDS if word in command]


def _measured(commands: Sequence[str], db: Path, rounds: int) -> dict[str, list[Run]]:
    """Round by round, so that a slow minute of the machine is everybody's."""
    measured: dict[str, list[Run]] = {command: [] for command in commands}
    with progress("running reports", rounds * len(commands)) as done:
        for _ in range(rounds):
            for command, runs in measured.items():
                runs.append(_run(command, db))
                done(1)
    return measured


def _run(command: str, db: Path) -> Run:
    script, *asked = command.split()
    line = [sys.executable, str(SCRIPTS / script), *asked, "--db", str(db)]
    began = time.perf_counter()
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.SubprocessError(f"{command} failed: {said.strip()}")
    return Run(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _median(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _table(measured: dict[str, list[Run]], within: float) -> Section:
    rows = [(command, *_cells(runs, within)) for command, runs in measured.items()]
    return Section(f"Each in a new process; in time: at most {within:g} s", _COLUMNS, rows)


def _cells(runs: Sequence[Run], within: float) -> tuple[str, ...]:
    median, slowest = _median(runs), max(run.seconds for run in runs)
    kept = "yes" if median.seconds <= within else "NO"
    return f"{median.seconds:.2f}", f"{slowest:.2f}", f"{median.cpu_s:.2f}", f"{median.bytes / 1e6:.0f}", kept


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="measure_reports.py",
        description=(__doc__ or "").partition("\n")[0],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--db", type=Path, required=True, metavar="FILE", help="the database, such as generate.py makes one"
    )
    made.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is run (%(default)s)")
    made.add_argument("--within", type=float, default=1.0, metavar="SECONDS", help="how long it may take (%(default)s)")
    made.add_argument("--only", default="", metavar="WORD", help="only commands that have this word")
    return made


if __name__ == "__main__":
    sys.exit(main())
