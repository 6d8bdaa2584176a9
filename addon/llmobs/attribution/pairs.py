"""Texts that callers write in a header or a name: pairs, JSON objects, moments; it does not know what they mean."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote

import msgspec

SEPARATORS = re.compile("[;,]")
# What every hop has to pass on of baggage (https://www.w3.org/TR/baggage/#limits); more of a text is not looked at.
READ_CHARACTERS = 8192

_EPOCH = re.compile(r"[0-9]{1,19}(\.[0-9]{1,9})?")
# From so many on it is not seconds (of the year 5138) but milliseconds, micro- or nanoseconds.
_FINER = 1e11


def plain(value: str) -> str:
    """A value as it was meant: percent-decoded, and UTF-8 where its bytes came as Latin-1."""
    if not value.isascii():
        value = _utf8(value)
    return unquote(value) if "%" in value else value


def _utf8(value: str) -> str:
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """`k=v;k2=v2`, or with commas; what is no pair says nothing."""
    for part in SEPARATORS.split(text[:READ_CHARACTERS]):
        key, equals, value = part.partition("=")
        if equals:
            yield plain(key).strip(), plain(value)


def paired(text: str) -> bool:
    """Whether `pairs` reads all of a text: every part that is not blank is a pair with a name."""
    return all(_is_pair(part) for part in SEPARATORS.split(text) if part.strip())


def _is_pair(part: str) -> bool:
    key, equals, _ = part.partition("=")
    return bool(equals and key.strip())


def members(text: str) -> list[tuple[str, str]] | None:
    """The members of a JSON object, values of other types than text as their JSON text; None where it is no such."""
    if len(text) > READ_CHARACTERS:
        return None
    try:
        found = msgspec.json.decode(_utf8(text), type=dict[str, msgspec.Raw])
        return [(name, _value(bytes(raw))) for name, raw in found.items() if bytes(raw) != b"null"]
    except (msgspec.DecodeError, UnicodeError):
        return None


def _value(raw: bytes) -> str:
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


def moment(text: str) -> float | None:
    """Seconds since 1970 out of RFC 3339 or a number of them or of their fractions; None where it is neither."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        seconds = float(text)
        while seconds >= _FINER:
            seconds /= 1000
        return seconds
    try:
        told = datetime.fromisoformat(text)
        return told.timestamp() if told.tzinfo else None
    except ValueError:
        return None
