"""Audit where tokens go: repeated prompts, growing conversations, tool results, long answers, and what a cache saves.

Lengths, growth and equal requests are told of every call. What prompts are made of is told of a sample of those calls
whose content was captured; their tokens are counted here, exactly for OpenAI's models and about so for others.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from llmobs import store
from llmobs.pricing import PricingError, load
from llmobs.render import Screen, Section

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import ask, named  # noqa: E402
from scripts.console.nothing import nothing_lately  # noqa: E402
from scripts.console.numbers import whole  # noqa: E402
from scripts.console.options import add_by, add_shapes, parsed, parser, rows_wanted  # noqa: E402
from scripts.console.period import assume  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.prompts_parts import sections  # noqa: E402
from scripts.prompts_parts.audit import Audit, audit  # noqa: E402
from scripts.prompts_parts.rates import RateList  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
DAYS = 30
TOP, SAMPLE = 10, 1000
_QUERIES = ("prompts", "prompts_growth", "prompts_repeats", "prompts_content")
_EXAMPLES = """\
  prompts.py                              the last 30 days
  prompts.py --by feature,model --since 7d
  prompts.py --where customer=acme --sample 20000     more of the captured requests, which takes longer
  prompts.py --json | jq '.prompts[] | {hash, calls, tokens, saving_usd}'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where prices or database can't be read."""
    options = _options(arguments)
    try:
        book = load(options.file, *options.pricing)
        most = rows_wanted(options, TOP)
        answers = ask(options, _QUERIES, top=most, sample=options.sample)
        answers["prompts"] = named(answers["prompts"], options.by)
        _print(options, audit(answers, RateList(book, datetime.now(UTC)), most))
    except (PricingError, store.StoreError) as error:
        print(f"prompts: {error}", file=sys.stderr)
        return 1
    return 0


def _print(options: argparse.Namespace, found: Audit) -> None:
    if options.json:
        print_json({"since": options.since, "until": options.until} | found.answer())
    elif options.csv:
        print_csv(found.lengths.without("all_rows"))
    elif not found.lengths:
        print(nothing_lately(options))
    else:
        _show(Screen(), options, found)


def _show(screen: Screen, options: argparse.Namespace, found: Audit) -> None:
    screen.line(f"{options.db}: calls of text models since {options.since:%Y-%m-%d %H:%M} UTC")
    for section in _sections(options, found):
        screen.line("")
        screen.section(section)
    if not found.captured.calls:
        screen.line("")
        screen.line(sections.without_content())


def _sections(options: argparse.Namespace, found: Audit) -> Iterator[Section]:
    yield sections.lengths(found.lengths, options.by)
    if found.growth:
        yield sections.growth(found.growth)
    yield sections.repeats(found.repeats)
    if found.captured.calls:
        yield sections.parts(found.captured)
        if found.captured.tools:
            yield sections.tools(found.captured, rows_wanted(options, TOP))
        yield sections.prompts(found)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("prompts.py", __doc__, _EXAMPLES)
    add_by(made, ["section", "model"], store.DIMENSIONS)
    made.add_argument(
        "--limit", "--top", type=whole, metavar="N", help=f"rows of a table (default: {TOP} on a screen, else all)"
    )
    made.add_argument(
        "--sample",
        type=whole,
        default=SAMPLE,
        metavar="N",
        help="captured requests to take apart (default: %(default)s)",
    )
    made.add_argument("--pricing", type=Path, action="append", default=[], metavar="FILE", help="prices of your own")
    made.add_argument("--file", type=Path, default=PRICES, help="the price file (pricing.yaml)")
    add_shapes(made, "prompts and answers")
    options = parsed(made, arguments)
    assume(options, DAYS)
    return options


if __name__ == "__main__":
    sys.exit(piped(main))
