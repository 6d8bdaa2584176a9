"""Make a database of made-up traffic: to try the reports on, and to measure them.

The same rows, days, seed and end give the same database, call by call. It holds no prompt and nobody's data.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from llmobs import pricing, store
from llmobs.render import progress

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.moment import MOMENTS, moment  # noqa: E402
from scripts.generation.filling import Plan, fill, sum_up  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
_EXAMPLES = """\
examples:
  generate.py                                                    100,000 calls of 90 days, up to now
  generate.py --rows 10_000_000 --days 365 --db big.duckdb       a large year, some minutes
  generate.py --rows 2000 --days 30 --until 2026-11-01 --seed 7  always the same calls
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the file can't be made."""
    options = _parser().parse_args(arguments)
    plan = Plan(options.rows, options.days, options.seed, options.until)
    began = time.monotonic()
    try:
        _make(options.db, plan)
    except (store.StoreError, OSError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1
    size = options.db.stat().st_size / 1e6
    print(
        f"{options.db}: {plan.rows:,} calls of {plan.days} days up to {plan.ended:%Y-%m-%d %H:%M} UTC, "
        f"{size:,.0f} MB, in {time.monotonic() - began:.0f} s"
    )
    return 0


def _make(file: Path, plan: Plan) -> None:
    """Make it beside its place, and put it there when it is whole."""
    if file.exists():
        raise FileExistsError(f"{file} is there already: name another file, or remove it")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"{file.parent} is no folder: make it first, or name another")
    with tempfile.TemporaryDirectory(prefix=f"{file.name}.", dir=file.parent) as folder:
        draft = Path(folder) / file.name
        with progress("making calls", plan.rows) as done:
            fill(draft, plan, pricing.load(PRICES), done)
        with progress("summing up days", plan.days) as done:
            sum_up(draft, plan, done)
        file.hardlink_to(draft)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="generate.py", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--db", type=Path, default=Path("generated.duckdb"), metavar="FILE", help="the new database (%(default)s)"
    )
    made.add_argument("--rows", type=_count, default=100_000, metavar="N", help="how many calls (%(default)s)")
    made.add_argument("--days", type=_count, default=90, metavar="N", help="over how many days (%(default)s)")
    made.add_argument("--seed", type=int, default=1, metavar="N", help="another seed makes other calls (%(default)s)")
    made.add_argument(
        "--until", type=moment, default=_now(), metavar="TIME", help=f"when they end: {MOMENTS}; now by itself"
    )
    return made


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few: write 1 or more")
    return number


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


if __name__ == "__main__":
    sys.exit(main())
