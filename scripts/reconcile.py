"""Compare what was metered with the usage and cost exports of OpenAI, Anthropic and OpenRouter, per day, model and key.

It says what is missing on either side and what the difference costs. Nothing is sent anywhere: it reads files.
"""

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from llmobs import store
from llmobs.pricing import PricingError, load
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.pipe import piped  # noqa: E402
from scripts.reconciliation import files, metered, sections  # noqa: E402
from scripts.reconciliation.cells import day  # noqa: E402
from scripts.reconciliation.compare import BY, Sides, views  # noqa: E402
from scripts.reconciliation.export import ExportError  # noqa: E402
from scripts.reconciliation.judge import MATCHED, verdicts  # noqa: E402
from scripts.reconciliation.names import Keys, Models, key_map  # noqa: E402
from scripts.reconciliation.notes import about, apart, strange_keys  # noqa: E402
from scripts.reconciliation.reader import Exports, read  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
_AGO = re.compile(r"(\d+)([dw])")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_EXAMPLES = """\
examples:
  reconcile.py completions_usage_2026-11.csv cost_2026-11.csv     OpenAI's dashboard against the database
  reconcile.py exports/ --since 2026-11-01 --until 2026-12-01     all files of a folder, one month
  reconcile.py exports/ --key-map key_abc=0123456789ab...wxyz     per key as well
  reconcile.py exports/ --tolerance 1% --all                      with what agrees
  reconcile.py exports/ --json | jq '.rows[] | {day, model, difference_usd, cause}'

exit status: 0 where both sides agree, 1 where something differs, 2 where a file or an argument is wrong
             or no day of the export was asked for
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; see `_EXAMPLES` for what it returns."""
    options = _options(arguments)
    try:
        exports = read(files.sheets(options.files))
        found = _found(options, exports)
        strange = list(strange_keys(options.key_map, metered.keys(options.db))) if options.key_map else []
    except (ExportError, store.StoreError, PricingError) as error:
        print(f"reconcile: {error}", file=sys.stderr)
        return 2
    _print(options, found, [*exports.notes, *about(found, exports, options.key_map, options.by), *strange])
    if found and all(apart(compared, exports) for compared in found):
        return 2
    agree = all(verdict.state == MATCHED for compared in found for verdict in compared.verdicts)
    return 0 if agree else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="reconcile.py",
        description=(__doc__ or "").partition("\n")[0],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="exports, CSV or JSON, or folders of them")
    parser.add_argument(
        "--db", type=store.source_of, default=Path("llmobserve.duckdb"), help="database (default: %(default)s)"
    )
    moment = "2026-11-20, or so long ago: 7d, 4w; UTC"
    parser.add_argument("--since", type=_day, metavar="DAY", help=f"first day: {moment} (default: the export's first)")
    parser.add_argument("--until", type=_day, metavar="DAY", help="first day that no longer counts")
    parser.add_argument("--by", type=_names, default=list(BY), metavar="NAMES", help=f"some of {','.join(BY)}")
    parser.add_argument(
        "--tolerance", type=_share, default=Decimal(0), metavar="SHARE", help="such as 1%% (default: 0)"
    )
    key_help = "the provider's id or name of a key, and api_key_id here; or a YAML file of such pairs"
    parser.add_argument("--key-map", type=_pairs, action="append", default=[], metavar="THEIRS=OURS", help=key_help)
    parser.add_argument("--all", action="store_true", help="show what agrees, too")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print summary, rows and notes as JSON, with every digit")
    shape.add_argument("--csv", action="store_true", help="print the rows as CSV, with every digit")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or not set(names) <= set(BY):
        raise argparse.ArgumentTypeError(f"{text}: choose some of {', '.join(BY)}")
    return names


def _day(text: str) -> date:
    if ago := _AGO.fullmatch(text):
        return datetime.now(UTC).date() - timedelta(days=int(ago[1]) * (7 if ago[2] == "w" else 1))
    try:
        return day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; write 2026-11-20 or 7d") from None


def _share(text: str) -> Decimal:
    share = _SHARE.fullmatch(text)
    if not share:
        raise argparse.ArgumentTypeError(f"{text} is no share; write 1% or 0.5%")
    return Decimal(share[1]) / 100


def _pairs(text: str) -> dict[str, str]:
    try:
        return key_map(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _found(options: argparse.Namespace, exports: Exports) -> list[sections.Compared]:
    """Every comparison, judged, of the days that the exports or the options name."""
    keys = Keys({theirs: ours for pairs in options.key_map for theirs, ours in pairs.items()})
    models = Models(load(PRICES))
    found = []
    for provider, (first, last) in exports.days.items():
        first, last = options.since or first, options.until - timedelta(days=1) if options.until else last
        ours = [row for row in metered.read(options.db, first, last) if row.provider == provider]
        theirs = [r for r in exports.records if r.kind.provider == provider and first <= r.day <= last]
        found += [
            sections.Compared(view, first, last, ours, verdicts(view, options.tolerance, models))
            for view in views(Sides(provider, theirs, ours), models, keys, options.by)
        ]
    return found


def _print(options: argparse.Namespace, found: list[sections.Compared], notes: list[str]) -> None:
    rows = list(sections.lines(found, everything=options.all))
    if options.csv:
        _write_csv(rows)
        print("\n".join(notes), file=sys.stderr)
    elif options.json:
        whole = {"summary": list(sections.summary(found)), "rows": rows, "notes": notes}
        print(msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(whole), indent=2).decode())
    else:
        _show(Screen(), found, notes, everything=options.all)


def _write_csv(rows: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(sections.COLUMNS)
    for row in rows:
        writer.writerow(f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in row.values())


def _show(screen: Screen, found: list[sections.Compared], notes: list[str], *, everything: bool) -> None:
    screen.section(sections.overview(list(sections.summary(found))))
    for section in (sections.details(compared, everything=everything) for compared in found):
        if section.rows:
            screen.line("")
            screen.section(section)
    screen.line("")
    for note in notes:
        screen.line(note, "dim")


if __name__ == "__main__":
    sys.exit(piped(main))
