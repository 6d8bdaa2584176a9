"""Bars, sparklines and histograms made of block characters; it does not know what they measure."""

from collections.abc import Sequence

from llmobs.render.figures import count, percent
from llmobs.render.section import Cell, Column, Section

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(share: float | None, width: int) -> str:
    """A bar of that share of the width, exact to an eighth of a character; whatever is not 0 shows."""
    if not share or share < 0:
        return ""
    eighths = max(1, round(min(share, 1.0) * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[float | None]) -> str:
    """A character for each value, the highest full; a blank where none is known. Only 0 lies at the bottom."""
    top = max((value for value in values if value), default=0)
    return "".join(" " if value is None else _level(value, top) for value in values)


def _level(value: float, top: float) -> str:
    if value <= 0:
        return _LEVELS[0]
    return _LEVELS[max(1, round(value / top * (len(_LEVELS) - 1)))]


def span(start: float, end: float, width: int) -> str:
    """A line from one share of the width to another, exact to half a character; the shortest still shows."""
    first = min(max(round(start * width * 2), 0), width * 2 - 1)
    last = min(max(round(end * width * 2), first + 1), width * 2)
    head = "╺" if first % 2 else ""
    full = last // 2 - first // 2 - len(head)
    tail = "╸" if last % 2 and full >= 0 else ""
    return " " * (first // 2) + head + "━" * full + tail


def histogram(title: str, buckets: Sequence[tuple[str, int]], width: int, note: str = "") -> Section:
    """How many fall into each bucket, as bars of at most that width; empty ones at both ends are left out."""
    filled = [at for at, (_, number) in enumerate(buckets) if number]
    kept = buckets[filled[0] : filled[-1] + 1] if filled else []
    numbers = [number for _, number in kept]
    total, most = sum(numbers), max(numbers, default=0)
    return Section(
        title,
        [Column("from"), Column("", figures=False, picture=True), Column("calls"), Column("share")],
        [
            [label, Cell(bar(number / most, width), "accent"), count(number), percent(number / total)]
            for label, number in kept
        ],
        note=note,
    )
