"""Protobuf messages as JSON."""

import base64
import json
import math
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmobs.wire import protobuf
from llmobs.wire.errors import WireError
from llmobs.wire.protobuf import Field, Kind, Schema, to_json
from tests.frames import tagged, varint
from tests.work import factor

USAGE: Schema = {1: Field("input_tokens", protobuf.INT), 2: Field("output_tokens", protobuf.INT)}
ANSWER: Schema = {
    1: Field("id", protobuf.STRING),
    2: Field("usage", USAGE),
    3: Field("choices", {1: Field("text", protobuf.STRING)}, repeated=True),
    4: Field("counts", protobuf.UINT, repeated=True),
    5: Field("weights", protobuf.FLOAT, repeated=True),
}
NODE: dict[int, Field] = {}
NODE[1] = Field("node", NODE)


def read(message: bytes, schema: Schema = ANSWER) -> object:
    """The JSON of a message, parsed again."""
    return json.loads(to_json(message, schema))


def test_message() -> None:
    """Fields take the names of the schema, nested messages and lists among them."""

    message = (
        tagged(1, 2, b"r-1")
        + tagged(2, 2, tagged(1, 0, varint(300)) + tagged(2, 0, varint(0)))
        + tagged(3, 2, tagged(1, 2, "é".encode()))
        + tagged(3, 2, b"")
    )
    assert read(message) == {
        "id": "r-1",
        "usage": {"input_tokens": 300, "output_tokens": 0},
        "choices": [{"text": "é"}, {}],
    }


def test_nothing() -> None:
    """An empty message is an empty object."""

    assert to_json(b"", ANSWER) == b"{}"


@pytest.mark.parametrize(
    ("kind", "wire", "data", "value"),
    [
        (protobuf.INT, 0, varint(2**64 - 1), -1),
        (protobuf.INT, 0, varint(2**63 - 1), 2**63 - 1),
        (protobuf.INT, 0, b"\x81\x80\x00", 1),
        (protobuf.UINT, 0, varint(2**64 - 1), 2**64 - 1),
        (protobuf.UINT, 0, b"\xff" * 9 + b"\x7f", 2**64 - 1),
        (protobuf.SINT, 0, varint(1), -1),
        (protobuf.SINT, 0, varint(4), 2),
        (protobuf.BOOL, 0, b"\x01", True),
        (protobuf.BOOL, 0, b"\x00", False),
        (protobuf.DOUBLE, 1, struct.pack("<d", 1.5), 1.5),
        (protobuf.DOUBLE, 1, struct.pack("<d", math.nan), None),
        (protobuf.FIXED64, 1, b"\xff" * 8, 2**64 - 1),
        (protobuf.SFIXED64, 1, b"\xff" * 8, -1),
        (protobuf.FLOAT, 5, struct.pack("<f", -0.25), -0.25),
        (protobuf.FIXED32, 5, b"\xff" * 4, 2**32 - 1),
        (protobuf.SFIXED32, 5, b"\xff" * 4, -1),
        (protobuf.STRING, 2, b"a\xffb", "a�b"),
        (protobuf.BYTES, 2, b"\x00\xff", "AP8="),
    ],
)
def test_every_scalar(kind: Kind, wire: int, data: bytes, value: object) -> None:
    """Each scalar of protobuf becomes the JSON value it stands for."""

    assert read(tagged(7, wire, data), {7: Field("v", kind)}) == {"v": value}


def test_packed_and_not() -> None:
    """A list of numbers reads the same packed, one by one and mixed."""

    packed = tagged(4, 2, varint(1) + varint(300)) + tagged(4, 0, varint(2)) + tagged(4, 2, b"")
    assert read(packed) == {"counts": [1, 300, 2]}
    assert read(tagged(5, 2, struct.pack("<ff", 0.5, 2))) == {"weights": [0.5, 2]}


def test_what_is_sent_again() -> None:
    """The last scalar holds, and a message that is sent in parts adds up."""

    parts = tagged(2, 2, tagged(1, 0, varint(1))) + tagged(2, 2, tagged(2, 0, varint(2)) + tagged(1, 0, varint(3)))
    assert read(tagged(1, 2, b"a") + parts + tagged(1, 2, b"b")) == {
        "id": "b",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }


