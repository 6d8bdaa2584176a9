"""The protobuf wire format, read with a schema into JSON; it does not know any message of any API.

Source: protobuf.dev, "Encoding". Fields that the schema does not list are skipped, so that it names only what matters.
Integers of any width are numbers, bytes are base64, NaN and infinities are null.
"""

import base64
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from llmobs.wire.errors import WireError

# The bound of protobuf's own libraries.
MAX_DEPTH = 100
# Usage and models are a few dozen values, and the vectors of embeddings need no schema; a value takes up to 100 bytes.
MAX_VALUES = 1_000_000

_VARINT, _I64, _LEN, _OPEN, _CLOSE, _I32 = range(6)
_FIXED_BYTES = {_I64: 8, _I32: 4}
_NUMBER = re.compile(rb"[\x80-\xff]{0,9}[\x00-\x7f]", re.DOTALL)
_64_BITS = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A scalar: the wire type that it is sent as, and what its bytes say."""

    wire: int
    read: Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its name in the JSON, a scalar or the schema of a nested message, and whether a list."""

    name: str
    kind: "Kind | Schema"
    repeated: bool = False


type Schema = Mapping[int, Field]


def to_json(message: bytes, schema: Schema) -> bytes:
    """A protobuf message as a JSON object with the names of the schema; WireError where it is none."""
    return msgspec.json.encode(_Reader(message).message(0, len(message), schema, {}, 0))


class _Reader:
    """Walks over one message; a span is where the bytes of a value begin and end."""

    __slots__ = ("_data", "_values")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._values = 0

    def message(self, start: int, end: int, schema: Schema, into: dict[str, object], depth: int) -> dict[str, object]:
        """Put the fields of a message into the object; a message that is sent in parts adds up."""
        if depth > MAX_DEPTH:
            raise WireError(f"protobuf: more than {MAX_DEPTH} levels")
        for number, wire, first, last in self._fields(start, end, depth):
            if (field := schema.get(number)) is not None:
                for value in self._read(field, wire, first, last, into.get(field.name), depth):
                    self._count()
                    _put(into, field, value)
        return into

    def _read(self, field: Field, wire: int, first: int, last: int, former: object, depth: int) -> Iterator[object]:
        """The values of a field; none where it was sent as another type than the schema's."""
        kind = field.kind
        if not isinstance(kind, Kind):
            if wire == _LEN:
                inner = former if isinstance(former, dict) else {}
                yield self.message(first, last, kind, inner, depth + 1)
        elif wire == kind.wire:
            yield kind.read(self._data[first:last])
        elif wire == _LEN and field.repeated:
            while first < last:
                start, first = self._span(kind.wire, first, last)
                yield kind.read(self._data[start:first])

    def _fields(self, position: int, end: int, depth: int) -> Iterator[tuple[int, int, int, int]]:
        """Number, wire type and span of each field; those inside of a group, which nobody sends today, are skipped."""
        groups: list[int] = []
        while position < end:
            key, position = self._varint(position, end)
            number, wire = key >> 3, key & 7
            if not number or depth + len(groups) > MAX_DEPTH:
                raise WireError(f"protobuf: field {number} at level {depth + len(groups)}")
            if wire == _OPEN:
                groups.append(number)
            elif wire == _CLOSE:
                if not groups or groups.pop() != number:
                    raise WireError(f"protobuf: the end of a group {number} that is not open")
            else:
                start, position = self._span(wire, position, end)
                if not groups:
                    yield number, wire, start, position
        if groups:
            raise WireError("protobuf: a group does not end")

    def _span(self, wire: int, position: int, end: int) -> tuple[int, int]:
        """Where the value of a field that begins here has its bytes."""
        start = position
        if wire == _VARINT:
            _, position = self._varint(position, end)
        elif wire == _LEN:
            length, start = self._varint(position, end)
            position = start + length
        elif wire in _FIXED_BYTES:
            position += _FIXED_BYTES[wire]
        else:
            raise WireError(f"protobuf: wire type {wire}")
        if position > end:
            raise WireError("protobuf: a field is cut short")
        return start, position

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        found = _NUMBER.match(self._data, position, end)
        if found is None:
            raise WireError("protobuf: a number does not end")
        return _number(found[0]), found.end()

    def _count(self) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise WireError(f"protobuf: more than {MAX_VALUES} values")


def _put(into: dict[str, object], field: Field, value: object) -> None:
    if not field.repeated:
        into[field.name] = value
        return
    elements = into.setdefault(field.name, [])
    assert isinstance(elements, list)
    elements.append(value)


def _number(varint: bytes) -> int:
    number = 0
    for byte in reversed(varint):
        number = number << 7 | byte & 0x7F
    return number & _64_BITS


def _signed(varint: bytes) -> int:
    number = _number(varint)
    return number - (1 << 64) if number >> 63 else number


def _zigzag(varint: bytes) -> int:
    number = _number(varint)
    return number >> 1 ^ -(number & 1)


def _fixed(wire: int, layout: str) -> Kind:
    return Kind(wire, lambda data: struct.unpack(layout, data)[0])


INT = Kind(_VARINT, _signed)  # int32, int64 and enums
UINT = Kind(_VARINT, _number)
SINT = Kind(_VARINT, _zigzag)
BOOL = Kind(_VARINT, lambda varint: _number(varint) != 0)
DOUBLE = _fixed(_I64, "<d")
FIXED64 = _fixed(_I64, "<Q")
SFIXED64 = _fixed(_I64, "<q")
FLOAT = _fixed(_I32, "<f")
FIXED32 = _fixed(_I32, "<I")
SFIXED32 = _fixed(_I32, "<i")
STRING = Kind(_LEN, lambda data: data.decode(errors="replace"))
BYTES = Kind(_LEN, lambda data: base64.b64encode(data).decode())
