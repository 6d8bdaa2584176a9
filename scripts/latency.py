"""Print how long answers take: p50, p95, p99, time to first token, output speed, against targets and the period before.

It only asks: each figure comes from a query in a *.sql file beside it, which the DuckDB command line runs as well.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmobs import store
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import answered, named, variables  # noqa: E402
from scripts.console.nothing import nothing_in  # noqa: E402
from scripts.console.options import add_by, add_limit, add_shapes, parsed, parser  # noqa: E402
from scripts.console.period import DAYS, assume, before, told  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.latency_parts.sections import left_out, table, times, verdicts  # noqa: E402
from scripts.latency_parts.targets import judged, target  # noqa: E402

# What a check sees where a target is missed; 1 is for a database that can't be read.
MISSED = 2
_EXAMPLES = f"""\
  latency.py                                          the last {DAYS} days against the {DAYS} before
  latency.py --since 24h --by customer --where model=gpt-*
  latency.py --slo p95=5s --slo ttft_p95=800ms --slo tokens_s=40    exit code {MISSED} where one is missed
  latency.py --by hour --since 2d --csv > hours.csv

Streamed answers stand apart from whole ones. Quantiles are exact; over 10 million calls they take some seconds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database can't be read, 2 where a target is missed."""
    options = _options(arguments)
    try:
        answers = _ask(options)
    except store.StoreError as error:
        print(f"latency: {error}", file=sys.stderr)
        return 1
    if options.json:
        print_json(answers)
    elif options.csv:
        print_csv(answers["latency"])
    else:
        _show(Screen(), answers, options)
    return 0 if all(judgement["met"] for judgement in answers["targets"]) else MISSED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("latency.py", __doc__, _EXAMPLES)
    add_by(made, ["provider", "model"])
    made.add_argument(
        "--slo",
        type=target,
        action="append",
        default=[],
        metavar="MEASURE=VALUE",
        help="a target that every row must meet: p95=5s, ttft_p95=800ms, tokens_s=40; may be repeated",
    )
    made.add_argument("--failed", action="store_true", help="count calls that did not end well, too")
    add_limit(made)
    add_shapes(made, "the table")
    options = parsed(made, arguments)
    assume(options)
    return options


def _ask(options: argparse.Namespace) -> dict[str, Any]:
    # Calls that come in between the queries do not count.
    until = options.until or datetime.now(UTC).replace(tzinfo=None)
    own = {"since": before(options), "split": options.since, "until": until, "with_failed": options.failed}
    asked = variables(options) | own
    with store.reading(options.db) as db:
        found = answered(db, ("latency", "latency_histogram", "latency_scope"), asked)
        total = answered(db, ("latency",), asked | {"by_columns": ["streamed"]})
    rows = named(found["latency"], options.by)
    return {
        "scope": found["latency_scope"][0],
        "latency": rows,
        "total": total["latency"],
        "histogram": found["latency_histogram"],
        "targets": judged(options.slo, rows, options.by),
    }


def _show(screen: Screen, answers: dict[str, Any], options: argparse.Namespace) -> None:
    scope = answers["scope"]
    if not scope["calls"]:
        screen.line(nothing_in(options, scope["newest_at"]))
        return
    screen.line(f"{options.db}: {told(options)}")
    screen.line("")
    if not answers["latency"]:
        screen.line("No call of this period has a latency to tell.")
    else:
        screen.section(table(answers, options.limit, options.by, options.slo))
        screen.line("")
        screen.section(times(answers["histogram"], screen.width))
    if options.slo:
        screen.line("")
        screen.section(verdicts(options.slo, answers["targets"], options.by))
    if note := left_out(scope, with_failed=options.failed):
        screen.line("")
        screen.line(note, "dim")


if __name__ == "__main__":
    sys.exit(piped(main))