@pytest.mark.parametrize(
    "unknown",
    [
        tagged(99, 0, varint(7)),
        tagged(99, 1, b"8 bytes."),
        tagged(99, 2, b"\xff\xff\xff"),
        tagged(99, 5, b"4444"),
        tagged(2**29 - 1, 0, varint(7)),
        tagged(9, 3, tagged(1, 2, b"in a group") + tagged(8, 3, b"") + tagged(8, 4, b"")) + tagged(9, 4, b""),
        tagged(1, 0, varint(7)),
        tagged(2, 5, b"4444"),
        tagged(4, 5, b"4444"),
    ],
)
def test_what_the_schema_does_not_know(unknown: bytes) -> None:
    """Unknown fields, groups, and fields of another type than the schema's are skipped."""

    assert read(unknown + tagged(1, 2, b"a") + unknown) == {"id": "a"}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\x08", "number does not end"),
        (b"\x80", "number does not end"),
        (b"\xff" * 11, "number does not end"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "number does not end"),
        (b"\x0a\x05abc", "cut short"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut short"),
        (b"\x09abc", "cut short"),
        (b"\x0dabc", "cut short"),
        (b"\x00\x01", "field 0"),
        (b"\x0e", "wire type 6"),
        (b"\x0f", "wire type 7"),
        (tagged(1, 3, b""), "does not end"),
        (tagged(1, 4, b""), "not open"),
        (tagged(1, 3, b"") + tagged(2, 4, b""), "not open"),
        (tagged(2, 2, b"\x08"), "number does not end"),
        (tagged(2, 2, b"\x0a\x05") + b"abcde", "cut short"),
        (tagged(4, 2, b"\x80"), "number does not end"),
        (tagged(5, 2, b"123"), "cut short"),
    ],
)
def test_malformed(message: bytes, reason: str) -> None:
    """Bytes that are no protobuf message are a WireError."""

    with pytest.raises(WireError, match=reason):
        to_json(message, ANSWER)


@pytest.mark.parametrize("wrap", [lambda inner: tagged(1, 2, inner), lambda inner: b"\x0b" + inner + b"\x0c"])
def test_depth(wrap: Callable[[bytes], bytes]) -> None:
    """Messages and groups nest as deep as protobuf's own libraries follow, and no deeper."""

    deep = b""
    for _ in range(protobuf.MAX_DEPTH):
        deep = wrap(deep)
    to_json(deep, NODE)
    with pytest.raises(WireError, match="level"):
        to_json(wrap(wrap(deep)), NODE)


def test_too_many_values() -> None:
    """A message of a few bytes per value cannot fill the memory."""

    with pytest.raises(WireError, match="1000000 values"):
        to_json(tagged(4, 2, bytes(protobuf.MAX_VALUES + 1)), ANSWER)


@pytest.mark.parametrize("field", [tagged(4, 0, b"\x01"), tagged(3, 2, b""), tagged(99, 2, b"x"), b"\x0b\x0c"])
def test_linear(field: bytes) -> None:
    """Many fields take work in proportion, whether known or skipped."""

    assert factor(lambda count: to_json(field * count, ANSWER), 1000) < 2.1


TEXTS = st.text("aé😀", max_size=10)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS,
        "usage": st.fixed_dictionaries({}, optional={"input_tokens": NUMBERS, "output_tokens": NUMBERS}),
        "choices": st.lists(st.fixed_dictionaries({}, optional={"text": TEXTS}), min_size=1, max_size=4),
        "counts": st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
        "weights": st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=4),
    },
)


def encode(tree: dict[str, object], schema: Schema) -> bytes:
    """A JSON object as protobuf, written from the schema."""
    data = b""
    for number, field in schema.items():
        values = tree.get(field.name, [])
        for value in values if isinstance(values, list) else [values]:
            match value:
                case dict():
                    assert not isinstance(field.kind, Kind)
                    data += tagged(number, 2, encode(value, field.kind))
                case str():
                    data += tagged(number, 2, value.encode())
                case float():
                    data += tagged(number, 5, struct.pack("<f", value))
                case int():
                    data += tagged(number, 0, varint(value % 2**64))
    return data


@given(MESSAGES)
def test_any_message(tree: dict[str, object]) -> None:
    """What was written as protobuf is read as the same values."""

    assert read(encode(tree, ANSWER)) == tree


@given(st.lists(st.sampled_from([*(bytes([n]) for n in range(32)), b"\x80", b"\xff", tagged(3, 2, b"\x0a\x01x")])))
def test_any_bytes(parts: list[bytes]) -> None:
    """Any bytes whatever are JSON or a WireError."""

    with suppress(WireError):
        json.loads(to_json(b"".join(parts), ANSWER))


def test_bytes_are_base64() -> None:
    """Bytes of any value survive."""

    data = bytes(range(256))
    told = read(tagged(1, 2, data), {1: Field("raw", protobuf.BYTES)})
    assert told == {"raw": base64.b64encode(data).decode()}
