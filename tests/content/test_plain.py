"""JSON values made fit to keep."""

import base64
import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs.content.plain import MAX_DEPTH, Plain, encoded, parsed

PICTURE = bytes(range(256)) * 2


def kept(tree: Any, room: int = 10_000) -> Any:
    """A value as it is kept, with digits made to stars."""
    return Plain(lambda text: "".join("*" if sign.isdigit() else sign for sign in text), room)(tree)


def test_parsed() -> None:
    """JSON is read with exact fractions, half a surrogate pair included; anything else is nothing."""
    assert parsed(b'{"a":[1,0.10]}') == {"a": [1, Decimal("0.10")]}
    assert parsed(b'["\\ud83d"]') == ["\ud83d"]
    assert parsed(b"--boundary") is None


def test_texts_and_names_are_scrubbed() -> None:
    """Texts go through the scrubber at any depth, names of members too; words are not looked at."""
    assert kept({"a1": ["b2", {"role": "user"}]}) == {"a*": ["b*", {"role": "user"}]}


def test_other_values() -> None:
    """Truth values, nothing and small numbers stay; a number that may be somebody's is looked at."""
    assert kept([True, False, None, 12, Decimal("0.5"), 4155552671]) == [
        True,
        False,
        None,
        12,
        Decimal("0.5"),
        "*" * 10,
    ]


def test_number_that_no_reader_takes() -> None:
    """A number of more digits than databases take becomes a text."""
    assert Plain(str, 99)(10**40) == "1" + "0" * 40


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_media(prefix: str) -> None:
    """A file is kept as its length and its hash."""
    told = kept({"data": prefix + base64.b64encode(PICTURE).decode()})

    digest = {"bytes": len(PICTURE), "sha256": hashlib.sha256(PICTURE).hexdigest()}
    assert told == {"data": ({"type": "image/png"} if prefix else {}) | digest}


def test_media_that_is_no_base64() -> None:
    """A data URL with broken content is kept as its size as well."""
    assert kept("data:x;base64,é")["bytes"] == 2


def test_vectors() -> None:
    """A long list of numbers is kept as its length, a short one as it is."""
    assert kept([Decimal("0.5")] * 33) == {"numbers": 33}
    assert kept([Decimal("0.5")] * 3) == [Decimal("0.5")] * 3


def test_too_deep() -> None:
    """What is nested deeper than any request is cut."""
    tree: Any = "bottom"
    for _ in range(MAX_DEPTH + 5):
        tree = [tree]

    assert "[cut what is deeper]" in encoded(kept(tree))


def test_long_text_is_cut_beside_a_word() -> None:
    """A cut never leaves a part of a word, which could be a part of a key; it is told."""
    assert kept("one two three-four", 12) == "one two[cut 11 characters]"
    assert kept("x" * 20, 12) == "[cut 20 characters]"


def test_long_lists_are_cut() -> None:
    """Elements and members beyond the room are counted, not kept."""
    assert kept([1, 2, 3, 4], 4) == [1, 2, "[cut 2 elements]"]
    assert kept({"a": "b", "c": "d"}, 6) == {"a": "b", "[cut 1 members]": None}


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None)
@given(_TREES, st.integers(0, 200))
def test_any_value(tree: Any, room: int) -> None:
    """Whatever a body holds, what is kept is JSON, and its length is bounded by the room."""
    told = encoded(Plain(str, room)(parsed(json.dumps(tree).encode())))

    json.loads(told)
    assert len(told) < 12 * room + 600
