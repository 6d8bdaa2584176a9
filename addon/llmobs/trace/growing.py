"""Makes a tree of the calls of a run, by spans, sections and retries; it neither asks nor prints."""

from collections.abc import Hashable, Sequence

from llmobs.trace.step import Row, Step

# Deeper nesting is a loop or an attack; what is below hangs on the last one.
DEEPEST = 64
_CALL, _ATTEMPT = "call", "attempt"


def grown(root: Step, rows: Sequence[Row]) -> Step:
    """The root with all calls below it, in the order of their beginnings."""
    places = _Places(root, rows)
    for first, *more in _tries(rows):
        path = places.path(first)
        call = Step(_CALL, first["model"], first["span_id"], more[-1] if more else first)
        path[-1].children.append(call)
        if more:
            call.children = [Step(_ATTEMPT, f"attempt {at}", row=row) for at, row in enumerate([first, *more], 1)]
        for at, row in enumerate((first, *more)):
            for step in (*path, call, *call.children[at : at + 1]):
                step.take(row)
    _order(root)
    return root


def _tries(rows: Sequence[Row]) -> list[list[Row]]:
    """The attempts of each call together, whatever they name as the one that they repeat."""
    calls: dict[str, list[Row]] = {}
    for row in rows:
        calls[row["event_id"]] = call = calls.get(row["retry_of"] or "", [])
        call.append(row)
    return list({id(call): call for call in calls.values()}.values())


def _order(root: Step) -> None:
    for step, _ in root.walk():
        if step.children and step.kind != _CALL:
            step.children.sort(key=lambda child: child.started_at)
    calls = (step for step, _ in root.walk() if step.kind == _CALL)
    for number, call in enumerate(sorted(calls, key=lambda call: call.started_at), 1):
        for step, _ in call.walk():
            step.number = number


class _Places:
    """Where calls hang: below the step of their span, which is below that of its parent, else by the section's path."""

    def __init__(self, root: Step, rows: Sequence[Row]) -> None:
        self._root = root
        self._paths: dict[Hashable, list[Step]] = {}
        self._parents = {row["span_id"]: row["parent_span_id"] for row in reversed(rows) if row["span_id"]}
        self._apart = len({row["trace_id"] for row in rows if row["trace_id"]}) > 1
        # Spans that have one call each and none around them are of an HTTP library, and say nothing of the program.
        self._telling = any(self._parents.values()) or len(self._parents) < sum(bool(row["span_id"]) for row in rows)

    def path(self, row: Row) -> list[Step]:
        """The steps from the root to the one that the call is made in, made where they are not there yet."""
        names = [name for name in (row["section"] or "").split("/") if name][:DEEPEST]
        spans = self._around(row) if self._telling else []
        path, trace = self._trace(row), row["trace_id"]
        # The innermost names are those of the spans; spans without a name are of the caller's own tracing.
        for at in range(max(len(names), len(spans))):
            named = at - max(0, len(spans) - len(names))
            inner = at - max(0, len(names) - len(spans))
            told = (trace, *names[: named + 1]) if named >= 0 else None
            path = self._below(path, told, spans[inner] if inner >= 0 else None)
        return path

    def _around(self, row: Row) -> list[str]:
        """The span of a call and those around it, the outermost first, as far as calls tell."""
        found: list[str] = []
        span = row["span_id"]
        while span and span not in found and len(found) < DEEPEST:
            found.append(span)
            span = row["parent_span_id"] if len(found) == 1 else self._parents.get(span)
        return found[::-1]

    def _trace(self, row: Row) -> list[Step]:
        if not self._apart or not row["trace_id"]:
            return [self._root]
        return self._made(("trace", row["trace_id"]), [self._root], Step("trace", row["trace_id"]))

    def _below(self, path: list[Step], told: tuple[str | None, ...] | None, span: str | None) -> list[Step]:
        """The path to a span, or to the section of that path where it has no span of its own."""
        if span is None or span in self._paths:
            return self._made(span or told, path, Step("section", told[-1] or "" if told else ""))
        section = self._paths.get(told)
        if section and section[-1].span_id is None:
            section[-1].span_id = span
            self._paths[span] = section
            return section
        step = Step("section", told[-1] or "" if told else f"span {span[:8]}", span)
        made = self._made(span, path, step)
        if told:
            self._paths.setdefault(told, made)
        return made

    def _made(self, key: Hashable, path: list[Step], step: Step) -> list[Step]:
        if key not in self._paths:
            path[-1].children.append(step)
            self._paths[key] = [*path, step]
        return self._paths[key]
