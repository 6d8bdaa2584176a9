"""A screen that is drawn again and again."""

import io

import pytest

from llmobs.render import Cell, Column, Live, Section

TABLE = Section("Title", [Column("name", figures=False), Column("calls")], [["a\x1b[2J", "1"]], note="a note")


def drawn(width: int = 30) -> list[str]:
    """The lines of a line of text, a line of pieces and a table."""
    file = io.StringIO()
    Live(file, width).parts(["plain\x1b[31m", [Cell("marked", "bad"), " and not"], Cell("x" * 40), TABLE])
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_parts() -> None:
    """Text, marked text and tables stand below each other; no control character gets through."""
    assert drawn() == [
        "plain\\x1b[31m",
        "marked and not",
        "x" * 29 + "…",
        "Title",
        "name      calls",
        "───────────────",
        "a\\x1b[2J      1",
        "a note",
    ]


def test_table_without_rows_or_title() -> None:
    """A part that has nothing to say takes no line."""
    file = io.StringIO()
    Live(file, 30).parts([Section("", [Column("calls")], [])])

    assert file.getvalue() == ""


def test_whole_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is taken, drawn on from its first line on, and given back with its cursor."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LINES", "4")
    file = io.StringIO()
    screen = Live(file, 20)
    with screen.whole():
        screen.draw(["first", *["more"] * 9])

    assert screen.is_terminal
    text = file.getvalue()
    assert text.startswith("\x1b[?1049h")
    assert "\x1b[Hfirst" in text
    assert text.count("more") < screen.height
    assert text.endswith("\x1b[?1049l\x1b[?25h")
