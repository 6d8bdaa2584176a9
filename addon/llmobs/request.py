"""What a request asks for, by path: from its query string, and from a body that is JSON or a form.

It does not know which members matter, nor what they cost.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

from llmobs.dialect import Asked, Json, Measure, Proto, figure, first_number, keys, visit
from llmobs.wire.grpc import Grpc
from llmobs.wire.lazy import fields, value
from llmobs.wire.protobuf import to_json

# A field of a multipart form; a file is told by its filename and passed over.
_FORM_FIELD = re.compile(rb'name="?([\w.\[\]-]{1,64})"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{0,4096})\r\n')
_BOUNDARY = b"--"
# The model in a body that is no whole JSON text: cut JSON, or a multipart form.
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"|name="?model"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,200})\r\n')
_SECONDS_OF_AN_HOUR = 3600


class Request:
    """The members of a request body, or those of the query where the body has none of that name."""

    __slots__ = ("_body", "_query", "_values")

    def __init__(self, body: bytes, query: Mapping[str, str]) -> None:
        self._body = fields(body) if body.lstrip()[:1] == b"{" else {}
        self._query = query
        self._values: dict[str, Json] = {} if self._body else dict(_form(body))

    def find(self, path: str) -> Json:
        """The first value at a path that is there and not null."""
        key = re.split(r"[.\[]", path, maxsplit=1)[0]
        if key not in self._values and (raw := self._body.get(key)) is not None:
            self._values[key] = value(raw)
        if keys(path) == (path,):
            found = self._values.get(path)
            return self._query.get(path) if found is None else found
        return next(visit(self._values, path), None)

    def text(self, paths: Iterable[str]) -> str | None:
        """The first text or whole number at one of the paths."""
        found = next((member for path in paths if isinstance(member := self.find(path), str | int)), None)
        return None if found is None else str(found)

    def quantity(self, asked: Asked, usage: Mapping[str, Json] | None = None) -> int | Decimal:
        """How much of a unit is asked for; the default where the request does not say."""
        found = self._first(asked.fields)
        measured = asked.words.get(str(found)) or _MEASURES[asked.measure](found)
        times = _number(self._first(asked.times)) or first_number(usage, asked.times)
        return (asked.default if measured is None else measured) * (1 if times is None else times)

    def _first(self, paths: Iterable[str]) -> Json:
        return next((member for path in paths if (member := self.find(path)) is not None), None)


def model_of(body: bytes) -> str | None:
    """The `model` of a request; by pattern where the body is a form, or was too long to keep whole."""
    raw = fields(body).get("model")
    named = value(raw) if raw else None
    if raw is None and (found := _MODEL.search(body)):
        named = (found[1] or found[2]).decode("utf-8", "replace")
    return named if isinstance(named, str) else None


def first_message(body: bytes, proto: Proto) -> bytes:
    """The first message of a gRPC request, as JSON; empty where there is none."""
    return next((to_json(message, proto.request) for message in Grpc().feed(body)), b"")


def _form(body: bytes) -> dict[str, str]:
    if body.startswith(_BOUNDARY):
        found = [(name.decode(), text.decode("utf-8", "replace")) for name, text in _FORM_FIELD.findall(body)]
        return dict(found)
    return dict(parse_qsl(body.decode("utf-8", "replace"))) if b"=" in body[:256] else {}


def _number(found: Json) -> int | Decimal | None:
    number = None if isinstance(found, bool) else figure(str(found))
    return int(number) if number is not None and number == int(number) else number


def _characters(found: Json) -> int | None:
    texts = found if isinstance(found, list) else [found]
    counted = [len(text) for text in texts if isinstance(text, str)]
    return sum(counted) if counted else None


def _items(found: Json) -> int | None:
    return len(found) if isinstance(found, list) else None


def _hours(found: Json) -> Decimal | None:
    seconds = _number(str(found).removesuffix("s"))
    return None if seconds is None else Decimal(seconds) / _SECONDS_OF_AN_HOUR


_MEASURES = {
    Measure.NUMBER: _number,
    Measure.CHARACTERS: _characters,
    Measure.ITEMS: _items,
    Measure.HOURS: _hours,
}
