"""The recorded exchanges of the corpus, metered by the real program and compared with the oracle."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.oddities import ODDITIES
from tests.corpus.recording import exchanges, har_files
from tests.corpus.replay import Replay
from tests.corpus.table import countable, run_all
from tests.corpus.verdict import Verdict, verdicts

HARS = har_files()
NAMES = [har.stem for har in HARS]

pytestmark = [
    pytest.mark.skipif(not HARS, reason="the corpus ../shared/corpus is not here"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replay]:
    """One run of mitmdump for each file that a selected test is about; all of them where one is about all."""
    here = [item for item in request.session.items if "runs" in getattr(item, "fixturenames", ())]
    about = [item.callspec.params["name"] if hasattr(item, "callspec") else None for item in here]
    hars = HARS if None in about else [har for har in HARS if har.stem in about]
    return {run.har.stem: run for run in run_all(hars, tmp_path_factory.mktemp("corpus"))}


@pytest.fixture(scope="session")
def found(runs: dict[str, Replay]) -> dict[str, list[Verdict]]:
    """What the oracle says about each file's rows."""
    return {name: verdicts(run) for name, run in runs.items()}


def faults(of: list[Verdict], *checks: str) -> Iterator[str]:
    """Every disagreement of some checks in words."""
    for verdict in of:
        yield from verdict.failed(*checks)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_runs_through_without_trouble(name: str, runs: dict[str, Replay]) -> None:
    """Mitmdump ends with 0, prints no error, and writes no row that belongs to no exchange."""

    run = runs[name]
    assert run.returncode == 0, run.log
    assert "rror" not in run.log
    assert "Traceback" not in run.log
    assert run.strays == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_call_has_one_row(name: str, found: dict[str, list[Verdict]]) -> None:
    """Every call that generates has exactly one row of its provider and model."""

    assert list(faults(found[name], "rows", "provider", "model")) == []


@pytest.mark.parametrize("name", NAMES)
def test_tokens_are_what_the_wire_says(name: str, found: dict[str, list[Verdict]]) -> None:
    """Tokens, quantities, fees and totals of every answer with usage are those of WIRE.md and of the provider."""

    assert list(faults(found[name], "tokens", "quantities", "fees", "total", "usage")) == []


@pytest.mark.parametrize("name", NAMES)
def test_work_is_billed_when_it_is_done(name: str, found: dict[str, list[Verdict]]) -> None:
    """Work that goes on is pending and has no cost, and a batch whose lines were seen is not billed itself."""

    assert list(faults(found[name], "state")) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_charged_twice(name: str, found: dict[str, list[Verdict]]) -> None:
    """What repeats a usage object, fails or generates nothing has no tokens and no cost; no guess is called exact."""

    assert list(faults(found[name], "free", "honest")) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_providers_own_cost_is_met(name: str, found: dict[str, list[Verdict]]) -> None:
    """Charges sum to the cost, and the cost is what the provider says it charges, to a millionth."""

    assert list(faults(found[name], "cost", "sum")) == []


# What no price list can know: a name that hides the model or was mangled by its recorder, hardware by the second.
ONLY_BY_A_MAP = ("arn:aws:sagemaker:", "anthropic.claude-3-5-sonnet-20241022-v2-0", "stability-ai/sdxl")


def test_nearly_all_models_are_priced(found: dict[str, list[Verdict]]) -> None:
    """At least 99% of the models that are named in an answer with usage have a cost, those aside that need a map."""

    models: dict[tuple[str | None, str | None], bool] = defaultdict(bool)
    for verdict in (v for of in found.values() for v in of if countable(v)):
        models[verdict.expected.provider, verdict.expected.model] |= verdict.priced
    unpriced = [(provider, model or "") for (provider, model), priced in models.items() if not priced]
    missing = [f"{provider}: {model}" for provider, model in unpriced if not model.startswith(ONLY_BY_A_MAP)]
    assert len(missing) <= 0.01 * len(models), missing


def test_every_oddity_is_in_the_corpus() -> None:
    """No note outlives the recording that it explains."""

    sources = [exchange.source for har in HARS for exchange in exchanges(Path(har))]
    assert [odd.source for odd in ODDITIES if not any(s.startswith(odd.source) for s in sources)] == []
