"""JSON values made fit to keep: every text is scrubbed, media and vectors become their size; it knows no API."""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal

import msgspec

from llmobs.dialect import Json
from llmobs.tokens import is_binary
from llmobs.wire.lazy import value

type Scrub = Callable[[str], str]

# Deeper than any request, and less deep than what databases refuse.
MAX_DEPTH = 64
# Longer lists of numbers are vectors, sound or pictures.
_VECTOR = 32
# What may belong to a word, a key, a number: a cut goes beside it, as a part of a secret has no shape any more.
_WORD_END = re.compile(r"[^A-Za-z0-9_+/=.~@:-](?=[A-Za-z0-9_+/=.~@:-]*\Z)")
_CUT = "[cut {}]"
# Most members of requests, and many of their values: no secret, nobody's data.
_WORD = re.compile(r"[A-Za-z_]{0,24}")
# From here on a number may be somebody's; from there on it is no number any more.
_LONG_NUMBER, _LONGEST_NUMBER = 7, 18
_JSON = msgspec.json.Encoder(decimal_format="number")


def parsed(raw: bytes) -> Json:
    """A JSON text as a value; None where it is none. Half a surrogate pair, which no database takes, is replaced."""
    found = value(raw)
    if found is not None:
        return found
    try:
        return json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return None


def encoded(tree: Json) -> str:
    """A value as JSON text."""
    return _JSON.encode(tree).decode()


class Plain:
    """Makes values fit to keep, with `room` for about so many characters in all; what is beyond it is cut first."""

    def __init__(self, scrub: Scrub, room: int) -> None:
        self._scrub = scrub
        self._room = room

    def __call__(self, tree: Json, depth: int = 0) -> Json:
        """The value with each text scrubbed."""
        if isinstance(tree, str):
            return _media(tree) if is_binary(tree) else self._text(tree)
        if isinstance(tree, list | dict) and depth >= MAX_DEPTH:
            return _CUT.format("what is deeper")
        if isinstance(tree, list):
            return {"numbers": len(tree)} if _is_vector(tree) else self._list(tree, depth + 1)
        if isinstance(tree, dict):
            return self._mapping(tree, depth + 1)
        return tree if tree is None or isinstance(tree, bool) else self._number(tree)

    def _list(self, tree: list[Json], depth: int) -> list[Json]:
        kept: list[Json] = []
        for element in tree:
            if self._room <= 0:
                return [*kept, _CUT.format(f"{len(tree) - len(kept)} elements")]
            self._room -= 1
            kept.append(self(element, depth))
        return kept

    def _mapping(self, tree: dict[str, Json], depth: int) -> dict[str, Json]:
        kept: dict[str, Json] = {}
        for name, member in tree.items():
            if self._room <= 0:
                return kept | {_CUT.format(f"{len(tree) - len(kept)} members"): None}
            self._room -= 4  # quotes, a colon and a comma
            kept[self._text(name)] = self(member, depth)
        return kept

    def _text(self, text: str) -> str:
        """Cut before it is scrubbed, as that takes time, and never within a word."""
        whole = len(text)
        if whole > self._room:
            end = _WORD_END.search(text[: max(self._room, 0)])
            text = text[: end.start()] if end else ""
        self._room -= len(text)
        kept = text if _WORD.fullmatch(text) else self._scrub(text.encode("utf-8", "replace").decode())
        return kept if len(text) == whole else kept + _CUT.format(f"{whole - len(text)} characters")

    def _number(self, number: Json) -> Json:
        """A number that stays one, unless it is a telephone's or a card's, or longer than JSON's readers take."""
        text = str(number)
        self._room -= len(text)
        kept = self._scrub(text) if len(text) >= _LONG_NUMBER else text
        return number if kept == text and len(text) <= _LONGEST_NUMBER else kept


def _media(text: str) -> dict[str, Json]:
    """What stands for a file: how long it is, and what tells it from another."""
    head, _, data = text.rpartition(",")
    try:
        content = b64decode(data.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        content = data.encode()
    kind = {"type": found[1]} if (found := re.match(r"data:([\w.+-]+/[\w.+-]+)", head)) else {}
    return {**kind, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _is_vector(tree: list[Json]) -> bool:
    return len(tree) > _VECTOR and all(type(element) in (int, float, Decimal) for element in tree)
