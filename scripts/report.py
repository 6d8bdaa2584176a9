"""Print what was spent, by model or anything else, with every call of unknown, partial or estimated cost named.

It only asks: each figure comes from a query in a *.sql file beside it, which the DuckDB command line runs as well.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.price_age import updated
from llmobs.render import Screen, plural

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask, named  # noqa: E402
from scripts.console.nothing import nothing  # noqa: E402
from scripts.console.numbers import whole  # noqa: E402
from scripts.console.options import add_by, add_shapes, parsed, parser  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.report_parts.sections import others  # noqa: E402
from scripts.report_parts.spending import spend, trend_of  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
# All that a sum does not tell, each in a query of its own.
_DOUBTS = (
    "unknown_costs", "pending", "price_gaps", "not_billed", "skipped_retries", "cached_input", "cache_hits",
    "refusals", "endings",
)  # fmt: skip
# Prices change every few weeks; data older than this is worth a remark.
OLD_PRICES = timedelta(days=45)
# Nobody reads more, and what is beyond is one row.
SCREEN_ROWS = 30
_SORTS = ("cost", "calls", "input", "output", "cached", "errors", "unknown", "time")
_EXAMPLES = """\
  report.py                                    what each model cost, ever
  report.py --by day,provider --since 7d       the last seven days, day by day
  report.py --by customer --since 2026-11-01 --until 2026-12-01 --csv > november.csv
  report.py --by run --where provider=anthropic --where model=claude-*
  report.py --by customer --sort errors --limit 10
  report.py --json | jq '.spend[] | {model, cost_usd}'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database can't be read."""
    options = _options(arguments)
    try:
        answers = _ask(options)
    except store.StoreError as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    if options.json:
        spend_rows = [row | {"trend_usd": trend_of(row)} for row in answers["spend"]]
        print_json({"summary": answers.pop("summary")[0]} | answers | {"spend": spend_rows})
    elif options.csv:
        print_csv(answers["spend"].without("trend_usd"))
    else:
        _show(Screen(), answers, options)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("report.py", __doc__, _EXAMPLES)
    add_by(made, ["model"])
    made.add_argument("--sort", choices=_SORTS, help="the largest of these first (default: cost, or time in order)")
    made.add_argument(
        "--limit",
        type=whole,
        metavar="N",
        help=f"rows of the spend table; the others are one more (default: {SCREEN_ROWS} on a screen, else all)",
    )
    add_shapes(made, "the spend table")
    return parsed(made, arguments)


def _ask(options: argparse.Namespace) -> dict[str, Rows]:
    on_screen = not (options.json or options.csv)
    own = {"sort_by": options.sort, "row_limit": options.limit or (SCREEN_ROWS if on_screen else None)}
    answers = ask(options, ("summary", "spend", *_DOUBTS), **own)
    return answers | {"spend": named(answers["spend"], options.by)}


def _show(screen: Screen, answers: Mapping[str, Rows], options: argparse.Namespace) -> None:
    summary = answers["summary"][0]
    if not summary["calls"]:
        screen.line(nothing(options))
        return
    screen.line(f"{options.db}: {plural(summary['calls'], 'call')}, {_period(summary)} UTC")
    screen.line("")
    screen.section(spend(answers["spend"], summary, options.by))
    for section in others(answers):
        screen.line("")
        screen.section(section)
    screen.line("")
    screen.line(_price_age(datetime.now(UTC).date()), "dim")


def _period(summary: Mapping[str, Any]) -> str:
    first, last = (f"{summary[name]:%Y-%m-%d %H:%M}" for name in ("first_at", "last_at"))
    return first if first == last else f"{first} to {last}"


def _price_age(today: date) -> str:
    """How old the price list is."""
    brought = updated(PRICES)
    old = today - brought
    advice = "; `make prices` brings newer ones" if old > OLD_PRICES else ""
    return f"Prices as of {brought} ({plural(old.days, 'day')} old){advice}."


if __name__ == "__main__":
    sys.exit(piped(main))
