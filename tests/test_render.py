"""Figures that fit their column and say what they do not know; tables that fit the screen."""

import io
from decimal import Decimal

import pytest

from llmobs.render import PIPE_WIDTH, Column, Screen, Section, count, percent, progress, usd


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (0, "0"),
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (123_456, "123k"),
        (1_234_567, "1.23M"),
        (98_765_432, "98.8M"),
        (5 * 10**9, "5.00G"),
        (2 * 10**12, "2.00T"),
    ],
)
def test_count(number: int | None, text: str) -> None:
    """Counts are short; none is a dash."""
    assert count(number) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "?"),
        (Decimal(0), "$0.00"),
        (Decimal("1234.567"), "$1,234.57"),
        (Decimal("0.0123"), "$0.0123"),
        (Decimal("0.00001"), "<$0.0001"),
        (Decimal("-0.5"), "-$0.5000"),
    ],
)
def test_usd(amount: Decimal | None, text: str) -> None:
    """An unknown amount is a question mark, never a 0; a tiny one is not rounded to 0 either."""
    assert usd(amount) == text


def test_doubtful_usd() -> None:
    """Amounts that are a lower bound or an estimate carry a sign."""
    assert usd(Decimal(2), more=True, roughly=True) == "≥$2.00"
    assert usd(Decimal(2), roughly=True) == "≈$2.00"
    assert usd(Decimal("0.00001"), more=True) == "≥$0"
    assert usd(Decimal("0.00001"), roughly=True) == "<$0.0001"


def test_percent() -> None:
    """Shares have one digit; none is a dash."""
    assert (percent(0.1234), percent(None)) == ("12.3%", "-")


SECTION = Section(
    "Spend",
    [Column("model", figures=False), Column("provider", figures=False), Column("calls"), Column("cost")],
    [["a-model-with-a-long-name", "openai", "12", "$1.00"]],
    ["total", "", "12", "$1.00"],
    "a note",
)


def printed(section: Section, width: int | None) -> list[str]:
    """The lines on a screen of this width."""
    file = io.StringIO()
    Screen(file, width).section(section)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_table_that_fits() -> None:
    """Names stand side by side, figures at the right, totals below."""
    title, heads, _, row, _, total, note = printed(SECTION, 80)

    assert title == "Spend"
    assert heads.split() == ["model", "provider", "calls", "cost"]
    assert row.split() == ["a-model-with-a-long-name", "openai", "12", "$1.00"]
    assert total.split() == ["total", "12", "$1.00"]
    assert note == "a note"


def test_table_that_is_too_wide() -> None:
    """Names stand below each other, and the figures are whole."""
    lines = printed(SECTION, 40)

    assert "model, provider" in lines[1]
    assert [line.split() for line in lines[3:5]] == [["a-model-with-a-long-name", "12", "$1.00"], ["openai"]]
    assert max(map(len, lines)) <= 40


def test_names_behind_the_figures() -> None:
    """Where the table is too wide, a text behind the figures stands at the left and folds; the figures are whole."""
    columns = [Column("model", figures=False), Column("calls"), Column("cause", figures=False)]
    lines = printed(Section("Spend", columns, [["a-model", "123,456", "one two three four five six"]]), 30)

    assert lines[1].split() == ["model", "calls", "cause"]
    assert lines[3:] == ["a-model 123,456 one two three", "                four five six"]


def test_table_of_names_only() -> None:
    """A table without figures, totals and note."""
    section = Section("Names", [Column("a", figures=False), Column("b", figures=False)], [["x" * 30, "y"]])

    assert printed(section, 20)[-1] == "y"


def test_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a pipe nothing is cut and nothing coloured, whatever the screen."""
    monkeypatch.delenv("COLUMNS", raising=False)
    file = io.StringIO()
    screen = Screen(file)
    screen.line("x" * PIPE_WIDTH, "bold")

    assert file.getvalue() == "x" * PIPE_WIDTH + "\n"


def test_width_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS sets the width of a pipe, too."""
    monkeypatch.setenv("COLUMNS", "10")
    file = io.StringIO()
    Screen(file).line("12345678 12345678")

    assert file.getvalue().split() == ["12345678", "12345678"]
    assert len(file.getvalue().splitlines()) == 2


def test_section_without_rows() -> None:
    """Where there is no row, the title and the note stand alone."""
    file = io.StringIO()
    Screen(file).section(Section("Spend", [Column("cost")], [], note="nothing was spent"))

    assert file.getvalue() == "Spend\nnothing was spent\n"


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar is drawn on a terminal's standard error, and nothing into a pipe."""
    with progress("reading", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")

    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("reading", 10) as advance:
        advance(10)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading" in err
    assert "10/10" in err
