from pathlib import Path

import pytest

from llmobs import queries


def test_text_of_a_query() -> None:
    """A query is known by the name of its file."""
    assert "FROM spent" in queries.query("summary")


def test_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the repository the files lie within the package."""
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "spend.sql").write_text("SELECT 1")
    monkeypatch.setattr(queries, "_FOLDERS", (tmp_path / "scripts", tmp_path / "queries"))

    assert queries.query("spend") == "SELECT 1"
