"""What the terminal scripts print, kept whole in golden/*.txt: made-up calls, a fixed period, 100 columns, no colour.

`REWRITE_GOLDEN=1 pytest tests/scripts/test_golden.py` writes the files anew; look at what git says has changed.
"""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scripts import errors, experiments, forecast, generate, latency, prompts, report, top, trace, whatif

GOLDEN = Path(__file__).with_name("golden")
REWRITE = bool(os.environ.get("REWRITE_GOLDEN"))
PERIOD = ["--since", "2026-10-02", "--until", "2026-11-01"]
# The only thing that is of today.
_TODAY = re.compile(r"^Prices as of .*$", re.MULTILINE)

type Main = Callable[[Sequence[str] | None], int]

# file -> program and what it is asked besides database and period
PRINTED: dict[str, tuple[Main, list[str]]] = {
    "report": (report.main, []),
    "report-by-day": (report.main, ["--by", "day", "--since", "2026-10-25"]),
    "report-by-customer-and-feature": (report.main, ["--by", "customer,feature", "--where", "customer=acme,globex"]),
    "report-csv": (report.main, ["--by", "provider,outcome", "--csv"]),
    "report-json": (report.main, ["--by", "variant", "--where", "feature=summaries", "--json"]),
    "latency": (latency.main, ["--slo", "p95=5s", "--slo", "ttft_p95=800ms"]),
    "latency-by-feature": (latency.main, ["--by", "feature", "--where", "provider=openai"]),
    "errors": (errors.main, []),
    "errors-by-customer": (errors.main, ["--by", "customer", "--where", "provider=openai"]),
    "trace-runs": (trace.main, []),
    "trace-run": (trace.main, ["20261030-182124"]),
    "forecast": (forecast.main, []),
    "forecast-by-model": (forecast.main, ["--by", "model", "--calls", "5000"]),
    "whatif": (whatif.main, ["--model", "openai/gpt-5.4-mini", "--model", "anthropic/claude-haiku-4-5"]),
    "prompts": (prompts.main, []),
    "experiments": (experiments.main, []),
    "experiment": (experiments.main, ["warmer-tone", "--baseline", "control"]),
    "report-limit": (report.main, ["--by", "customer", "--sort", "errors", "--limit", "5"]),
    "top": (top.main, ["--minutes", "60", "--by", "customer", "--until", "2026-10-21T11:00"]),
    "report-nothing": (report.main, ["--since", "2020-01-01", "--until", "2020-02-01"]),
}
# The exit code tells more than that it works: a target was missed.
EXITS = {"latency": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a month of made-up calls in it."""
    made = tmp_path_factory.mktemp("golden")
    plan = ["--rows", "4000", "--days", "30", "--until", "2026-11-01", "--seed", "5"]
    assert generate.main(["--db", str(made / "calls.duckdb"), *plan]) == 0
    return made


@pytest.mark.parametrize("name", PRINTED)
def test_printed(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each script prints what it has always printed of the same calls."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    main, asked = PRINTED[name]
    capsys.readouterr()
    status = main(["--db", "calls.duckdb", *PERIOD, *asked])
    printed = _TODAY.sub("Prices as of ...", capsys.readouterr().out)
    file = GOLDEN / f"{name}.txt"
    if REWRITE:
        file.write_text(printed, encoding="utf-8")

    assert status == EXITS.get(name, 0)
    assert "\x1b" not in printed
    assert printed == file.read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    """Every file is what some script prints."""
    assert {file.stem for file in GOLDEN.iterdir()} == set(PRINTED)
