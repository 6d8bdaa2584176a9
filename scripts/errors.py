"""Print how often calls fail, by class and type, with retries, rate limits and streaks; rates over 5 % are marked.

It only asks: each figure comes from a query in a *.sql file beside it, which the DuckDB command line runs as well.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.render import Screen, percent, plural

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask, named  # noqa: E402
from scripts.console.nothing import nothing_in  # noqa: E402
from scripts.console.options import add_by, add_limit, add_shapes, parsed, parser  # noqa: E402
from scripts.console.period import DAYS, assume, told  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.errors_parts.rates import share, table  # noqa: E402
from scripts.errors_parts.sections import others  # noqa: E402

THRESHOLD = "5%"
# What is told -> the query that tells it.
_QUERIES = {
    "summary": "errors_scope",
    "errors": "errors",
    "kinds": "errors_kinds",
    "retries": "errors_retries",
    "throttled": "errors_throttled",
    "limits": "errors_limits",
    "streaks": "errors_streaks",
    "refusals": "refusals",
}
_EXAMPLES = f"""\
  errors.py                                       the last {DAYS} days, by provider and model
  errors.py --since 24h --threshold 1% --by customer
  errors.py --since 30d --by key --where provider=openai
  errors.py --json | jq '.streaks[] | select(.goes_on)'

Each attempt counts that a provider was asked to answer. Over 10 million calls it takes some seconds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database can't be read."""
    options = _options(arguments)
    try:
        answers = _ask(options)
    except store.StoreError as error:
        print(f"errors: {error}", file=sys.stderr)
        return 1
    if options.json:
        print_json(answers | {"summary": answers["summary"][0]})
    elif options.csv:
        print_csv(answers["errors"].without("rates"))
    else:
        _show(Screen(), answers, options)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("errors.py", __doc__, _EXAMPLES)
    add_by(made, ["provider", "model"])
    add_limit(made)
    made.add_argument(
        "--threshold", type=share, default=THRESHOLD, metavar="SHARE", help="mark higher rates (default: 5%%)"
    )
    add_shapes(made, "the table of rates")
    options = parsed(made, arguments)
    assume(options)
    return options


def _ask(options: argparse.Namespace) -> dict[str, Rows]:
    until = options.until or datetime.now(UTC).replace(tzinfo=None)
    found = ask(options, _QUERIES.values(), until=until)
    answers = {key: found[query] for key, query in _QUERIES.items()}
    return answers | {"errors": named(answers["errors"], options.by)}


def _show(screen: Screen, answers: Mapping[str, Rows], options: argparse.Namespace) -> None:
    summary = answers["summary"][0]
    if not summary["calls"]:
        screen.line(nothing_in(options, summary["newest_at"]))
        return
    screen.line(f"{options.db}: {told(options)}, {_sum(summary)}")
    if summary["attempts"]:
        screen.line("")
        screen.section(table(answers["errors"], options.limit, options.by, options.threshold))
    for section in others(answers):
        screen.line("")
        screen.section(section)


def _sum(summary: Mapping[str, Any]) -> str:
    told = f"{plural(summary['errors'], 'error')} in {plural(summary['attempts'], 'call')}"
    return told if summary["error_rate"] is None else f"{told}, {percent(summary['error_rate'])}"


if __name__ == "__main__":
    sys.exit(piped(main))
