"""Bars, sparklines, spans and histograms, character by character."""

import pytest

from llmobs.render import Cell, bar, histogram, span, sparkline


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, ""), (0, ""), (-1, ""), (1, "████"), (2, "████"), (0.5, "██"), (0.001, "▏"), (0.40625, "█▋")],
)
def test_bar(share: float | None, text: str) -> None:
    """A bar is exact to an eighth of a character; whatever is not 0 shows, and nothing sticks out."""
    assert bar(share, 4) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [([], ""), ([0, 0], "▁▁"), ([0, 0.001, 50, 100, None], "▁▂▅█ "), ([None, None], "  ")],
)
def test_sparkline(values: list[float | None], text: str) -> None:
    """Only 0 lies at the bottom; what is not known is a blank."""
    assert sparkline(values) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (0, 1, "━━━━"),
        (0.25, 0.5, " ━"),
        (0.125, 0.5, "╺━"),
        (0, 0.375, "━╸"),
        (0.125, 0.375, "╺╸"),
        (0.5, 0.5, "  ╸"),
        (0.625, 0.625, "  ╺"),
        (1, 1, "   ╺"),
        (2, 3, "   ╺"),
        (-1, 0, "╸"),
    ],
)
def test_span(start: float, end: float, text: str) -> None:
    """A span is exact to half a character; the shortest still shows, and nothing sticks out."""
    assert span(start, end, 4) == text


def test_histogram() -> None:
    """The fullest bucket fills the width, empty ones stay between others and go at the ends."""
    section = histogram("Times", [("0", 0), ("1 s", 1), ("2 s", 0), ("5 s", 3), ("9 s", 0)], 6, "a note")

    assert section.rows == [
        ["1 s", Cell("██", "accent"), "1", "25.0%"],
        ["2 s", Cell("", "accent"), "0", "0.0%"],
        ["5 s", Cell("██████", "accent"), "3", "75.0%"],
    ]
    assert section.note == "a note"


def test_histogram_of_nothing() -> None:
    """Without a filled bucket there is no row."""
    assert histogram("Times", [("0", 0)], 6).rows == []
