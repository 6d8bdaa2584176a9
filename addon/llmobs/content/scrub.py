"""Parts of a text replaced by a word for what they were; it does not know what it looks for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

# A search keeps the interpreter to itself, and the event loop waits: a piece of this size takes a millisecond or two.
PIECE_CHARS = 16_384
# What is looked for may lie across the end of a piece; longer than this is no secret but a file.
OVERLAP_CHARS = 4096


class Span(NamedTuple):
    """A part of a text, and what it is."""

    start: int
    end: int
    label: str


type Finder = Callable[[str], Iterable[Span]]


def scrub(text: str, finders: Sequence[Finder]) -> str:
    """The text with everything that is found replaced by its label in brackets."""
    # Of two that begin together the longer one counts, or else the one that was found first.
    spans = sorted((s for finder in finders for s in found(text, finder)), key=lambda s: (s.start, -s.end))
    parts, at = [], 0
    for start, end, label in spans:
        if start >= at:
            parts += [text[at:start], f"[{label}]"]
        at = max(at, end)
    return "".join([*parts, text[at:]]) if parts else text


def found(text: str, finder: Finder) -> Iterator[Span]:
    """What is found in a text of any length, piece by piece."""
    for start in range(0, len(text), PIECE_CHARS):
        piece = text[start : start + PIECE_CHARS + OVERLAP_CHARS]
        for span in finder(piece):
            yield Span(start + span.start, start + span.end, span.label)
