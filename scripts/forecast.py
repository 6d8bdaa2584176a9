"""Project what calls will cost a day, a month and a year, at today's volume and at others, with honest intervals.

It rests on whole UTC days, the last four weeks unless a period is given. The intervals come from a block bootstrap of
weeks (of days, where there are fewer than fourteen) and hold if the coming days are like those: they know of no launch.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from llmobs import store
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask, named  # noqa: E402
from scripts.console.nothing import nothing_in  # noqa: E402
from scripts.console.numbers import share, whole  # noqa: E402
from scripts.console.options import add_by, add_shapes, parsed, parser  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.forecast_parts.history import DAYS, History, history, window  # noqa: E402
from scripts.forecast_parts.sections import groups, measured, projections, refusal, remarks  # noqa: E402
from scripts.forecast_parts.spans import FEWEST, VOLUMES, Forecast  # noqa: E402
from scripts.inference import library  # noqa: E402

CONFIDENCE, TOP = 0.9, 20
_EXAMPLES = """\
  forecast.py                                   from the last four weeks
  forecast.py --since 90d --by model            from the last ninety days, and what each model comes to
  forecast.py --calls 5000 --calls 50000        at other numbers of calls a day
  forecast.py --where customer=acme --json | jq '.projections[] | {calls_per_day, month_usd}'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database or the statistics library can't be used."""
    options = _options(arguments)
    if not library.there():
        print(f"forecast: {library.MISSING}", file=sys.stderr)
        return 1
    loading = library.awaken()
    since, until = window(options, datetime.now(UTC))
    try:
        answers = _ask(options, since, until)
    except store.StoreError as error:
        print(f"forecast: {error}", file=sys.stderr)
        return 1
    loading.join()
    _print(options, answers, _forecast(options, answers, history(answers["spend_days"], since, until)))
    return 0


def _ask(options: argparse.Namespace, since: datetime, until: datetime) -> dict[str, Rows]:
    queries = ("spend_days", "newest", *(("spend_days_by",) if options.by else ()))
    answers = ask(options, queries, since=since, until=until, top=options.top)
    return answers | {"spend_days_by": named(answers.get("spend_days_by", Rows((), ())), options.by)}


def _forecast(options: argparse.Namespace, answers: dict[str, Rows], past: History) -> Forecast:
    if len(past.days) < FEWEST or not past.calls:
        return Forecast(past, options.confidence)
    # Tenths of a second, and 200 MB that nobody else needs.
    from scripts.forecast_parts.projection import forecast  # noqa: PLC0415

    return forecast(past, answers["spend_days_by"], options.calls or VOLUMES, options.confidence)


def _print(options: argparse.Namespace, answers: dict[str, Rows], found: Forecast) -> None:
    if options.json:
        print_json(found.answer())
    elif options.csv:
        print_csv(Rows(found.flat(), found.columns(options.by)))
    elif not found.history.calls:
        Screen().line(_none(options, answers["newest"][0]["newest_at"]))
    else:
        _show(Screen(), options, found)


def _show(screen: Screen, options: argparse.Namespace, found: Forecast) -> None:
    for line in measured(found.history):
        screen.line(line)
    screen.line("")
    if not found.projections:
        screen.line(refusal(found.history))
        return
    screen.section(projections(found))
    if found.groups:
        screen.line("")
        screen.section(groups(options.by, found))
    for line in remarks(found):
        screen.line(line)


def _none(options: argparse.Namespace, newest_at: datetime | None) -> str:
    if newest_at is None:
        return nothing_in(options, newest_at)
    return (
        f"{options.db} holds no such call on a whole UTC day. The forecast looks at the last {DAYS} days up to "
        "yesterday, unless --since and --until name others."
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("forecast.py", __doc__, _EXAMPLES)
    add_by(made, [], store.DIMENSIONS)
    made.add_argument("--top", type=whole, default=TOP, metavar="N", help="so many of them (default: %(default)s)")
    made.add_argument(
        "--calls", type=whole, action="append", default=[], metavar="N", help="calls a day; may be repeated"
    )
    made.add_argument(
        "--confidence", type=share, default=CONFIDENCE, metavar="SHARE", help="of the intervals (default: %(default)s)"
    )
    add_shapes(made, "the projections, or the groups of --by,")
    return parsed(made, arguments)


if __name__ == "__main__":
    sys.exit(piped(main))
