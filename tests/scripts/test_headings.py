"""What the terminal scripts have in common where no call fits: a heading line as CSV, and a sentence on a screen."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts import errors, experiments, forecast, generate, latency, prompts, report, top, trace, whatif
from tests.scripts.reports import printed, stored

type Main = Callable[[Sequence[str] | None], int]

LAST = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
# name -> program and what it is asked
ASKED: dict[str, tuple[Main, list[str]]] = {
    "report": (report.main, ["--by", "day,tag:team"]),
    "latency": (latency.main, ["--by", "customer"]),
    "errors": (errors.main, ["--by", "day,provider"]),
    "trace": (trace.main, []),
    "forecast": (forecast.main, []),
    "forecast by model": (forecast.main, ["--by", "model,customer"]),
    "whatif": (whatif.main, ["--model", "openai/gpt-5.4-mini"]),
    "whatif all": (whatif.main, ["--all", "--among", "openai"]),
    "prompts": (prompts.main, ["--by", "tag:team,model"]),
    "experiments": (experiments.main, []),
    "top": (
        top.main,
        ["--by", "customer,model", "--minutes", "60", "--until", f"{LAST - timedelta(hours=8):%Y-%m-%dT%H:%M}"],
    ),
}
NOTHING = ["--where", "model=no-such-model"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of made-up calls up to this day."""
    path = tmp_path_factory.mktemp("headings") / "calls.duckdb"
    plan = ["--rows", "8000", "--days", "21", "--until", f"{LAST:%Y-%m-%d}", "--seed", "5"]
    assert generate.main(["--db", str(path), *plan]) == 0
    return path


@pytest.mark.parametrize("name", ASKED)
def test_headings_without_a_row(name: str, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no call fits, the heading line is printed alone, and it is the one that rows have."""
    main, asked = ASKED[name]
    capsys.readouterr()
    heading, *rows = printed(main, capsys, "--db", database, *asked, "--csv").splitlines()

    assert rows
    assert printed(main, capsys, "--db", database, *asked, *NOTHING, "--csv").splitlines() == [heading]


@pytest.mark.parametrize("name", sorted(ASKED.keys() - {"top"}))
def test_empty_database(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that holds no call yet gets the same sentence from every script but top.py, which looks at an hour."""
    main, asked = ASKED[name]
    path = stored(tmp_path / "calls.duckdb", [])

    assert "holds no call yet. Send one through the proxy" in printed(main, capsys, "--db", path, *asked)
