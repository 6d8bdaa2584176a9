"""Price the same traffic at other models: what it costs now, what it would cost there, and what is not comparable.

The proxy's own rules and today's prices of pricing.yaml are used; tokens, cached share, tiers, sizes and times of day
are those of the calls. It assumes that another model would read and write as many tokens, which it may not.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from llmobs import store
from llmobs.dialects import DIALECTS
from llmobs.pricing import PriceBook, PricingError, load
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask  # noqa: E402
from scripts.console.nothing import nothing_lately  # noqa: E402
from scripts.console.numbers import whole  # noqa: E402
from scripts.console.options import add_shapes, parsed, parser  # noqa: E402
from scripts.console.period import assume  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.whatif_parts.pricing import priced  # noqa: E402
from scripts.whatif_parts.ranking import ranked  # noqa: E402
from scripts.whatif_parts.result import COLUMNS, Result, answer, result  # noqa: E402
from scripts.whatif_parts.sections import comparison, doubts, ranking, spent, unknown_abilities  # noqa: E402
from scripts.whatif_parts.targets import Target, UnknownModelError, every, named  # noqa: E402
from scripts.whatif_parts.traffic import Traffic, operations, traffic  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
# Long enough to have seen every kind of call, and short enough to be the traffic of now.
DAYS = 30
TOP = 20
# So many steps of input size does the query tell apart.
STEPS = 12
_EXAMPLES = """\
  whatif.py --model gpt-5.4-mini                        everything of the last 30 days at one model
  whatif.py --model openai/gpt-5.4 --model anthropic/claude-haiku-4-5 --where feature=support
  whatif.py --all --among openai,anthropic,gcp.*        their twenty cheapest models for the same work
  whatif.py --model groq/openai/gpt-oss-120b --no-reasoning --since 2026-11-01 --json
"""


class NoWayError(Exception):
    """What is asked for can't be reckoned; the text says what to ask instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where prices or database can't be read, 2 where a model is not known."""
    options = _options(arguments)
    today = datetime.now(UTC).date()
    try:
        book = load(options.file, *options.pricing, dialects=DIALECTS)
        targets = [named(book, text, today) for text in options.model] or list(every(book, options.among, today))
        rows = _ask(options, targets)
        found = Traffic(traffic(rows, today, reasoning=not options.no_reasoning))
        _print(options, _result(options, book, targets, found))
    except (UnknownModelError, NoWayError) as error:
        print(f"whatif: {error}", file=sys.stderr)
        return 2
    except (PricingError, store.StoreError) as error:
        print(f"whatif: {error}", file=sys.stderr)
        return 1
    return 0


def _ask(options: argparse.Namespace, targets: Sequence[Target]) -> Rows:
    steps = sorted({step for target in targets for step in target.entry.thresholds if step > 0})
    if len(steps) > STEPS:
        raise NoWayError(f"prices change at {len(steps)} sizes of the input, {STEPS} at most: name fewer with --among")
    minutes = sorted({minute for target in targets for minute in target.entry.minutes if minute})
    weekly = any(target.entry.weekly for target in targets)
    told = {"steps": steps or None, "minutes": minutes or None, "weekly": weekly or None}
    return ask(options, ("whatif",), **told)["whatif"]


def _result(options: argparse.Namespace, book: PriceBook, targets: Sequence[Target], found: Traffic) -> Result:
    """The models that are named, or the cheapest for the work that costs most."""
    work = operations(found.calls)
    if options.model or not work:
        return result(found, work, [priced(book, found, target) for target in targets if work])
    meant = Traffic(calls for calls in found.calls if calls.operation == work[0])
    there = ranked(book, meant, work[0], targets)
    return replace(result(meant, work, there.models[: options.top]), ranking=there)


def _print(options: argparse.Namespace, found: Result) -> None:
    if options.json:
        print_json({"since": options.since, "until": options.until} | found.answer())
    elif options.csv:
        print_csv(Rows(map(answer, found.models), COLUMNS))
    elif not found.calls:
        print(nothing_lately(options))
    else:
        _show(Screen(), options, found)


def _show(screen: Screen, options: argparse.Namespace, found: Result) -> None:
    screen.line(f"{options.db}: {found.calls:,} calls since {options.since:%Y-%m-%d %H:%M} UTC, {spent(found)}")
    screen.line("")
    screen.section(ranking(found, found.ranking) if found.ranking else comparison(found))
    for line in doubts(found.models) if options.model else ():
        screen.line(line)
    screen.line("At today's prices, for as many tokens as now: another model may need more or fewer of them.")
    screen.line(unknown_abilities(found))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("whatif.py", __doc__, _EXAMPLES)
    wanted = made.add_mutually_exclusive_group(required=True)
    wanted.add_argument(
        "--model", action="append", default=[], metavar="[PROVIDER/]MODEL", help="any of pricing.yaml; may be repeated"
    )
    wanted.add_argument("--all", action="store_true", help="all models that can do the work that costs most")
    made.add_argument("--among", type=_patterns, default=[], metavar="IDS", help="with --all: these providers only")
    made.add_argument("--top", type=whole, default=TOP, metavar="N", help="with --all: so many (default: %(default)s)")
    made.add_argument("--no-reasoning", action="store_true", help="without the tokens that were spent on reasoning")
    made.add_argument("--pricing", type=Path, action="append", default=[], metavar="FILE", help="prices of your own")
    made.add_argument("--file", type=Path, default=PRICES, help="the price file (pricing.yaml)")
    add_shapes(made, "the models")
    options = parsed(made, arguments)
    assume(options, DAYS)
    return options


def _patterns(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


if __name__ == "__main__":
    sys.exit(piped(main))
