"""What the reports take, measured in processes of their own: that it works, not what it finds."""

from pathlib import Path

import pytest

from scripts import generate, measure_reports


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small database."""
    file = tmp_path_factory.mktemp("measured") / "few.duckdb"
    assert generate.main(["--db", str(file), "--rows", "300", "--days", "3"]) == 0
    return file


def test_measures(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command has a row with its times and memory, and is in time where it may take long."""
    status = measure_reports.main(["--db", str(db), "--only", "day,provider", "--rounds", "1", "--within", "600"])

    assert status == 0
    [row] = [line for line in capsys.readouterr().out.splitlines() if "report.py" in line]
    assert "--since 20" in row
    assert row.split()[-1] == "yes"
    seconds, slowest, cpu, megabytes = map(float, row.split()[-5:-1])
    assert seconds == slowest > 0
    assert cpu > 0
    assert megabytes > 10


def test_too_slow(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a report takes longer than it may, the table says so, and the program fails."""
    assert measure_reports.main(["--db", str(db), "--only", "day,provider", "--rounds", "1", "--within", "0.001"]) == 1
    assert "NO" in capsys.readouterr().out


def test_failing_report(db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that fails is no fast report: its own words are shown."""
    monkeypatch.setattr(measure_reports, "COMMANDS", ("report.py --by nothing",))

    assert measure_reports.main(["--db", str(db), "--rounds", "1"]) == 1
    assert "report.py --by nothing failed" in capsys.readouterr().err


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that is not there is told in a sentence."""
    assert measure_reports.main(["--db", str(tmp_path / "no.duckdb")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_no_such_command(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word that is in no command is refused, with the commands."""
    with pytest.raises(SystemExit):
        measure_reports.main(["--db", str(db), "--only", "nonsense"])

    assert "report.py --by day" in capsys.readouterr().err
