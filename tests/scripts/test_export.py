"""Calls on their way out: complete, exact, harmless to spreadsheets, and going on where a run was cut."""

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import CostStatus, to_row
from llmobs.telemetry.collector import resource
from llmobs.telemetry.spans import span as spans_of
from scripts import export
from scripts.export_parts import writing
from tests.writer.calls import AT, ended

CALLS = 12


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Three days of calls, some of a customer whose name is a formula."""
    path = tmp_path / "events.duckdb"
    events = [
        replace(
            ended(f"e{n:02}"),
            started_at=AT + timedelta(days=n % 3),
            customer_id="=1+1" if n % 2 else "acme",
            tags='{"feature": "chat"}',
        )
        for n in range(CALLS)
    ]
    with store.writing(path) as db:
        db.load([to_row(event) for event in events], {})
    return path


def run(database: Path, *arguments: object) -> int:
    """What the command line gives."""
    return export.main(["--db", str(database), *map(str, arguments)])


def table(text: str) -> list[dict[str, str]]:
    """CSV as rows."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("raw", [False, True])
def test_csv(database: Path, tmp_path: Path, *, raw: bool) -> None:
    """All columns, every digit, charges as JSON; a formula is a text, unless a program reads it."""
    target = tmp_path / "calls.csv"

    assert run(database, "--out", target, *(["--raw"] if raw else [])) == 0
    rows = table(target.read_text())
    assert list(rows[0]) == list(COLUMNS)
    assert [row["event_id"] for row in rows[:4]] == ["e00", "e03", "e06", "e09"]
    assert {row["cost_usd"] for row in rows} == {"0.002500000000000"}
    assert json.loads(rows[0]["charges"])[0]["unit"] == "input"
    assert {row["customer_id"] for row in rows} == {"acme", "=1+1" if raw else "'=1+1"}


def test_jsonl_to_a_pipe(database: Path) -> None:
    """Without --out JSON lines are printed."""
    command = [sys.executable, export.__file__, "--db", str(database), "--where", "customer=acme"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in answer.stdout.splitlines()]

    assert len(rows) == CALLS / 2
    assert rows[0]["tags"] == {"feature": "chat"}
    assert '"cost_usd":0.002500000000000,' in answer.stdout


def test_csv_printed(database: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """CSV can be printed, with its heading once; so can a period without calls."""
    assert run(database, "--format", "csv", "--since", AT.date()) == 0
    assert len(table(capfdbinary.readouterr().out.decode())) == CALLS
    assert run(database, "--format", "csv", "--until", "2020-01-01") == 0
    assert capfdbinary.readouterr().out.decode() == ",".join(COLUMNS) + "\n"


def test_parquet(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file, oldest first, with exact types that other engines read."""
    target = tmp_path / "calls.parquet"

    assert run(database, "--out", target, "--where", "feature=chat") == 0
    assert f"12 calls of 3 days written to {target}" in capsys.readouterr().out
    frame = pl.read_parquet(target)
    assert frame.columns == list(COLUMNS)
    assert frame["started_at"].is_sorted()
    assert str(frame["cost_usd"].sum()) == "0.030000000000000"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["calls.parquet", "events.duckdb"]


def test_nothing_as_parquet(database: Path, tmp_path: Path) -> None:
    """A period without calls is a file without rows."""
    target = tmp_path / "calls.parquet"

    assert run(database, "--out", target, "--until", "2020-01-01") == 0
    assert pl.read_parquet(target).shape == (0, len(COLUMNS))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_folder(database: Path, tmp_path: Path, form: str) -> None:
    """A folder gets a file for each day; again is the same."""
    for _ in range(2):
        assert run(database, "--out", f"{tmp_path}/calls/", "--format", form) == 0

    names = sorted(str(each.relative_to(tmp_path / "calls")) for each in (tmp_path / "calls").rglob("*.*"))
    assert names == [f"day=2026-11-{day}/calls.{form}" for day in (20, 21, 22)]


def test_from_a_folder(database: Path, tmp_path: Path) -> None:
    """What several machines have is exported like one database."""
    assert run(database.parent, "--out", tmp_path / "calls.jsonl") == 0
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == CALLS


def test_goes_on(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was cut leaves no target; the next one writes only what is missing or has grown since."""
    target, written, limit = tmp_path / "calls.csv", list[str](), 2
    part = writing.Export.part

    def cut(self: writing.Export, day: object, file: Path) -> None:
        if len(written) == limit:
            raise KeyboardInterrupt
        written.append(str(day))
        part(self, day, file)  # type: ignore[arg-type]

    monkeypatch.setattr(writing.Export, "part", cut)
    assert run(database, "--out", target) == 130
    assert not target.exists()
    with store.writing(database) as db:
        db.load([to_row(ended("late", 1))], {})
    limit = 100
    assert run(database, "--out", target) == 0

    assert written == ["2026-11-20", "2026-11-21", "2026-11-20", "2026-11-22"]
    assert sorted(row["event_id"] for row in table(target.read_text()))[-2:] == ["e11", "late"]


def test_another_export_to_the_same_place(database: Path, tmp_path: Path) -> None:
    """Parts of another question are of no use."""
    folder = tmp_path / ".calls.csv.export"
    folder.mkdir()
    (folder / "2026-11-20.4.csv").write_text("wrong\n")
    (folder / writing.ORDER).write_text("another")

    assert run(database, "--out", tmp_path / "calls.csv") == 0
    assert len(table((tmp_path / "calls.csv").read_text())) == CALLS


def test_mistakes(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be read, written or printed is told."""
    assert run(tmp_path / "other.duckdb") == 1
    assert run(database, "--out", database / "x.csv") == 1
    with pytest.raises(SystemExit, match="2"):
        run(database, "--format", "parquet")
    assert "parquet can't be printed; write --out FILE" in capsys.readouterr().err


def test_unknown_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that tells no format is asked about, and no file is made."""
    with pytest.raises(SystemExit, match="2"):
        export.main(["--db", str(tmp_path / "none.duckdb"), "--out", str(tmp_path / "calls.xyz")])

    assert "calls.xyz ends in none of .parquet, .csv" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a pipe is not a failure of the export."""

    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(writing, "to_stdout", gone)
    with pytest.raises(BrokenPipeError):
        run(database)


def test_spans(database: Path, tmp_path: Path) -> None:
    """OTLP in JSON lines: ids in hex, a span for each call that is settled, the same as the proxy sends."""
    with store.writing(database) as db:
        db.load([to_row(replace(ended("p"), started_at=AT + timedelta(days=9), cost_status=CostStatus.PENDING))], {})
    target = tmp_path / "calls.otlp.jsonl"

    assert run(database, "--out", target) == 0
    requests = [json.loads(line) for line in target.read_text().splitlines()]
    spans = [span for each in requests for span in each["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    assert len(requests) == 3
    assert len(spans) == CALLS
    sent = spans_of(ended("e00"), resource())
    assert (spans[0]["traceId"], spans[0]["spanId"]) == (
        f"{sent.context.trace_id:032x}",
        f"{sent.context.span_id:016x}",
    )
    assert spans[0]["name"] == "chat gpt-4o"
    assert spans[0]["kind"] == 3
    assert {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1000"}} in spans[0]["attributes"]
