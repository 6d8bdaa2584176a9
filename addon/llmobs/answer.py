"""The members of one JSON answer, each parsed only when it is asked for.

It does not know which of them matter: the paths come from a dialect.
"""

import re
from decimal import Decimal
from functools import cache

from llmobs.dialect import Dialect, Fee, Json, keys, number, visit
from llmobs.wire.lazy import fields, value


class Members:
    """The members of a JSON object, each parsed only when it is asked for."""

    __slots__ = ("_raw", "_values", "_whole")

    def __init__(self, message: bytes) -> None:
        self._whole = message
        self._raw = fields(message)
        self._values: dict[str, Json] = {}

    def raw(self, key: str) -> bytes | None:
        """The text of a member; of the whole object for the empty key."""
        return self._raw.get(key) if key else self._whole

    def find(self, path: str) -> Json:
        """The first value at a path that is there and not null."""
        plain = keys(path)
        if not plain:
            return next(visit(self._shell(path), path), None)
        found = self._value(plain[0])
        if len(plain) > 1:
            for key in plain[1:]:
                found = found.get(key) if isinstance(found, dict) else None
        return found

    def _value(self, key: str) -> Json:
        raw = self._raw.get(key)
        if raw is None:
            return None
        if key not in self._values:
            self._values[key] = value(raw)
        return self._values[key]

    def usage(self, path: str, dialect: Dialect) -> dict[str, Json] | None:
        """The usage object at a path; for an API whose counts are members of the answer, those members alone."""
        if path:
            found = self.find(path)
            return found if isinstance(found, dict) else None
        paths = [f for count in dialect.counts for f in count.fields + count.times]
        told = [path for path in paths if number(self._shell(path), path) is not None]
        told += [path for path in beside(dialect) if self.find(path) is not None]
        return prune(self._values, told) if told else None

    def count(self, fee: Fee) -> int | Decimal:
        """How often a fee fell due."""
        if fee.field and (told := number(self._shell(fee.field), fee.field)) is not None:
            return min(told, 1) if fee.once else told
        raw = self.raw(head(fee.items)) if fee.items else None
        inner = fee.items.removesuffix("[]").partition(".")[2]
        sign = fee.where[0][1] if fee.where else inner.rpartition(".")[2]
        if not raw or sign.encode() not in raw:
            return 0
        items = visit(self._shell(fee.items), fee.items if fee.items.endswith("[]") else f"{fee.items}[]")
        fitting = [item for item in items if all(_fits(item, *condition) for condition in fee.where)]
        return min(len(fitting), 1) if fee.once else len(fitting)

    def _shell(self, path: str) -> dict[str, Json]:
        """The object with only those members that are asked for, of which the path begins with one."""
        self._value(head(path))
        return self._values


def prune(tree: Json, paths: list[str]) -> dict[str, Json]:
    """What the paths lead to, and nothing beside it."""
    kept: dict[str, Json] = {}
    for name in dict.fromkeys(head(path) for path in paths):
        inner = tree.get(name) if isinstance(tree, dict) else None
        below = [rest for path in paths if head(path) == name and (rest := path.partition(".")[2])]
        if below and isinstance(inner, list):
            kept[name] = [prune(element, below) for element in inner]
        elif inner is not None:
            kept[name] = prune(inner, below) if below else inner
    return kept


def beside(dialect: Dialect) -> tuple[str, ...]:
    """What is kept beside the counts: the bill, and the currency of a payment."""
    return (dialect.bill.paths if dialect.bill else ()) + dialect.currency


@cache
def head(path: str) -> str:
    """The member that a path begins with."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


@cache
def heads(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The members that paths begin with, each once."""
    return tuple(dict.fromkeys(head(path) for path in paths))


def _fits(item: Json, path: str, wanted: str) -> bool:
    """A condition on a member that the item does not have does not exclude it: older answers lack `action`."""
    return next((found == wanted for found in visit(item, path)), "." in path)
