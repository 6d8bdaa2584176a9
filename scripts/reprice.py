"""Reckon stored costs anew from the stored usage, after a price fix or with a file of your own; a dry run first."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from llmobs import store
from llmobs.config import did_you_mean
from llmobs.dialects import DIALECTS
from llmobs.event import Event
from llmobs.pricing import PriceBook, PricingError, load
from llmobs.render import Screen, plural, progress

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.moment import MOMENTS, moment  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.reprice_parts import rows  # noqa: E402
from scripts.reprice_parts.renewed import renewed  # noqa: E402
from scripts.reprice_parts.tally import Tally  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
# A few megabytes of rows at a time.
BATCH_ROWS = 2_000
# The proxy stores its rows about once a second, and then lets go of the file.
WAIT_SECONDS = 30.0
INTERRUPTED = 130
_EXAMPLES = """\
examples:
  reprice.py                                        what today's prices would change; nothing is written
  reprice.py --pricing my-prices.yaml --since 30d   with a file of your own, the last thirty days
  reprice.py --provider openai --model gpt-4o --apply
"""


class AskedError(Exception):
    """What is asked for finds no call, or would lose prices; the text says what to ask instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where prices or database can't be read or written, 2 where an argument is wrong."""
    options = _options(arguments)
    try:
        book = load(options.file, *options.pricing, dialects=DIALECTS)
        with tempfile.TemporaryDirectory(prefix="llmobserve-") as folder:
            tally = _reckoned(book, options, Path(folder))
            _check(book, options, tally)
            written = _applied(options, Path(folder)) if options.apply and tally.total.calls else 0
    except AskedError as error:
        print(f"reprice: {error}", file=sys.stderr)
        return 2
    except (PricingError, store.StoreError, OSError) as error:
        print(f"reprice: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("reprice: interrupted, nothing was changed", file=sys.stderr)
        return INTERRUPTED
    _print(options, tally, written)
    return 0


def _reckoned(book: PriceBook, options: argparse.Namespace, folder: Path) -> Tally:
    """Look at a copy of the rows, so that the proxy can go on storing; what differs is left in a file."""
    asked = ("since", "until", "provider", "model")
    variables = {name: getattr(options, name) for name in asked if getattr(options, name)}
    with store.reading(options.db) as db:
        count = db.save(rows.QUERY, folder / "rows", variables)
        [(others,)] = db.query(rows.OTHERS, variables=variables).rows
    tally = Tally(int(str(others)))
    with progress("reckoning", count) as advance, (folder / "lines").open("wb") as lines:
        for batch in store.saved(folder / "rows", BATCH_ROWS):
            for old, new in _pairs(book, batch):
                tally.add(old, new)
                if new is not None and new is not old:
                    lines.write(rows.line(old, new))
            advance(len(batch))
    return tally


def _pairs(book: PriceBook, batch: Sequence[store.Row]) -> Iterator[tuple[Event, Event | None]]:
    for row in batch:
        old = rows.event(row)
        yield old, renewed(book, old)


def _check(book: PriceBook, options: argparse.Namespace, tally: Tally) -> None:
    if not tally.seen and (options.provider or options.model):
        raise AskedError(_no_call(book, options))
    if options.apply and tally.no_longer_priced and not options.drop_prices:
        raise AskedError(
            f"{tally.losses()}; nothing was written. "
            "Name your own file with --pricing, as `make run PRICING=FILE` does, or add --drop-prices if that is meant"
        )


def _no_call(book: PriceBook, options: argparse.Namespace) -> str:
    asked = [f"{name} {getattr(options, name)}" for name in ("provider", "model") if getattr(options, name)]
    period = " in that time" if options.since or options.until else ""
    known = options.provider in (None, *book.providers)
    advice = "" if known else f"; no such provider is known, {did_you_mean(options.provider, book.providers)}"
    return f"{options.db} holds no finished call of {' and '.join(asked)}{period}{advice}"


def _applied(options: argparse.Namespace, folder: Path) -> int:
    with store.writing(options.db, WAIT_SECONDS) as db:
        return db.reprice(folder / "lines", datetime.now(UTC).replace(tzinfo=None))


def _print(options: argparse.Namespace, tally: Tally, written: int) -> None:
    if options.json:
        encoded = msgspec.json.Encoder(decimal_format="number").encode(tally.answer() | {"written": written})
        print(msgspec.json.format(encoded, indent=2).decode())
        return
    screen = Screen()
    if tally.total.calls:
        screen.section(tally.section())
        screen.line("")
    for line in tally.lines():
        screen.line(line)
    screen.line(_result(options, tally, written))


def _result(options: argparse.Namespace, tally: Tally, written: int) -> str:
    looked = f"{options.db}: {plural(tally.seen, 'call')} looked at"
    if not tally.total.calls:
        return f"{looked}, every cost stays as it is."
    if not options.apply:
        return f"{looked}, nothing written. --apply writes the new costs and keeps the former ones."
    return f"{looked}, {plural(written, 'row')} written; the former costs are in the table repricings."


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="reprice.py", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", type=Path, default=Path("llmobserve.duckdb"), help="database (default: %(default)s)")
    parser.add_argument("--pricing", type=Path, action="append", default=[], metavar="FILE", help="your own file")
    parser.add_argument("--file", type=Path, default=PRICES, help="the price file (pricing.yaml)")
    parser.add_argument("--since", type=moment, metavar="TIME", help=f"first moment: {MOMENTS}")
    parser.add_argument("--until", type=moment, metavar="TIME", help="first moment that no longer counts")
    parser.add_argument("--provider", metavar="ID", help="calls of one provider")
    parser.add_argument("--model", metavar="NAME", help="calls of one model, by any of its three names in the table")
    parser.add_argument("--apply", action="store_true", help="write the new costs, in one transaction")
    parser.add_argument("--drop-prices", action="store_true", help="with --apply: also where a call has no price then")
    parser.add_argument("--json", action="store_true", help="print JSON, amounts with every digit")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(piped(main))
