"""Binary frames as a server writes them: AWS event streams, gRPC and protobuf; they know no parser under test."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping


def event_frame(payload: bytes, headers: Mapping[str, object] | None = None) -> bytes:
    """One frame of an AWS event stream; headers are strings, bytes, booleans or whole numbers."""
    head = b"".join(_header(name, value) for name, value in (headers or {}).items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    frame = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return frame + struct.pack(">I", zlib.crc32(frame))


def _header(name: str, value: object) -> bytes:
    start = bytes([len(name)]) + name.encode()
    match value:
        case bool():
            return start + bytes([not value])
        case int():
            return start + struct.pack(">Bq", 5, value)
        case bytes():
            return start + struct.pack(">BH", 6, len(value)) + value
        case _:
            text = str(value).encode()
            return start + struct.pack(">BH", 7, len(text)) + text


def event(kind: str, payload: object) -> bytes:
    """An ordinary event, as Bedrock sends it."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return event_frame(json.dumps(payload).encode(), headers)


def chunk(inner: bytes) -> bytes:
    """An event that wraps the vendor's own bytes, with Bedrock's random padding beside them."""
    return event("chunk", {"bytes": base64.b64encode(inner).decode(), "p": "abcdefgh"})


def exception(kind: str, text: str = "slow down") -> bytes:
    """What ends a stream that failed in its middle."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return event_frame(json.dumps({"message": text}).encode(), headers)


def grpc_frame(message: bytes, flags: int = 0) -> bytes:
    """One length-prefixed message of gRPC."""
    return struct.pack(">BI", flags, len(message)) + message


def varint(number: int) -> bytes:
    """A number in protobuf's base 128."""
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def tagged(field: int, wire: int, data: bytes) -> bytes:
    """A protobuf field with its key; the length goes before data that says none itself."""
    return varint(field << 3 | wire) + (varint(len(data)) if wire == 2 else b"") + data
