"""Print what was spent, by model or anything else, with every call of unknown, partial or estimated cost named.

It only asks: each figure comes from a query in a *.sql file beside it, which the DuckDB command line runs as well.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from llmobs import store
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.report_parts.moment import MOMENTS, moment  # noqa: E402
from scripts.report_parts.pipe import piped  # noqa: E402
from scripts.report_parts.sections import Rows, others, plural, spend  # noqa: E402

PRICES = SCRIPTS.parent / "pricing.yaml"
BY = (
    "model", "provider", "api_key", "customer", "day", "run", "key_name", "section", "feature", "experiment", "variant",
    "prompt_version", "client", "host", "policy",
)  # fmt: skip
# What tables call a column.
ALIASES = {"key": "api_key"}
# Besides, a tag of any name; the query calls it `tag`.
TAG = "tag:"
# Prices change every few weeks; data older than this is worth a remark.
OLD_PRICES = timedelta(days=45)
_EXAMPLES = """\
examples:
  report.py                                    what each model cost, ever
  report.py --by day,provider --since 7d       the last seven days, day by day
  report.py --by customer --since 2026-11-01 --until 2026-12-01 --csv > november.csv
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
        print(msgspec.json.format(_exact(answers), indent=2).decode())
    elif options.csv:
        _write_csv(answers["spend"])
    else:
        _show(Screen(), answers, options)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="report.py",
        description=(__doc__ or "").partition("\n")[0],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--db", type=Path, default=Path("llmobserve.duckdb"), help="database (default: %(default)s)")
    parser.add_argument(
        "--by", type=_names, default=["model"], metavar="NAMES", help=f"one or more of {_words()}, with commas"
    )
    parser.add_argument("--since", type=moment, metavar="TIME", help=f"first moment: {MOMENTS}")
    parser.add_argument("--until", type=moment, metavar="TIME", help="first moment that no longer counts")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print all sections as JSON, amounts with every digit")
    shape.add_argument("--csv", action="store_true", help="print the spend table as CSV, amounts with every digit")
    return parser.parse_args(arguments)


def _words() -> str:
    return ", ".join((*BY, *(f"{short} ({name})" for short, name in ALIASES.items()), f"{TAG}NAME"))


def _names(text: str) -> list[str]:
    told = [name.strip() for name in text.split(",") if name.strip()]
    if not told:
        raise argparse.ArgumentTypeError(f"no grouping is named; there are {_words()}")
    names = [ALIASES.get(name, name) for name in told]
    tags = [name for name in names if name.startswith(TAG) and name != TAG]
    if wrong := [name for name in names if name not in (*BY, *tags)]:
        raise argparse.ArgumentTypeError(f"no such grouping: {', '.join(wrong)}; there are {_words()}")
    if len(set(tags)) > 1:
        raise argparse.ArgumentTypeError(f"one tag at a time, not {' and '.join(tags)}")
    return list(dict.fromkeys(names))


def _ask(options: argparse.Namespace) -> dict[str, Rows]:
    """The answer of each SQL file, all of one moment."""
    period = {name: getattr(options, name) for name in ("since", "until") if getattr(options, name)}
    with store.reading(options.db) as db:
        answers = {
            name: _rows(db.query((SCRIPTS / f"{name}.sql").read_text(), variables=period | variables))
            for name, variables in (
                ("summary", {}),
                ("spend", _grouped(options.by)),
                ("unknown_costs", {}),
                ("pending", {}),
                ("price_gaps", {}),
                ("not_billed", {}),
                ("skipped_retries", {}),
                ("cache_hits", {}),
                ("refusals", {}),
                ("endings", {}),
            )
        }
    answers["spend"] = [_ordered(row, options.by) for row in answers["spend"]]
    return answers


def _grouped(by: Sequence[str]) -> dict[str, Any]:
    """What the query is told of the columns to group by."""
    tag = next((name for name in by if name.startswith(TAG)), TAG)
    return {"by_columns": ["tag" if name == tag else name for name in by], "tag_name": tag.removeprefix(TAG)}


def _rows(table: store.Table) -> Rows:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _ordered(row: Mapping[str, Any], first: Sequence[str]) -> dict[str, Any]:
    tag = next((name for name in first if name.startswith(TAG)), "tag")
    cells = {tag if name == "tag" else name: cell for name, cell in row.items()}
    return {name: cells[name] for name in first} | cells


def _exact(answers: Mapping[str, Rows]) -> bytes:
    whole = {"summary": answers["summary"][0]} | {name: rows for name, rows in answers.items() if name != "summary"}
    return msgspec.json.Encoder(decimal_format="number").encode(whole)


def _write_csv(rows: Rows) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in row.values())


def _show(screen: Screen, answers: Mapping[str, Rows], options: argparse.Namespace) -> None:
    summary = answers["summary"][0]
    if not summary["calls"]:
        screen.line(_nothing(options))
        return
    screen.line(f"{options.db}: {plural(summary['calls'], 'call')}, {_period(summary)} UTC")
    screen.line("")
    screen.section(spend(answers["spend"], summary, options.by))
    for section in others(answers):
        screen.line("")
        screen.section(section)
    screen.line("")
    screen.line(_price_age(datetime.now(UTC).date()), "dim")


def _nothing(options: argparse.Namespace) -> str:
    if options.since or options.until:
        return f"{options.db} holds no call of that time. Without --since and --until the report covers all calls."
    return (
        f"{options.db} holds no call yet. Send one through the proxy; it shows up here within two seconds. "
        "`make run` says which variables a program needs."
    )


def _period(summary: Mapping[str, Any]) -> str:
    first, last = (f"{summary[name]:%Y-%m-%d %H:%M}" for name in ("first_at", "last_at"))
    return first if first == last else f"{first} to {last}"


def _price_age(today: date) -> str:
    """How old the price list is; it says so itself near its beginning."""
    with PRICES.open(encoding="utf-8") as file:
        updated = next(date.fromisoformat(line.split()[1]) for line in file if line.startswith("updated:"))
    age = today - updated
    advice = "; `make prices` brings newer ones" if age > OLD_PRICES else ""
    return f"Prices as of {updated} ({plural(age.days, 'day')} old){advice}."


if __name__ == "__main__":
    sys.exit(piped(main))
