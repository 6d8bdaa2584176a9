"""The head of an answer, carried byte for byte past the server in between, which would write its own."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

HEAD = "x-llmobserve-head"


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers as they came."""

    reason: str
    fields: tuple[tuple[bytes, bytes], ...]


_DECODER = msgspec.json.Decoder(Head)


def packed(head: Head) -> str:
    """A head as the value of one header."""
    return base64.b64encode(msgspec.json.encode(head)).decode()


def unpacked(text: str) -> Head | None:
    """The head in such a value; None where it is none."""
    try:
        return _DECODER.decode(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None
