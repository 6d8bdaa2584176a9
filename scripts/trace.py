"""Print a run as a tree of sections, calls and retries, with tokens, cost, times and a waterfall.

It only asks: each call comes from a query in a *.sql file beside it; it adds up the branches of the tree.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from llmobs import store
from llmobs.render import Screen
from llmobs.trace.dialogue import turns
from llmobs.trace.growing import grown
from llmobs.trace.step import Step

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.console.asking import Rows, ask  # noqa: E402
from scripts.console.nothing import nothing_in  # noqa: E402
from scripts.console.numbers import whole  # noqa: E402
from scripts.console.options import ALL, add_shapes, parsed, parser, rows_wanted  # noqa: E402
from scripts.console.period import DAYS, assume, told  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.trace_parts.exports import nested, rows  # noqa: E402
from scripts.trace_parts.finding import Found, find  # noqa: E402
from scripts.trace_parts.sections import runs, tree  # noqa: E402

# Runs of a list, lines of a tree, and calls of a run that are looked at.
RUNS, LINES, CALLS = 20, 300, 20_000
# Longer turns are cut on a screen; JSON has all of them.
LONGEST = 2000
_EXAMPLES = f"""\
  trace.py                                    the newest runs of the last {DAYS} days
  trace.py acme                               the newest runs of a customer
  trace.py 20261128-101500                    one run; so much of a name as tells which is enough
  trace.py 0af7651916cd43dd --content         one trace, with prompts and answers where they were kept
  trace.py 20261128-101500 --json | jq '.steps[] | {{name, cost_usd}}'"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where the database can't be read, or has nothing of that name."""
    options = _options(arguments)
    try:
        return _answer(options)
    except store.StoreError as error:
        print(f"trace: {error}", file=sys.stderr)
        return 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("trace.py", __doc__, _EXAMPLES)
    made.add_argument("what", nargs="?", metavar="RUN|TRACE|CUSTOMER", help="its name or id, or how that begins")
    made.add_argument(
        "--content", action="store_true", help="show prompts and answers, where the policy file keeps them"
    )
    made.add_argument(
        "--limit",
        type=whole,
        metavar="N",
        help=f"runs of a list, or lines of a tree (default: {RUNS} and {LINES} on a screen, else all)",
    )
    add_shapes(made, "the runs, or the steps of a run,")
    return parsed(made, arguments)


def _answer(options: argparse.Namespace) -> int:
    if not options.what:
        assume(options)
        return _list(options, "")
    found = find(options)
    if found.kind is None:
        print(f"trace: {found.advice}", file=sys.stderr)
        return 1
    return _list(options, found.name) if found.kind == "customer" else _one(options, found)


def _list(options: argparse.Namespace, customer: str) -> int:
    """The runs of a customer, or of all."""
    own = {"customer": customer or None, "most": rows_wanted(options, RUNS)}
    whose = f" of {customer}" if customer else ""
    found = ask(options, ["trace_runs"], **own)["trace_runs"]
    if options.json:
        print_json({"runs": found})
    elif options.csv:
        print_csv(found)
    elif found:
        Screen().section(runs(found, f"{whose}, {told(options)}" if options.since else whose))
    elif customer:
        Screen().line(
            f"No call of {customer} names a run or a trace; `report.py --where customer={customer}` has them."
        )
    else:
        Screen().line(_none(options))
    return 0


def _none(options: argparse.Namespace) -> str:
    scope = ask(options, ["latency_scope"])["latency_scope"][0]
    if not scope["calls"]:
        return nothing_in(options, scope["newest_at"])
    return (
        "No call of the period names a run or a trace. `scripts/run.py` gives each run a name; a program can do so "
        "with X-LLMObserve-Run-ID or traceparent."
    )


def _one(options: argparse.Namespace, found: Found) -> int:
    """One run or trace as a tree."""
    kind = str(found.kind)
    own = {kind: found.name, "with_content": options.content, "most": ALL if options.json or options.csv else CALLS}
    calls = ask(options, ["trace_calls"], **own)["trace_calls"]
    root = grown(Step(kind, found.name), calls)
    if options.json:
        print_json(nested(root))
    elif options.csv:
        print_csv(rows(root))
    else:
        _show(Screen(), root, calls, options)
    return 0


def _show(screen: Screen, root: Step, calls: Rows, options: argparse.Namespace) -> None:
    screen.section(tree(root, options.limit or LINES, screen.width))
    if (of := calls[0]["of_calls"]) > len(calls):
        screen.line(f"The first {len(calls):,} of {of:,} calls; --since and --where choose others.", "dim")
    if options.content:
        _dialogues(screen, root)
    elif any(row["has_content"] for row in calls):
        screen.line("Prompts and answers were kept: --content shows them.", "dim")


def _dialogues(screen: Screen, root: Step) -> None:
    told = [step for step, _ in root.walk() if step.row and not step.children and step.row["content"]]
    if not told:
        screen.line("")
        screen.line("No prompts or answers were kept: `capture` in the policy file says which calls' are.", "dim")
    for step in told:
        screen.line("")
        screen.line(f"#{step.number} {step.name}", "bold")
        for speaker, text in turns(step.row["content"] if step.row else ""):
            screen.line(f"{speaker}:", "cyan")
            screen.line(_cut(text))


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} ... {len(text) - LONGEST:,} more characters: --json"


if __name__ == "__main__":
    sys.exit(piped(main))
