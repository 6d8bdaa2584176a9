"""The demo, run for real."""

import os
from pathlib import Path

import pytest

from scripts import demo
from tests.testbed.rows import query


def test_demo_shows_every_call(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every attempt is a row, and the report names what has no price."""
    assert demo.main(["--keep", str(tmp_path / "kept")]) == 0

    said = capfd.readouterr().out
    assert "13 rows for 13 attempts" in said
    assert "demo-model-from-next-year" in said
    assert said.endswith(f"The database stays: `make report DB={tmp_path}/kept/proxy/events.duckdb`\n")
    statuses = query(tmp_path / "kept" / "proxy" / "events.duckdb", "select distinct cost_status as s from events")
    assert {row["s"] for row in statuses} == {"exact", "estimated", "not_billed", "unpriced"}


def test_demo_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without --keep the folder is gone afterwards, and the last line says how to keep it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "calls", lambda *_: [])
    monkeypatch.setattr(demo, "wait_for_rows", lambda *_: 1)
    monkeypatch.setattr(demo, "report", lambda *_: 0)

    assert demo.main([]) == 0
    assert list(tmp_path.iterdir()) == []
    last = capfd.readouterr().out.splitlines()[-1]
    assert '`make demo ARGS="--keep build/demo"`' in last
    assert "`make report DB=build/demo/proxy/events.duckdb`" in last


def test_environment_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set is set again, what was not is gone."""
    monkeypatch.setenv("SSL_CERT_FILE", "mine.pem")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    with demo.exported({"SSL_CERT_FILE": "other.pem", "HTTPS_PROXY": "http://127.0.0.1:1"}):
        assert os.environ["SSL_CERT_FILE"] == "other.pem"

    assert os.environ["SSL_CERT_FILE"] == "mine.pem"
    assert "HTTPS_PROXY" not in os.environ
