"""Tables that fit the screen, and print nothing that would move its cursor."""

import io

import pytest

from llmobs.render import PIPE_WIDTH, Cell, Column, Screen, Section

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


def test_spare_columns() -> None:
    """Where the table is too wide, spare columns go, the highest first, before anything is folded."""
    columns = [Column("model", figures=False), Column("calls"), Column("p50", spare=1), Column("p95", spare=2)]
    section = Section("Time", columns, [["a-model", "12", "1.00 s", "2.00 s"]], ["total", "12", "3.00 s", "4.00 s"])

    assert printed(section, 40)[1].split() == ["model", "calls", "p50", "p95"]
    assert printed(section, 25)[1].split() == ["model", "calls", "p50"]
    assert printed(section, 18)[1].split() == ["model", "calls"]
    assert printed(section, 18)[-1].split() == ["total", "12"]


def test_cut_names() -> None:
    """A name that may be cut loses its end where room is short, and the figures are whole."""
    columns = [Column("name", figures=False, cut=8), Column("calls")]
    section = Section("Tree", columns, [[Cell("a-very-long-name", lead="└─ "), "123,456"]])

    assert printed(section, 24)[-1] == "└─ a-very-long…  123,456"
    assert printed(section, 40)[-1] == "└─ a-very-long-name  123,456"


def test_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark is a colour on a terminal, the lead before it stays quiet; a stacked name keeps its mark."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    columns = [Column("a", figures=False), Column("b", figures=False), Column("calls")]
    row = [Cell("x" * 9, "bad", "- "), Cell("y", "good"), Cell("1", "warn")]
    shown = "\n".join(printed(Section("Marks", columns, [row], ["total", "", "1"]), 18))

    assert "\x1b[1;31m" in shown
    assert "\x1b[33m" in shown
    assert "\x1b[32m" not in shown


def test_hostile_names() -> None:
    """Control characters are written as their numbers, markup as it is."""
    section = Section("a\x1b[2J", [Column("[red]b", figures=False)], [["c\x9b\u202e"]], ["[red]d\r"], "e\nf\x07")
    lines = printed(section, 40)

    assert [lines[0], lines[1], lines[3], lines[5], *lines[6:]] == [
        "a\\x1b[2J", "[red]b", "c\\x9b\\u202e", "[red]d\\x0d", "e", "f\\x07",
    ]  # fmt: skip
