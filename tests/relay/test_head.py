"""The head of an answer in one header."""

from hypothesis import given
from hypothesis import strategies as st

from llmobs.relay.head import Head, packed, unpacked

FIELDS = st.lists(st.tuples(st.binary(), st.binary())).map(tuple)


@given(st.text(st.characters(max_codepoint=255)), FIELDS)
def test_round_trip(reason: str, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    """Any bytes arrive as they were."""

    assert unpacked(packed(Head(reason, fields))) == Head(reason, fields)


@given(st.text())
def test_anything_else_is_none(text: str) -> None:
    """A header that is not ours is not taken for one."""

    assert unpacked(text) is None
