"""One YAML file as plain texts, lists and dicts, with the line of any key; it does not know what the keys mean.

Every scalar stays text, so that a number never passes through a float. Values are built straight from the parser's
events (fast, little memory); only when something is wrong is the file read again, and places are noted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from llmobs.config.problem import KeyPath, Problem, dotted

# libyaml where PyYAML was built with it, which is ten times faster; the pure parser gives the same events.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_QUOTE_STAR = "put text that starts with * between quotes"
_LOOK = "look for a missing comma, bracket or quote, or a wrong indent, on this line or before it"
_HINTS = {
    "scanning an alias": _QUOTE_STAR,
    "mapping values are not allowed": "put text that contains a colon and a space between quotes",
    "cannot start any token": "indent with spaces and put text that starts with a special character between quotes",
    "expected": _LOOK,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its values, and what was wrong with it as YAML."""

    file: str
    data: object
    problems: tuple[Problem, ...] = ()
    text: str = ""

    def worded(self, problems: Iterable[Problem]) -> list[str]:
        """The problems as `file:line: key: text`, in the order of the file."""
        found = list(problems)
        places = self._places() if any(not p.line for p in found) else {}
        placed = sorted((p.line or _line(places, p.path), n, p) for n, p in enumerate(found))
        return [f"{self.file}:{line}: {_place(p)}{p.text}" for line, _, p in placed]

    def _places(self) -> dict[KeyPath, int]:
        builder = _Builder(self.text, {})
        builder.document()
        return builder.places or {}


def read(path: Path) -> Document:
    """Read a file; what is wrong with it is in `problems`, never raised."""
    try:
        text = text_of(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problem = Problem((), f"cannot be read: {reason}; name a readable YAML file in UTF-8", line=1)
        return Document(str(path), {}, (problem,))
    problems: list[Problem] = []
    try:
        builder = _Builder(text)
        problems = builder.problems
        data = builder.document()
    except yaml.YAMLError as error:
        return Document(str(path), {}, (*problems, _syntax(error, text)))
    return Document(str(path), data, tuple(problems), text)


def text_of(path: Path) -> str:
    """What stands in a file; raises OSError or UnicodeDecodeError."""
    return path.read_text(encoding="utf-8-sig")


class _Builder:
    """Builds plain values from parser events; notes keys that stand twice, and in `places` the line of every value."""

    def __init__(self, text: str, places: dict[KeyPath, int] | None = None) -> None:
        self._loader = _Loader(text)
        self._path: list[str | int] = []
        self.places = places
        self.problems: list[Problem] = []

    def document(self) -> object:
        """The value of the one document; an empty file is an empty mapping."""
        next_event = self._loader.get_event
        next_event()  # stream start
        if isinstance(next_event(), yaml.StreamEndEvent):
            return {}
        value = self._value(next_event())
        next_event()  # document end
        extra = next_event()
        if not isinstance(extra, yaml.StreamEndEvent):
            self._note("a second YAML document starts here; keep one document a file", extra)
        return value

    def _value(self, event: yaml.Event) -> object:
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping()
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence()
        self._note("a reference to another value is not read here; " + _QUOTE_STAR, event)
        return ""

    def _sequence(self) -> list[object]:
        values: list[object] = []
        path, next_event = self._path, self._loader.get_event
        while not isinstance(event := next_event(), yaml.SequenceEndEvent):
            path.append(len(values))
            self._mark(event)
            values.append(self._value(event))
            path.pop()
        return values

    def _mapping(self) -> dict[str, object]:
        values: dict[str, object] = {}
        path, next_event = self._path, self._loader.get_event
        while not isinstance(event := next_event(), yaml.MappingEndEvent):
            key = self._key(event)
            path.append(key)
            self._mark(event)
            if key in values:
                self._note("stands twice in the same mapping; keep one of them", event)
            values[key] = self._value(next_event())
            path.pop()
        return values

    def _key(self, event: yaml.Event) -> str:
        key = self._value(event)
        if isinstance(key, str):
            return key
        self._note("a key must be plain text; write it without brackets", event)
        return str(key)

    def _mark(self, event: yaml.Event) -> None:
        if self.places is not None:
            self.places[tuple(self._path)] = _number(event.start_mark)

    def _note(self, text: str, event: yaml.Event) -> None:
        self.problems.append(Problem(tuple(self._path), text, _number(event.start_mark)))


def _number(mark: object) -> int:
    return int(getattr(mark, "line", 0)) + 1


def _syntax(error: yaml.YAMLError, text: str) -> Problem:
    """A syntax error in one line; the reader's own errors tell a position instead of a line."""
    what = (getattr(error, "problem", None) or str(error)).splitlines()[0]
    told = f"{getattr(error, 'context', '')} {what}"
    hint = next((fix for words, fix in _HINTS.items() if words in told), "correct this line")
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", 0)
    line = _number(mark) if mark is not None else text.count("\n", 0, position) + 1
    return Problem((), f"not valid YAML: {what}; {hint}", line)


def _place(problem: Problem) -> str:
    path = problem.path if problem.shown is None else problem.shown
    return f"{dotted(path)}: " if path else ""


def _line(places: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key or list item; of the nearest parent where it is not there."""
    return next((places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in places), 1)
