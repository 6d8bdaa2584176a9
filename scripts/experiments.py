"""Compare the variants of an experiment: what they cost, how long they take, how often they fail, and what is chance.

Means are compared by Welch's t-test, shares of failures by the chi-squared test or Fisher's exact one, and the p-values
of one experiment are corrected for their number by Holm's method. Every sum and mean comes from a *.sql file beside it.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from llmobs import store
from llmobs.choice import expression
from llmobs.render import Screen

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask  # noqa: E402
from scripts.console.nothing import nothing, nothing_in  # noqa: E402
from scripts.console.numbers import share  # noqa: E402
from scripts.console.options import add_shapes, parsed, parser  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.experiments_parts.findings import COLUMNS, Experiment  # noqa: E402
from scripts.experiments_parts.sections import differences, sentences, variants  # noqa: E402
from scripts.inference import library  # noqa: E402

CONFIDENCE = 0.95
_EXAMPLES = """\
  experiments.py                              all experiments of the database
  experiments.py warmer-tone --since 7d       one of them, the last seven days
  experiments.py warmer-tone --baseline control --confidence 0.99
  experiments.py warmer-tone --per run        a run counts once, however many calls it makes
  experiments.py --json | jq '.experiments[].differences[] | select(.p_corrected < 0.05)'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database or the statistics library can't be used."""
    options = _options(arguments)
    if not library.there():
        print(f"experiments: {library.MISSING}", file=sys.stderr)
        return 1
    loading = library.awaken()
    query = "experiments_by_run" if options.per == "run" else "experiments"
    try:
        answers = ask(options, (query, "newest"))
    except store.StoreError as error:
        print(f"experiments: {error}", file=sys.stderr)
        return 1
    loading.join()
    _print(options, _compared(answers[query], options), answers["newest"][0]["newest_at"])
    return 0


def _compared(rows: Rows, options: argparse.Namespace) -> list[Experiment]:
    # Tenths of a second, and 200 MB that nobody else needs.
    from scripts.experiments_parts.comparing import compared  # noqa: PLC0415

    groups = groupby(rows, key=lambda row: str(row["experiment"]))
    return [compared(name, list(group), options.baseline, options.confidence) for name, group in groups]


def _print(options: argparse.Namespace, found: list[Experiment], newest_at: datetime | None) -> None:
    if options.json:
        print_json({"per": options.per, "confidence": options.confidence, "experiments": found})
    elif options.csv:
        print_csv(Rows((row for experiment in found for row in experiment.flat()), COLUMNS))
    elif not found:
        Screen().line(_none(options, newest_at))
    else:
        _show(Screen(), options, found)


def _show(screen: Screen, options: argparse.Namespace, found: list[Experiment]) -> None:
    for at, experiment in enumerate(found):
        if at:
            screen.line("")
        screen.section(variants(experiment, options.per))
        screen.line("")
        screen.section(differences(experiment, options.confidence))
        for line in sentences(experiment, options.per):
            screen.line(line)


def _none(options: argparse.Namespace, newest_at: datetime | None) -> str:
    if newest_at is None:
        return nothing_in(options, newest_at)
    if options.experiment:
        return f"No such call names the experiment {options.experiment}. Without a name the report covers all of them."
    if options.since or options.until or options.where:
        return nothing(options)
    return (
        f"{options.db} holds no call of an experiment{' in a run' if options.per == 'run' else ''}. "
        "A program says to which one a call belongs with the headers "
        "X-LLMObserve-Experiment-ID and X-LLMObserve-Variant-ID, which never reach the provider."
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("experiments.py", __doc__, _EXAMPLES)
    made.add_argument("experiment", nargs="?", metavar="EXPERIMENT", help="one of them, with * and ? and commas")
    made.add_argument(
        "--baseline", metavar="VARIANT", help="what the others are compared with (default: control, or the first)"
    )
    made.add_argument(
        "--per", choices=("call", "run"), default="call", help="what counts as one observation (default: %(default)s)"
    )
    made.add_argument(
        "--confidence", type=share, default=CONFIDENCE, metavar="SHARE", help="of the intervals (default: %(default)s)"
    )
    add_shapes(made, "the differences")
    options = parsed(made, arguments)
    if options.experiment:
        options.where["experiment"] = expression(options.experiment)
    return options


if __name__ == "__main__":
    sys.exit(piped(main))
