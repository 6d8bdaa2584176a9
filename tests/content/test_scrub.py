"""Parts of texts replaced by a word."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmobs.content import scrub as module
from llmobs.content.scrub import Span, scrub


def _digits(text: str) -> Iterator[Span]:
    return (Span(*match.span(), "NUMBER") for match in re.finditer(r"\d+", text))


def _word(text: str) -> Iterator[Span]:
    return (Span(*match.span(), "WORD") for match in re.finditer(r"\w+", text))


def test_nothing_found() -> None:
    """A text without anything stays as it is."""
    assert scrub("plain text", [_digits]) == "plain text"


def test_label_stands_for_what_was_there() -> None:
    """Each part is replaced by its label, the rest stays."""
    assert scrub("a 12 b 3", [_digits]) == "a [NUMBER] b [NUMBER]"


def test_parts_that_overlap() -> None:
    """Where two finders find the same place, the longer one that begins first counts."""
    assert scrub("12ab3 4", [_digits, _word]) == "[WORD] [NUMBER]"


@settings(deadline=None)
@given(st.text("ab1 ", max_size=60), st.integers(1, 9), st.integers(3, 9))
def test_pieces_do_not_matter(text: str, piece: int, overlap: int) -> None:
    """No digit survives, however a long text is cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_CHARS", piece)
        patch.setattr(module, "OVERLAP_CHARS", overlap)
        assert not re.search(r"\d", scrub(text, [_digits]))
