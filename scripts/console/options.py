"""What the command line of a terminal script can say: database, period, filters, grouping, shape of the answer."""

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from llmobs import store
from llmobs.choice import MOMENTS, NONE, expression
from scripts.console.moment import moment
from scripts.console.numbers import whole

# What tables call a column.
ALIASES = {"key": "api_key"}
# Besides, a tag of any name; the query calls it `tag`.
TAG = "tag:"
# More rows than there can be.
ALL = 2**62
BY = (*store.DIMENSIONS, *store.PERIODS)


def parser(name: str, purpose: str | None, examples: str) -> argparse.ArgumentParser:
    """A parser with the purpose's first line, examples, and the options that every script has."""
    made = argparse.ArgumentParser(
        prog=name,
        description=(purpose or "").partition("\n")[0],
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--db",
        type=store.source_of,
        default=Path("llmobserve.duckdb"),
        help="database, or folder or s3://BUCKET/PREFIX that proxies publish to (default: %(default)s)",
    )
    made.add_argument("--since", type=moment, metavar="TIME", help=f"first moment: {MOMENTS}")
    made.add_argument("--until", type=moment, metavar="TIME", help="first moment that no longer counts")
    made.add_argument(
        "--where",
        type=condition,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"only such calls, with * and ? and commas: model=gpt-*,o3; {NONE} for none; may be repeated",
    )
    return made


def add_by(made: argparse.ArgumentParser, default: Iterable[str], there: Iterable[str] = BY) -> None:
    """--by: what the answer is grouped by, one or more of the names that are there."""
    known = tuple(there)
    made.add_argument(
        "--by",
        type=partial(grouping, there=known),
        default=list(default),
        metavar="NAMES",
        help=f"one or more of {words(known)}, with commas",
    )


def add_limit(made: argparse.ArgumentParser, default: int = 30) -> None:
    """--limit: how many rows of the table a person sees."""
    made.add_argument(
        "--limit",
        type=whole,
        default=default,
        metavar="N",
        help="rows of the table on a screen (default: %(default)s)",
    )


def rows_wanted(options: argparse.Namespace, on_screen: int) -> int:
    """How many rows are asked for: what --limit says, or else all for a program, and so many for a person."""
    limit: int | None = options.limit
    return limit or (ALL if options.json or options.csv else on_screen)


def add_shapes(made: argparse.ArgumentParser, table: str) -> None:
    """--json and --csv; `table` is what the second prints."""
    shape = made.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print all sections as JSON, amounts with every digit")
    shape.add_argument("--csv", action="store_true", help=f"print {table} as CSV, amounts with every digit")


def parsed(made: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was said: `where` as a regular expression for each dimension; ends the program where it makes no sense."""
    options = made.parse_args(arguments)
    conditions: dict[str, str] = {}
    for name, wanted in options.where:
        conditions[name] = f"{conditions[name]}|{wanted}" if name in conditions else wanted
    options.where = conditions
    tags = {name for name in (*getattr(options, "by", ()), *conditions) if name.startswith(TAG)}
    if len(tags) > 1:
        made.error(f"one tag at a time, not {' and '.join(sorted(tags))}")
    if options.since and options.until and options.since >= options.until:
        made.error(f"--until has to be later than --since: {options.until} is not after {options.since}")
    return options


def words(there: Iterable[str] = BY) -> str:
    """The names that calls can be grouped by, for a message."""
    return ", ".join((*there, *(f"{short} ({name})" for short, name in ALIASES.items()), f"{TAG}NAME"))


def grouping(text: str, there: Iterable[str] = BY) -> list[str]:
    """Names to group by; raises what argparse prints."""
    told = [name.strip() for name in text.split(",") if name.strip()]
    if not told:
        raise argparse.ArgumentTypeError(f"no grouping is named; there are {words(there)}")
    return list(dict.fromkeys(_known(name, there) for name in told))


def condition(text: str) -> tuple[str, str]:
    """A dimension and the regular expression of the values that are wanted; raises what argparse prints."""
    name, equals, values = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is no condition; write for example model=gpt-* or customer=acme")
    return _known(name.strip(), store.DIMENSIONS), expression(values)


def _known(name: str, there: Iterable[str]) -> str:
    found = ALIASES.get(name, name)
    if found not in there and not (found.startswith(TAG) and found != TAG):
        raise argparse.ArgumentTypeError(f"no such grouping: {name}; there are {words(there)}")
    return found
