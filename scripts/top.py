"""Watch what runs: calls in flight, spend, speed, errors, breakers and budgets, as it happens.

It only asks, each time for milliseconds, and rests so long that it takes no more than 2 % of a core.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from llmobs.config import ConfigError  # noqa: E402
from llmobs.render import Live  # noqa: E402
from scripts.console.options import add_by, add_shapes, parsed, parser  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402
from scripts.console.printing import print_csv, print_json  # noqa: E402
from scripts.top_parts.answers import as_json, table  # noqa: E402
from scripts.top_parts.arrangement import arranged  # noqa: E402
from scripts.top_parts.budgets import Budgets  # noqa: E402
from scripts.top_parts.keys import Keys, keyboard  # noqa: E402
from scripts.top_parts.looking import Looking, Seen  # noqa: E402
from scripts.top_parts.wanted import MINUTES, SORTS, Wanted  # noqa: E402

# Rests so many times as long as a look took: less than 2 % of a core, with the keys.
REST = 60
# Who pauses may look for long; only keys and a new size of the terminal wake.
PAUSE_S = 3600.0
# A page, where no screen says how much there is room for.
PAGE_LINES = 80
_EXAMPLES = """\
  top.py                                       a view to leave open; q ends it
  top.py --by customer --minutes 60            who spends, over the last hour
  top.py --policy policies.yaml                with what is left of its budgets
  top.py --where provider=openai --interval 5
  top.py --once | less                         one look, as text; a pipe gets no more than that
  top.py --json | jq '.groups[] | {model, cost_usd}'
keys: q quit, p pause, tab and arrows what the table is by and sorted by, w how many minutes it covers
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where a single look can't read the database."""
    options = _options(arguments)
    try:
        looking = Looking(options, Budgets(options.policy))
    except ConfigError as error:
        print(f"top: {error}", file=sys.stderr)
        return 1
    chosen = bool(options.where or options.since)
    wanted = Wanted(by=tuple(options.by), minutes=options.minutes, sort=options.sort, chosen=chosen)
    screen = Live()
    if options.once or options.json or options.csv or options.until or not screen.is_terminal:
        return _once(options, looking.look(wanted), wanted, screen)
    try:
        with keyboard() as keys, screen.whole():
            _watch(options.interval, looking, wanted, screen, keys)
    except KeyboardInterrupt:
        pass
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("top.py", __doc__, _EXAMPLES)
    add_by(made, ["model"])
    made.add_argument("--minutes", type=_minutes, default=15, metavar="N", help="how far back, 1 to 60 (default: 15)")
    made.add_argument("--sort", choices=SORTS, default="cost", help="what puts a row on top (default: %(default)s)")
    made.add_argument(
        "--policy", type=Path, metavar="FILE", help="your policy file, to show what its budgets have left"
    )
    made.add_argument(
        "--interval", type=_seconds, default=2.0, metavar="S", help="seconds between two looks (default: 2)"
    )
    made.add_argument("--once", action="store_true", help="one look, as text")
    add_shapes(made, "the table by --by")
    return parsed(made, arguments)


def _minutes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= max(MINUTES):
        raise argparse.ArgumentTypeError(
            f"{text} is no number of minutes from 1 to {max(MINUTES)}; write for example 15"
        )
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.2 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0.2 to 3600; write for example 2")
    return seconds


def _once(options: argparse.Namespace, seen: Seen, wanted: Wanted, screen: Live) -> int:
    if seen.trouble:
        print(f"top: {seen.trouble}", file=sys.stderr)
        return 1
    if options.json:
        print_json(as_json(seen))
    elif options.csv:
        print_csv(table(seen))
    else:
        screen.parts(arranged(seen, wanted, (screen.width, PAGE_LINES), None)[:-2])
    return 0


def _watch(interval: float, looking: Looking, wanted: Wanted, screen: Live, keys: Keys) -> None:
    """Look, draw and rest until someone has seen enough."""
    seen, rest, began, used = looking.look(wanted), interval, time.monotonic(), time.process_time()
    while not wanted.ended:
        screen.draw(arranged(seen, wanted, (screen.width, screen.height), rest))
        if not wanted.paused:
            rest = max(interval, REST * (time.process_time() - used))
        before = wanted
        for key in keys.wait(began + rest - time.monotonic() if not wanted.paused else PAUSE_S):
            wanted = wanted.pressed(key)
        due = time.monotonic() >= began + rest and not wanted.paused
        if due or wanted.asks_other_than(before):
            began, used = time.monotonic(), time.process_time()
            seen = looking.look(wanted)


if __name__ == "__main__":
    sys.exit(piped(main))
