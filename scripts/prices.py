"""Look up what a model costs and who says so, what has no price, how old prices are, and what a refresh brings."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from llmobs import store
from llmobs.config import did_you_mean
from llmobs.dialects import DIALECTS
from llmobs.pricing import PriceBook, PricingError, Terms, load
from llmobs.queries import query
from llmobs.render import Screen, plural

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.moment import MOMENTS, moment  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.price_parts import sections  # noqa: E402
from scripts.price_parts.age import age  # noqa: E402
from scripts.price_parts.listed import listed  # noqa: E402
from scripts.price_parts.missing import missing, yaml  # noqa: E402
from scripts.price_parts.notes import Notes  # noqa: E402
from scripts.price_parts.upstream import difference  # noqa: E402
from scripts.price_sources.book import BookError  # noqa: E402
from scripts.price_sources.fetch import SourceError  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
PINS = SCRIPTS / "price_sources" / "versions.json"
_EXAMPLES = """\
examples:
  prices.py show gpt-4o                                  at every provider that lists it
  prices.py show gemini-2.5-pro --tokens 300000 --batch  what one such call is charged
  prices.py show claude-sonnet-4-5 --at 2025-10-01 --provider anthropic
  prices.py missing --pricing my-prices.yaml             what was called without a price, and the lines to write
  prices.py age
  prices.py diff                                         what `make prices` would change
"""


class AskedError(Exception):
    """A question that has no answer; the text says what to ask instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where there is no answer."""
    options = _options(arguments)
    try:
        options.answer(options)
    except BrokenPipeError:
        raise
    except (AskedError, PricingError, BookError, SourceError, store.StoreError, OSError) as error:
        print(f"prices: {error}", file=sys.stderr)
        return 1
    return 0


def _show(options: argparse.Namespace) -> None:
    book = _book(options)
    if options.provider not in (None, *book.providers):
        raise AskedError(f"no provider {options.provider}; {did_you_mean(options.provider, book.providers)}")
    at = (options.at or datetime.now(UTC)).replace(tzinfo=UTC)
    terms = Terms(at, options.tokens or 0, options.tier, options.batch, options.region, options.variant)
    call = options.tokens is not None or options.batch or bool(options.tier or options.region or options.variant)
    found = listed(book, Notes(_files(options)), options.model, terms, options.provider, call)
    if not found:
        names = {name for provider in book.providers.values() for name in provider.prices.models}
        raise AskedError(f"no provider lists {options.model}; {did_you_mean(options.model, names)}")
    _print(options, found, lambda screen: _tables(screen, map(sections.of_model, found)))


def _missing(options: argparse.Namespace) -> None:
    period = {name: getattr(options, name) for name in ("since", "until") if getattr(options, name)}
    with store.reading(options.db) as db:
        table = db.query(query("missing_prices"), variables=period)
    book = _book(options)
    gaps = missing(book, [dict(zip(table.columns, row, strict=True)) for row in table.rows])
    lines = yaml(book, Notes(_files(options)), gaps)

    def show(screen: Screen) -> None:
        if not gaps:
            screen.line(f"{options.db}: every call of a known usage has a price.")
            return
        screen.section(sections.of_missing(gaps))
        if lines:
            screen.line("\nLines for a file of your own, for `make run PRICING=FILE`; write USD in place of TODO:\n")
            print(lines)

    _print(options, {"missing": gaps, "yaml": lines}, show)


def _age(options: argparse.Namespace) -> None:
    found = age(_book(options), options.pins, options.date)

    def show(screen: Screen) -> None:
        screen.line(f"Prices as of {found.updated}, {plural(found.days, 'day')} old")
        screen.line("")
        _tables(screen, sections.of_age(found))

    _print(options, found, show)


def _diff(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        found = difference(options.file, options.sources or Path(scratch), options.pins, options.date)
    _print(options, found, lambda _: print("\n".join(sections.of_difference(found))))


def _files(options: argparse.Namespace) -> list[Path]:
    return [options.file, *options.pricing]


def _book(options: argparse.Namespace) -> PriceBook:
    return load(*_files(options), dialects=DIALECTS)


def _print(options: argparse.Namespace, answer: Any, show: Callable[[Screen], None]) -> None:
    if options.json:
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer)
        print(msgspec.json.format(encoded, indent=2).decode())
    else:
        show(Screen())


def _tables(screen: Screen, found: Any) -> None:
    for at, section in enumerate(found):
        if at:
            screen.line("")
        screen.section(section)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="prices.py", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    show = _command(commands, "show", _show, "what a model costs at every provider that lists it")
    show.add_argument("model", help="a model's name as a program writes it")
    show.add_argument("--provider", metavar="ID", help="one provider only")
    show.add_argument("--at", type=moment, metavar="TIME", help=f"prices of this time (now): {MOMENTS}")
    show.add_argument(
        "--tokens", type=_tokens, metavar="N", help="rates of a call with so many input tokens, cached too"
    )
    show.add_argument("--tier", metavar="NAME", help="rates of a call of this service tier")
    show.add_argument("--batch", action="store_true", help="rates of a call in a batch")
    show.add_argument("--region", metavar="NAME", help="rates of a call in this region")
    show.add_argument("--variant", metavar="NAME", help="rates of such a call: quality and size, as hd/1024x1792")
    gaps = _command(commands, "missing", _missing, "models that were called and have no price, and the lines to write")
    gaps.add_argument("--db", type=store.source_of, default=Path("llmobserve.duckdb"), help="database (%(default)s)")
    gaps.add_argument("--since", type=moment, metavar="TIME", help=f"first moment: {MOMENTS}")
    gaps.add_argument("--until", type=moment, metavar="TIME", help="first moment that no longer counts")
    _command(commands, "age", _age, "how old the prices are and where they come from")
    diff = _command(commands, "diff", _diff, "what `make prices` would change, without changing it")
    diff.add_argument("--sources", type=Path, help="folder with the wheels; missing ones are downloaded into it")
    return parser.parse_args(arguments)


def _tokens(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no count of tokens; write 0 or more, as 300000")
    return int(text)


def _command(commands: Any, name: str, answer: Callable[..., None], does: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=does, description=does)
    command.set_defaults(answer=answer)
    command.add_argument("--pricing", type=Path, action="append", default=[], metavar="FILE", help="your own file")
    command.add_argument("--json", action="store_true", help="print JSON, amounts with every digit")
    command.add_argument("--file", type=Path, default=PRICES, help="the price file (pricing.yaml)")
    command.add_argument("--pins", type=Path, default=PINS, help="versions of the last refresh")
    command.add_argument(
        "--date", type=date.fromisoformat, default=datetime.now(UTC).date(), help="the day it is (today)"
    )
    return command


if __name__ == "__main__":
    sys.exit(piped(main))
