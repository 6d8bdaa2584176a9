"""Variants side by side: figures from SQL, tests from scipy, and plain words about both."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs.event import CostStatus, Event, Outcome
from scripts import experiments
from scripts.inference import library
from tests.scripts import reports
from tests.scripts.reports import stored
from tests.writer.calls import AT, ended


def call(number: int, variant: str | None, cost: str | None, **more: object) -> Event:
    """A call of an experiment."""
    told = replace(
        ended(f"{variant}{number}"),
        started_at=AT + timedelta(minutes=number),
        experiment_id="tone",
        variant_id=variant,
        cost_usd=None if cost is None else Decimal(cost),
        cost_status=CostStatus.UNPRICED if cost is None else CostStatus.EXACT,
        latency_ms=1000.0 + number,
        ttft_ms=100.0 + number % 7,
        streamed=True,
        output_tokens=50,
    )
    return replace(told, **more)


def variant(name: str, count: int, cents: int, **more: object) -> Iterator[Event]:
    """Calls that cost so many cents and up to nine tenths of a cent more."""
    return (call(number, name, f"{cents / 100 + number % 10 / 1000:.3f}", **more) for number in range(count))


def database(folder: Path, *calls: Event) -> Path:
    """A file with those calls."""
    return stored(folder / "events.duckdb", calls)


printed = partial(reports.printed, experiments.main)


def compared(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[tuple[str, str], dict[str, object]]:
    """The differences by variant and measure."""
    [found] = json.loads(printed(capsys, *arguments, "--json"))["experiments"]
    return {(one["variant"], one["measure"]): one for one in found["differences"]}


def test_a_dearer_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two cents against one differ by a cent a call, for certain; equal times may be chance."""
    path = database(tmp_path, *variant("control", 100, 1), *variant("long", 100, 2))
    text = printed(capsys, "--db", path)
    found = compared(capsys, "--db", path)

    assert found["long", "cost_usd"]["difference"] == pytest.approx(0.01)
    assert found["long", "cost_usd"]["baseline_mean"] == pytest.approx(0.0145)
    assert found["long", "cost_usd"]["differs"]
    assert found["long", "latency_ms"]["p"] == 1
    assert found["long", "input_tokens"]["why"] == "nothing varies"
    assert "long against control: costs more by 69.0% (+$10.00 for 1,000)." in text
    assert "may be chance" in text
    assert "99% from" in printed(capsys, "--db", path, "--confidence", "0.99")


def test_what_is_better_in_every_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each measure has words of its own; a run of many alike calls gets a warning."""
    slow = [
        replace(one, latency_ms=7000.0 + at, ttft_ms=500.0 + at % 7, output_tokens=90 + at % 3, run_id=f"r{at % 20}")
        for at, one in enumerate(variant("control", 100, 9))
    ]  # fmt: skip
    failed = [replace(one, outcome=Outcome.ERROR) if at < 40 else one for at, one in enumerate(slow)]
    quick = [
        replace(one, output_tokens=40 + at % 3, input_tokens=2000 + at) for at, one in enumerate(variant("b", 100, 1))
    ]
    path = database(tmp_path, *failed, *quick)
    text = " ".join(printed(capsys, "tone", "--db", path).split())

    assert "fails less often by 100.0% (-40.00 pp)" in text
    assert "costs less" in text
    assert "is faster" in text
    assert "begins sooner" in text
    assert "has more input tokens" in text
    assert "has fewer output tokens" in text
    assert "A run makes 5." in text
    assert "--per run counts each run once" in text


def test_what_is_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other way round the words are the other ones."""
    good = variant("a", 100, 1)
    bad = [
        replace(one, latency_ms=7000.0 + at, ttft_ms=500.0 + at % 7, outcome=Outcome.ERROR if at < 40 else Outcome.OK)
        for at, one in enumerate(variant("b", 100, 1))
    ]  # fmt: skip
    text = " ".join(printed(capsys, "--db", database(tmp_path, *good, *bad)).split())

    assert "b against a: fails more often (+40.00 pp); is slower" in text
    assert "begins later" in text


