"""How things stand as families of the Prometheus format: queues, breakers, budgets, prices, and our own time."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from llmobs.metrics.overhead import Overhead
from llmobs.metrics.state import State
from llmobs.policy.circuit import State as Circuit
from llmobs.policy.use import Use

# Hosts are those of the price file, where patterns stand for many.
HOSTS = 100

# name -> (what it tells, how it is read).
GAUGES: dict[str, tuple[str, Callable[[State], float]]] = {
    "llm_spool_calls": ("Calls that wait for the database.", lambda s: s.spooled),
    "llm_ready": ("1 while rows reach the database, as /readyz tells.", lambda s: s.ready),
}
COUNTERS: dict[str, tuple[str, Callable[[State], float]]] = {
    "llm_stored_calls": ("Calls that were stored in the database.", lambda s: s.stored),
    "llm_recovered_calls": ("Calls of earlier, dead processes that were stored.", lambda s: s.recovered),
    "llm_lost_calls": ("Calls that neither the disk nor the database took.", lambda s: s.lost),
    "llm_rejected_calls": ("Calls that fit no column, and are kept in rejected.jsonl.", lambda s: s.rejected),
}
BUDGETS: dict[str, tuple[str, Callable[[Use], float]]] = {
    "llm_budget_limit_usd": ("What a budget allows.", lambda b: float(b.limit_usd)),
    "llm_budget_spent_usd": ("What is spent of the fullest pot that is open.", lambda b: float(b.spent_usd)),
    "llm_budget_reserved_usd": ("What calls in flight may still take from that pot.", lambda b: float(b.reserved_usd)),
    "llm_budget_used_ratio": (
        "Share that is spent of it.",
        lambda b: float(b.spent_usd / b.limit_usd) if b.limit_usd else 1.0,
    ),
    "llm_budget_pots": ("Pots of the budget that something was spent from.", lambda b: b.pots),
}


def families(state: State, overhead: Overhead) -> Iterator[Metric]:
    """Everything that stands somehow, at one moment."""
    for name, (meaning, value) in GAUGES.items():
        yield GaugeMetricFamily(name, meaning, value(state))
    for name, (meaning, value) in COUNTERS.items():
        yield CounterMetricFamily(name, meaning, value(state))
    yield _running(state)
    yield from _breakers(state)
    yield from _budgets(state)
    yield _overhead(overhead)
    yield from _prices(state)
    yield InfoMetricFamily("llmobserve_build", "Versions of what runs here.", value=dict(state.versions))


def _running(state: State) -> Metric:
    family = GaugeMetricFamily("llm_calls_in_flight", "Calls that have begun and not ended.", labels=["provider"])
    for provider, count in state.running.items():
        family.add_metric([provider], count)
    return family


def _breakers(state: State) -> Iterator[Metric]:
    standing = GaugeMetricFamily(
        "llm_breaker_state", "1 for how a host's circuit breaker stands.", labels=["host", "state"]
    )
    changes = CounterMetricFamily("llm_breaker_changes", "Times that it changed.", labels=["host"])
    refused = CounterMetricFamily("llm_breaker_refused", "Calls that it refused.", labels=["host"])
    for one in state.breakers[-HOSTS:]:
        for each in Circuit:
            standing.add_metric([one.host, each], each is one.state)
        changes.add_metric([one.host], one.changes)
        refused.add_metric([one.host], one.refused)
    yield from (standing, changes, refused)


def _budgets(state: State) -> Iterator[Metric]:
    for name, (meaning, value) in BUDGETS.items():
        family = GaugeMetricFamily(name, meaning, labels=["budget"])
        for budget in state.budgets:
            family.add_metric([budget.name], value(budget))
        yield family


def _overhead(overhead: Overhead) -> Metric:
    meaning = "Time that LLMObserve keeps the proxy's event loop, by hook; stream: in answers as they pass."
    family = SummaryMetricFamily("llm_overhead_seconds", meaning, labels=["hook"])
    for hook, times in list(overhead.times.items()):
        family.add_metric([hook], times, overhead.seconds.get(hook, 0.0))
    return family


def _prices(state: State) -> Iterator[Metric]:
    if state.prices_updated is not None:
        since = datetime.combine(state.prices_updated, time(), UTC)
        age = (datetime.now(UTC) - since).total_seconds()
        yield GaugeMetricFamily("llm_price_age_seconds", "How old the list of prices is.", max(age, 0.0))
