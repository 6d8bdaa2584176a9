"""Paths into JSON values: dotted keys, `[]` for each element of a list, `[key=value]` for those that fit."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

type Json = object

# Objects within objects in which a table may look for a figure; no API hides one so deep.
DEEPEST = 8
_FIGURE = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?")


@cache
def steps(path: str) -> tuple[str | tuple[str, str], ...]:
    """`a.b[k=v].c` as keys and list selectors; `[]` is the selector of every element."""
    found: list[str | tuple[str, str]] = []
    for key, selector, every in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]|(\[\])", path):
        found.append(key or (tuple(selector.split("=", 1)) if not every else ("", "")))
    return tuple(found)


def visit(value: Json, path: str) -> Iterator[Json]:
    """Every value at `path` below `value`, missing and null ones left out."""
    found: list[Json] = [value]
    for step in steps(path):
        if isinstance(step, str):
            found = [v[step] for v in found if isinstance(v, dict) and v.get(step) is not None]
        else:
            elements = [e for v in found if isinstance(v, list) for e in v]
            found = [e for e in elements if not step[0] or (isinstance(e, dict) and str(e.get(step[0])) == step[1])]
    return iter(found)


@cache
def keys(path: str) -> tuple[str, ...]:
    """The keys of a path; none where it has selectors, as most do not and those that do are rarely asked for."""
    return () if "[" in path else tuple(path.split("."))


def number(value: Json, path: str) -> int | Decimal | None:
    """The sum of the non-negative numbers at a path; None where there is none."""
    plain = keys(path)
    if not plain:
        found = [n for v in visit(value, path) if (n := counted(v)) is not None]
        return sum(found) if found else None
    for key in plain:
        if type(value) is not dict:
            return None
        value = value.get(key)
    return None if value is None else counted(value)


def leaves(tree: Mapping[str, Json], within: str = "", depth: int = DEEPEST) -> dict[str, Json]:
    """What is no object, by its path: who asks for many paths of one object finds them in one walk."""
    found: dict[str, Json] = {}
    for key, value in tree.items():
        if type(value) is not dict:
            found[within + key] = value
        elif depth:
            found |= leaves(value, f"{within}{key}.", depth - 1)
    return found


def first_number(value: Json, paths: tuple[str, ...]) -> int | Decimal | None:
    """The number at the first path that has one."""
    for path in paths:
        if (found := number(value, path)) is not None:
            return found
    return None


def counted(value: Json) -> int | Decimal | None:
    """A value as a quantity; None where it is none, or negative."""
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is str:
        return figure(value)
    return value if isinstance(value, Decimal) and value >= 0 else None


def figure(text: str) -> int | Decimal | None:
    """A number that is written as a text, as headers do, and protobuf's JSON with large ones."""
    if not _FIGURE.fullmatch(text):
        return None
    return Decimal(text) if "." in text else int(text)
