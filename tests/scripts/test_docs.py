"""Tests of scripts/docs.py on a small project of its own."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from llmobs.event import COLUMNS
from llmobs.settings import OPTIONS
from llmobs.units import UNITS
from scripts import docs

PRICES = """\
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    source: https://example.com/prices
    hosts: [api.openai.com]
    routes:
      - {path: "**/chat/completions", dialect: openai_chat}
      - {path: "/v1/completions", dialect: openai_chat, operation: text_completion}
      - {path: "**/files", free: true}
    models:
      gpt-4o:
        - {from: 2024-10-02, source: hand, input: 2.5, output: 10}
"""
MAKEFILE = "# no target: ## here\nrun: .venv/.run ## start the proxy; A|B\n\t@true\nhidden:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A README with every table stale, beside the files that the tables are made from."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "report.py").write_text('"""Print spend.\n\nMore."""\n')
    (tmp_path / "scripts" / "bare.py").write_text("print(1)\n")
    (tmp_path / "scripts" / "spend.sql").write_text("-- spend by model\nSELECT 1;\n")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "pricing.yaml").write_text(PRICES)
    tables = "\n".join(f"<!-- table: {name} -->\nstale\n<!-- end -->\ntext after {name}" for name in docs.TABLES)
    (tmp_path / "README.md").write_text(f"# Title\n{tables}\n")
    return tmp_path


def test_writes_every_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every marked table is written from the code, and the text around it stays."""

    assert docs.main([], project) == 0
    assert "written" in capsys.readouterr().out

    text = (project / "README.md").read_text()
    assert "stale" not in text
    assert text.startswith("# Title\n<!-- table: columns -->\n| column | type | meaning |\n| --- | --- | --- |\n")
    assert all(f"text after {name}" in text for name in docs.TABLES)
    assert all(f"| `{name}` |" in text for name in [*COLUMNS, *UNITS, *(option.name for option in OPTIONS)])
    assert "| `openai` | OpenAI | `api.openai.com` | 1 | `openai_chat` |" in text
    assert "| `scripts/report.py` | Print spend. |" in text
    assert "| `scripts/bare.py` |  |" in text
    assert "| `scripts/spend.sql` | spend by model |" in text
    assert r"| `make run` | start the proxy; A\|B |" in text
    assert "hidden" not in text


def test_check_names_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale README fails the check, which says what to run and changes nothing."""

    before = (project / "README.md").read_text()

    assert docs.main(["--check"], project) == 1
    assert "make docs" in capsys.readouterr().err
    assert (project / "README.md").read_text() == before


def test_written_docs_pass_the_check(project: Path) -> None:
    """What `make docs` wrote is fresh, and writing again changes nothing."""

    docs.main([], project)
    text = (project / "README.md").read_text()

    assert docs.main(["--check"], project) == 0
    assert docs.main([], project) == 0
    assert (project / "README.md").read_text() == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!-- table: prices -->\n<!-- end -->\n", "there is no table prices; write one of columns, units"),
        ("<!-- table: units -->\n", "has no `<!-- end -->`"),
        ("<!-- table: units -->\n<!-- table: columns -->\n<!-- end -->\n", "has no `<!-- end -->`"),
    ],
)
def test_broken_markers_are_explained(project: Path, capsys: pytest.CaptureFixture[str], text: str, says: str) -> None:
    """A marker that cannot be filled stops with what to write instead, and changes nothing."""

    (project / "README.md").write_text(text)

    assert docs.main([], project) == 1
    assert says in capsys.readouterr().err
    assert (project / "README.md").read_text() == text


class Inner(BaseModel):
    """A part.

    size: how large it is,
    in the next line.
    """

    size: int = 3


class Outer(BaseModel):
    """A whole.

    parts: several.
    named: by name.
    one: just one.
    maybe: one or none.
    """

    parts: list[Inner]
    named: dict[str, Inner] = {}
    one: Inner = Inner()
    maybe: Inner | None = None


def test_keys_of_a_policy_file_are_described_by_their_models(project: Path) -> None:
    """Each key stands with its default and its line of the docstring, below the key that holds it."""

    assert list(docs.described(Outer)) == [
        ("`parts`", "(required)", "several"),
        ("`parts[].size`", "`3`", "how large it is, in the next line"),
        ("`named`", "", "by name"),
        ("`named.NAME.size`", "`3`", "how large it is, in the next line"),
        ("`one`", "", "just one"),
        ("`one.size`", "`3`", "how large it is, in the next line"),
        ("`maybe`", "", "one or none"),
        ("`maybe.size`", "`3`", "how large it is, in the next line"),
    ]


def test_key_without_a_description_is_an_error() -> None:
    """A key that its model does not describe can't be written down."""

    class Silent(BaseModel):
        """Nothing is said.

        Nor here.
        """

        size: int = 3

    with pytest.raises(docs.DocsError, match=r"the docstring of Silent has no line `size: \.\.\.`; add one"):
        list(docs.described(Silent))


def test_defaults_are_written_as_mitmproxy_takes_them(project: Path) -> None:
    """A switch is shown as true or false, which is what `--set` takes."""

    rows = list(docs.options(project))

    assert {row[1] for row in rows[1:]} >= {"`true`", "`false`"}