def test_no_certain_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how many calls a tenth would take, or what can be excluded where there are enough."""
    path = database(tmp_path, *variant("control", 40, 1), *variant("same", 40, 1))
    few = " ".join(printed(capsys, "--db", path).split())
    many = [call(at, name, f"{1 + at % 3 / 100}") for name in ("control", "same") for at in range(60)]
    other = tmp_path / "many"
    other.mkdir()

    assert "same against control: no difference is certain. To see a cost that differs by 10 % takes about" in few
    assert "Its cost differs by -0.3% to +0.3% at most." in printed(capsys, "--db", database(other, *many))


def test_unknown_costs_are_left_out_and_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a known cost there is no test of cost, and a question mark in its place."""
    calls = [call(at, name, None) for name in ("control", "b") for at in range(30)]
    path = database(tmp_path, *calls)
    text = printed(capsys, "--db", path)
    found = compared(capsys, "--db", path)

    assert found["b", "cost_usd"]["why"] == "not known"
    assert "?" in text
    assert "≥ at least" in text
    assert "no difference is certain." in text


def test_too_few_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three calls each are shown, and not tested."""
    text = " ".join(printed(capsys, "--db", database(tmp_path, *variant("a", 3, 1), *variant("b", 3, 2))).split())

    assert "too few: 3, at least 30 are needed" in text
    assert "b against a: too few calls to say anything." in text


def test_one_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone it has nothing to be compared with; calls that name no variant are one, too."""
    text = printed(capsys, "--db", database(tmp_path, call(1, None, "1")))

    assert "(none)" in text
    assert "there is no other variant" in text


def test_a_baseline_of_ones_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control is compared with what is named."""
    path = database(tmp_path, *variant("control", 3, 1), *variant("b", 3, 2))

    assert {name for name, _ in compared(capsys, "--db", path, "--baseline", "b")} == {"control"}
    assert {name for name, _ in compared(capsys, "--db", path)} == {"b"}


def test_a_run_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty calls of two runs each are two observations a variant, of the cost of their calls together."""
    calls = [
        replace(one, run_id=f"{name}{at % 2}") for name in ("a", "b") for at, one in enumerate(variant(name, 60, 1))
    ]
    path = database(tmp_path, *calls, *variant("c", 5, 1))
    found = compared(capsys, "--db", path, "--per", "run")

    assert {name for name, _ in found} == {"b"}
    assert found["b", "cost_usd"]["mean"] == pytest.approx(0.435)
    assert found["b", "cost_usd"]["why"] == "too few: 2, at least 30 are needed"
    assert "runs" in printed(capsys, "--db", path, "--per", "run")


def test_refused_calls_are_no_part_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a budget refused says nothing of a variant."""
    refused = call(99, "b", "0", outcome=Outcome.ERROR, policy="budget:all")
    path = database(tmp_path, *variant("a", 2, 1), *variant("b", 2, 1), refused)
    [found] = json.loads(printed(capsys, "--db", path, "--json"))["experiments"]

    assert [row["calls"] for row in found["variants"]] == [2, 2]


def test_several_experiments_and_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has its tables; a pattern chooses among them."""
    others = [replace(one, experiment_id="size", event_id=f"s{at}") for at, one in enumerate(variant("a", 2, 1))]
    path = database(tmp_path, *variant("a", 2, 1), *others)

    assert printed(capsys, "--db", path).count("Experiment ") == 2
    assert printed(capsys, "si*", "--db", path).count("Experiment ") == 1


def test_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each variant and measure."""
    path = database(tmp_path, *variant("control", 40, 1), *variant("b", 40, 2))
    rows = list(csv.DictReader(io.StringIO(printed(capsys, "--db", path, "--csv"))))

    assert [row["measure"] for row in rows][:2] == ["failures", "cost_usd"]
    assert {row["experiment"] for row in rows} == {"tone"}


def test_no_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how a program names one, or that none is so named."""
    path = database(tmp_path, ended("1"))

    assert "X-LLMObserve-Experiment-ID" in printed(capsys, "--db", path)
    assert "in a run" in printed(capsys, "--db", path, "--per", "run")
    assert "names the experiment nope" in printed(capsys, "nope", "--db", path)
    assert "holds no such call" in printed(capsys, "--db", path, "--until", "2026-01-01")


def test_what_does_not_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No database, no library and no confidence each get a sentence."""
    assert experiments.main(["--db", str(tmp_path / "none.duckdb")]) == 1
    with pytest.raises(SystemExit):
        experiments.main(["--confidence", "95"])
    with pytest.raises(SystemExit):
        experiments.main(["--confidence", "much"])
    monkeypatch.setattr(library, "LIBRARY", "no_such_library")
    assert experiments.main([]) == 1
    told = capsys.readouterr().err

    assert "does not exist" in told
    assert "95 is no confidence" in told
    assert "needs scipy" in told
