"""A run as a tree with a waterfall, and a list of runs; it neither asks nor prints."""

from collections.abc import Iterator, Sequence

from llmobs.render import Cell, Column, Mark, Node, Section, branches, count, duration, plural, span, text_of, usd
from llmobs.trace.step import Row, Step, Sums
from scripts.console import cells
from scripts.console.asking import Rows

# What the figures take, how much of names is shown at most beside a waterfall, and how wide that may be.
_BESIDE, _LONGEST, _NARROWEST, _WIDEST = 46, 48, 8, 40
_COLUMNS = (
    Column("", figures=False, cut=22),
    Column("in", spare=2),
    Column("out", spare=2),
    Column("cost"),
    Column("at", spare=3),
    Column("took"),
)


def tree(root: Step, shown: int, width: int) -> Section:
    """Each step with its sums, when it began and how long it took."""
    steps = _lines(root)
    names = _names(steps)
    longest = max(len(text_of(name)) for name in names)
    room = max(_NARROWEST, min(_WIDEST, width - _BESIDE - min(longest, _LONGEST)))
    rows = [[name, *_figures(root, step, room)] for name, step in zip(names[:shown], steps, strict=False)]
    notes = _legend(root.sums)
    notes += [f"{len(steps) - shown:,} more lines: --limit"] if len(steps) > shown else []
    columns = [*_COLUMNS, Column("", figures=False, picture=True, spare=4)]
    return Section(_title(root), columns, rows, note="; ".join(notes))


def _title(root: Step) -> str:
    failed = f", {root.sums.failed:,} not well ended" if root.sums.failed else ""
    who = f"{root.kind.capitalize()} {root.name}"
    return f"{who}: {plural(root.sums.calls, 'call')}{failed}, {root.started_at:%Y-%m-%d %H:%M:%S} UTC"


def _lines(root: Step) -> list[Step]:
    """The steps that have a line, in the order of the tree."""
    found, waiting = [], [root]
    while waiting:
        step = waiting.pop()
        found.append(step)
        waiting += reversed(_below(step))
    return found


def _names(steps: Sequence[Step]) -> list[str | Cell]:
    """The first cell of each line; nodes are made from below, as a tree may be deeper than Python can call itself."""
    made: dict[int, Node] = {}
    for step in reversed(steps):
        made[id(step)] = Node(_name(steps[0], step), (), [made.pop(id(child)) for child in _below(step)])
    return [row[0] for row in branches(list(made.values()))]


def _below(step: Step) -> list[Step]:
    return (_only(step) or step).children


def _only(step: Step) -> Step | None:
    """The call of a section that has nothing else: both are one line."""
    if step.kind == "section" and len(step.children) == 1 and step.children[0].kind == "call":
        return step.children[0]
    return None


def _name(root: Step, step: Step) -> Cell:
    if only := _only(step):
        call = _name(root, only)
        return Cell(f"{step.name} · {call.text}", call.mark)
    if step is root:
        return Cell(step.kind, "strong")
    if step.row is None:
        return Cell(f"{step.name} ({step.sums.calls:,})", "strong")
    attempts = f", {len(step.children)} attempts" if step.children else ""
    what = step.name if step.kind == "attempt" else f"#{step.number} {step.name}"
    said, mark = _ending(step.row)
    return Cell(f"{what}{attempts}{said}", mark)


def _ending(row: Row) -> tuple[str, Mark]:
    """What became of a call, where it is not simply an answer."""
    if row["refused"]:
        return f" ✗ refused by {row['policy']}", "warn"
    if row["failed"]:
        return f" ✗ {' '.join(filter(None, (str(row['status'] or ''), row['error_type'] or row['outcome'])))}", "bad"
    if row["cost_status"] == "pending":
        return " … result not seen yet", "warn"
    return (" from the cache", "quiet") if row["from_cache"] else ("", "")


def _figures(root: Step, step: Step, room: int) -> Iterator[str | Cell]:
    sums, total = step.sums, root.took_ms or 1
    yield count(sums.input_tokens)
    yield count(sums.output_tokens)
    yield cost(sums)
    offset = (step.started_at - root.started_at).total_seconds() * 1000
    yield f"+{duration(offset)}"
    yield duration(step.took_ms)
    row = (_only(step) or step).row
    mark: Mark = "bad" if row and row["failed"] else "accent" if row else "quiet"
    yield Cell(span(offset / total, (offset + step.took_ms) / total, room), mark)


def cost(sums: Sums) -> str:
    """A sum with its sign of doubt."""
    return usd(sums.cost_usd, more=sums.doubtful_calls > 0, roughly=sums.estimated_calls > 0)


def _legend(sums: Sums) -> list[str]:
    notes = ["≥ or ?: a part or all of it is not known"] if sums.doubtful_calls else []
    return notes + (["≈ with estimates"] if sums.estimated_calls else [])


def runs(found: Rows, of: str) -> Section:
    """Runs, the newest first."""
    columns = [
        Column("run or trace", figures=False, cut=22), Column("customer", figures=False, cut=10, spare=5),
        Column("began"), Column("took", spare=2), Column("calls"), Column("errors", spare=3), Column("in", spare=4),
        Column("out", spare=4), Column("cost"),
    ]  # fmt: skip
    more = found[0]["runs"] - len(found) if found else 0
    note = "; ".join(
        [f"{more:,} older ones: --limit"] * (more > 0) + ["see one with trace.py and its name or how it begins"]
    )
    total = found[0]["runs"] if found else 0
    return Section(f"Runs{of}: {total:,}", columns, [_run(row) for row in found], note=note)


def _run(row: Row) -> Sequence[str | Cell]:
    return [
        cells.name(row["name"]),
        cells.name(row["customer"]),
        f"{row['started_at']:%Y-%m-%d %H:%M}",
        duration(row["took_ms"]),
        count(row["calls"]),
        Cell(count(row["errors"]), "bad") if row["errors"] else "-",
        count(row["input_tokens"]),
        count(row["output_tokens"]),
        usd(row["cost_usd"], more=row["unknown_calls"] > 0, roughly=row["estimated_calls"] > 0),
    ]
