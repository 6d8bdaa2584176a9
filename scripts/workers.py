"""Run several proxies behind one port, as one: for more calls than one core can take.

It does not know calls; each worker is a mitmdump of its own, with its own spool and the same database.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "addon")]

from scripts.worker_parts.arguments import ArgumentError, Wanted, wanted  # noqa: E402
from scripts.worker_parts.crew import Crew  # noqa: E402

_EXAMPLES = """\
examples:
  make run WORKERS=4                                                    the same with all that `make run` sets
  workers.py --workers 4 -- -s addon/llmobserve.py --mode regular@8080  with mitmdump's own arguments
"""
_ONE_ONLY = """\
workers: this system does not spread the connections to one port over several programs, as Linux does. One worker runs.
"""


def main(arguments: Sequence[str] | None = None, system: str = sys.platform) -> int:
    """Run from the command line; 0 when it was asked to end, 1 where it could not start, 2 for wrong arguments."""
    options = _options(arguments)
    alone = options.workers > 1 and system != "linux"
    if alone:
        print(_ONE_ONLY, end="", file=sys.stderr)
    try:
        shared = wanted(1 if alone else options.workers, options.arguments)
    except ArgumentError as problem:
        print(f"workers: {problem}", file=sys.stderr)
        return 2
    return asyncio.run(_run(shared))


async def _run(shared: Wanted) -> int:
    return await Crew(shared).run()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="workers.py",
        description=(__doc__ or "").partition("\n")[0],
        usage="workers.py [--workers N] -- MITMDUMP OPTIONS ...",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument(
        "--workers", type=int, default=cores, metavar="N", help="how many (default: cores, %(default)s)"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    return options


if __name__ == "__main__":
    sys.exit(main())
