from datetime import date
from decimal import Decimal

from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from llmobs.event import CostStatus, Outcome
from llmobs.metrics import Counts, Exposition, Overhead, State, catalogue
from llmobs.policy.breaker import Snapshot
from llmobs.policy.circuit import State as Circuit
from llmobs.policy.use import Use
from tests.telemetry.calls import call

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
STATE = State(
    running={"openai": 2},
    breakers=[Snapshot("api.openai.com", Circuit.HALF_OPEN, 3, 10, 5, 7)],
    budgets=[
        Use("acme", Decimal(10), Decimal("2.5"), Decimal("0.5"), 3),
        Use("none", Decimal(0), Decimal(0), Decimal(0), 0),
    ],
    spooled=4,
    lost=1,
    ready=False,
    prices_updated=date(2026, 11, 1),
    versions={"llmobserve": "0.1.0"},
)


def samples(counts: Counts, state: State = STATE) -> dict[str, float]:
    """Every sample as OpenMetrics has it: name and labels, and its value."""
    overhead = Overhead()
    overhead.add("request", 0.5)
    overhead.add("request", 0.25)
    body, content_type = Exposition(counts, overhead, lambda: state).text(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(body.decode())  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def test_calls_are_told_by_their_labels() -> None:
    """Counters, histograms and tokens of a call are there, and what did not happen is not."""

    counts = Counts()
    counts.count(call(reasoning_tokens=0))
    counts.count(call(outcome=Outcome.ERROR, status_code=500, error_class="system", requested_provider="groq"))
    counts.count(call(model="slow", latency_ms=None, ttft_ms=None))
    found = samples(counts)

    assert not [name for name in found if name.startswith("llm_latency") and "slow" in name]
    assert found["llm_requests_total['chat', 'gpt-5', 'ok', 'openai']"] == 1
    assert found["llm_cost_usd_total['chat', 'gpt-5', 'ok', 'openai']"] == 0.000123
    assert found["llm_tokens_total['cached_input', 'chat', 'gpt-5', 'ok', 'openai']"] == 30
    assert "llm_tokens_total['chat', 'gpt-5', 'ok', 'openai', 'reasoning']" not in found
    assert found["llm_latency_seconds_bucket['1.0', 'chat', 'gpt-5', 'ok', 'openai']"] == 0
    assert found["llm_latency_seconds_bucket['2.5', 'chat', 'gpt-5', 'ok', 'openai']"] == 1
    assert found["llm_latency_seconds_bucket['+Inf', 'chat', 'gpt-5', 'ok', 'openai']"] == 1
    assert found["llm_time_to_first_token_seconds_sum['chat', 'gpt-5', 'ok', 'openai']"] == 0.3
    assert found["llm_errors_total['500', 'chat', 'error', 'false', 'gpt-5', 'openai', 'system']"] == 1
    assert found["llm_fallbacks_total['chat', 'error', 'gpt-5', 'groq', 'openai']"] == 1


def test_how_things_stand_is_told() -> None:
    """Calls in flight, breakers, budgets, the spool, our own time and the age of prices are there."""

    found = samples(Counts())

    assert found["llm_calls_in_flight['openai']"] == 2
    assert found["llm_breaker_state['api.openai.com', 'half_open']"] == 1
    assert found["llm_breaker_state['api.openai.com', 'open']"] == 0
    assert found["llm_breaker_refused_total['api.openai.com']"] == 7
    assert (found["llm_budget_spent_usd['acme']"], found["llm_budget_used_ratio['acme']"]) == (2.5, 0.25)
    assert found["llm_budget_used_ratio['none']"] == 1
    assert (found["llm_spool_calls[]"], found["llm_lost_calls_total[]"], found["llm_ready[]"]) == (4, 1, 0)
    assert (found["llm_overhead_seconds_sum['request']"], found["llm_overhead_seconds_count['request']"]) == (0.75, 2)
    assert found["llm_price_age_seconds[]"] > 0
    assert found["llmobserve_build_info['0.1.0']"] == 1
    assert found["process_resident_memory_bytes[]"] > 0


def test_hostile_names_are_labels() -> None:
    """Quotes, backslashes and line ends in the name of a model are escaped, and read back as they were."""

    name = 'a"} 1\nllm_cost_usd_total{x="\\'
    counts = Counts()
    counts.count(call(model=None, response_model=name, cost_usd=None, cost_status=CostStatus.UNPRICED))

    assert samples(counts)[f"llm_requests_total{sorted(['openai', name, 'chat', 'ok'])}"] == 1


def test_nothing_is_in_the_registry_of_the_process() -> None:
    """What else runs in this process does not see our figures, and plain text is what a browser gets."""

    text, content_type = Exposition(Counts(), Overhead(), State).text()

    assert content_type.startswith("text/plain")
    assert b"llm_ready 1.0" in text
    assert not [family for family in REGISTRY.collect() if family.name.startswith("llm_")]


def test_the_catalogue_names_what_is_asked_for() -> None:
    """Every metric of ours is in it once, under the name that its samples begin with, and with a meaning."""

    counts = Counts()
    counts.count(call(outcome=Outcome.ERROR, requested_provider="groq"))
    rows = list(catalogue())
    names = [name for name, _, _ in rows]
    begun = [name.partition("[")[0] for name in samples(counts) if name.startswith("llm")]

    assert len(set(names)) == len(names)
    assert all(meaning.endswith(".") for _, _, meaning in rows)
    assert all(any(name.startswith(begin) for name in begun) for begin in names)
    assert all(any(name.startswith(begin) for begin in names) for name in begun)
