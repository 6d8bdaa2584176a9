"""Messages of an AWS event stream in plain Python: frames, and the vendor's JSON that some carry as base64.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

import base64
import json
import struct
from collections.abc import Iterator
from itertools import pairwise

type Json = dict[str, object]

PRELUDE, TRAILER = 12, 4


def is_event_stream(body: bytes) -> bool:
    """Whether a body is made of frames, each of which begins with its own length."""
    return b":event-type" in body[:200] and body[:1] == b"\0"


def framed(body: bytes) -> list[Json]:
    """The JSON objects of all frames; a frame of `bytes` gives the object inside it."""
    found = [json.loads(payload) for payload in _payloads(body) if payload[:1] == b"{"]
    return [inner for value in found for inner in _inner(value)]


def _payloads(body: bytes) -> Iterator[bytes]:
    starts = [0]
    while starts[-1] < len(body):
        starts.append(starts[-1] + struct.unpack_from(">I", body, starts[-1])[0])
    for start, end in pairwise(starts):
        headers = struct.unpack_from(">I", body, start + 4)[0]
        yield body[start + PRELUDE + headers : end - TRAILER]


def _inner(value: Json) -> Iterator[Json]:
    inside = value.get("bytes")
    if not isinstance(inside, str):
        yield value
        return
    try:
        yield json.loads(base64.b64decode(inside))
    except ValueError:
        yield {}
