"""What of the live view stands where, so that it fits the screen; it does not know how the parts are made or drawn."""

from collections.abc import Callable, Sequence
from datetime import datetime

from llmobs.render import Cell, Part, Section
from scripts.top_parts import sections
from scripts.top_parts.looking import Seen
from scripts.top_parts.wanted import Wanted

# Lines of a table besides its rows: title, headings, a rule, and a blank line below.
_FRAME = 4
# How many pieces the pictures of the last hour have, and from how many columns on there is room for more.
_PIECES, _WIDE_PIECES, _WIDE = 20, 60, 115
# No table tells everything; with less the others have more room.
_MOST_BUDGETS, _MOST_ERRORS, _MOST_RUNNING = 6, 8, 10
# What each table gets at first, if it has so much to say.
_FEWEST = 3
_KEYS = "q quit  p pause  tab or arrows by what and sort  w minutes"
# The overview has so many lines, the keys two; all else above the tables has one.
_FIXED = 8 - 1 + 2


def arranged(seen: Seen, wanted: Wanted, size: tuple[int, int], interval: float | None) -> list[Part]:
    """The parts from top to bottom, no more of them than so many columns and lines hold; one look has no interval."""
    width, height = size
    parts: list[Part] = [_head(seen, wanted, interval)]
    if seen.trouble:
        parts.append(Cell(seen.trouble, "bad"))
    if not seen.found:
        return [*parts, "", Cell(_KEYS, "quiet")]
    parts.append(sections.overview(seen, _WIDE_PIECES if width >= _WIDE else _PIECES))
    if told := sections.breakers(seen):
        parts.append(told)
    for section in _tables(seen, height - _FIXED - len(parts)):
        parts += ["", section]
    if not seen.found["minutes"]:
        parts += ["", _nothing(wanted)]
    return [*parts, "", Cell(_KEYS, "quiet")]


def _nothing(wanted: Wanted) -> Part:
    chosen = " that --where and --since let in," if wanted.chosen else ""
    return Cell(
        f"No call{chosen} in the last hour. One that goes through the proxy shows up here within seconds.", "quiet"
    )


def _head(seen: Seen, wanted: Wanted, interval: float | None) -> Part:
    at = f"  {seen.now:%Y-%m-%d %H:%M:%S} UTC"
    return [Cell("LLMObserve", "strong"), at, *_pace(wanted, interval), *_age(seen.now, seen.asked_at)]


def _pace(wanted: Wanted, interval: float | None) -> list[Cell]:
    if wanted.paused:
        return [Cell("  paused", "warn")]
    return [] if interval is None else [Cell(f"  every {interval:.3g} s", "quiet")]


def _age(now: datetime, asked_at: datetime | None) -> list[Cell]:
    """How old the figures are, where that is worth a word."""
    if asked_at is None or (old := (now - asked_at).total_seconds()) < 30:
        return []
    return [Cell(f"  figures of {asked_at:%H:%M:%S}, {old:.0f} s ago", "warn")]


def _tables(seen: Seen, lines: int) -> list[Section]:
    """The tables in their order, each with its share of the lines."""
    running = sections.running
    makers: tuple[tuple[int, Callable[[int], Section]], ...] = (
        (len(seen.found["groups"] or []), lambda most: sections.groups(seen, most)),
        (min(len(seen.budgets), _MOST_BUDGETS), lambda most: sections.budgets(seen.budgets, most)),
        (min(len(seen.running), _MOST_RUNNING), lambda most: running(seen, most)),
        (len(seen.found["last_calls"] or []), lambda most: sections.last_calls(seen, most)),
        (min(len(seen.found["last_errors"] or []), _MOST_ERRORS), lambda most: sections.last_errors(seen, most)),
    )
    rooms = shared([there for there, _ in makers], lines)
    return [make(room) for room, (_, make) in zip(rooms, makers, strict=True) if room]


def shared(wanted: Sequence[int], lines: int) -> list[int]:
    """How many rows each table gets: first all a few, the first ones before others, then each as many as the others."""
    rooms = [0] * len(wanted)
    for at, there in enumerate(wanted):
        least = min(there, _FEWEST)
        if least and lines >= least + _FRAME:
            rooms[at] = least
            lines -= least + _FRAME
    while lines > 0 and (open_ones := [at for at, there in enumerate(wanted) if 0 < rooms[at] < there]):
        for at in open_ones[:lines]:
            rooms[at] += 1
        lines -= len(open_ones)
    return rooms
