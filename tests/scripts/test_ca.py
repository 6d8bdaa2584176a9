"""Tests of scripts/ca.py."""

from pathlib import Path

import pytest

from llmobs import authority
from scripts import ca


def test_it_makes_one_and_leaves_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hosts of the price file are permitted; a second one is made on demand only."""

    assert ca.main(["--confdir", str(tmp_path)]) == 0
    first = authority.read(tmp_path)
    assert ca.main(["--confdir", str(tmp_path)]) == 1
    out, err = capsys.readouterr()

    assert first is not None
    assert "api.openai.com" in (first.permitted or ())
    assert f"an authority that can sign for {len(first.permitted or ())} domains and no other" in out
    assert "older" not in out
    assert "--force replaces it" in err
    assert authority.read(tmp_path) == first
    assert ca.main(["--confdir", str(tmp_path), "--force"]) == 0
    assert "what trusted the older one refuses it" in capsys.readouterr().out
    assert authority.read(tmp_path) != first


def test_it_covers_the_providers_of_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of one's own adds its hosts; a mistake in it is told."""

    own = tmp_path / "own.yaml"
    own.write_text("providers:\n  mine:\n    name: Mine\n    hosts: [llm.example.com]\n")
    ca.ensure(tmp_path / "conf", own)
    ca.ensure(tmp_path / "conf", tmp_path / "no such file, which nobody reads")
    found = authority.read(tmp_path / "conf")
    own.write_text("providers: 7\n")

    assert found is not None
    assert "llm.example.com" in (found.permitted or ())
    assert ca.main(["--confdir", str(tmp_path / "other"), "--pricing", str(own)]) == 1
    assert "own.yaml:1" in capsys.readouterr().err
