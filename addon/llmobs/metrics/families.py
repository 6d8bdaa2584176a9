"""What is counted by call as families of the Prometheus format: a table of names, and how each is read off a tally."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from llmobs.metrics.counts import Counts, Labels
from llmobs.metrics.tally import TOKEN_TYPES, Buckets, Tally

LABELS = ("provider", "model", "operation", "outcome")

# name -> (what it counts, how it is read); the library appends `_total`.
COUNTERS: dict[str, tuple[str, Callable[[Tally], float]]] = {
    "llm_requests": ("Calls, a row each; a job that is asked for many times is one.", lambda t: t.requests),
    "llm_retries": ("Of those, calls that repeat one that passed here.", lambda t: t.retries),
    "llm_skipped_retries": ("Of those, calls that llmobserve_retries=skip did not bill.", lambda t: t.skipped_retries),
    "llm_cached_answers": ("Of those, calls that were answered from the cache.", lambda t: t.cached_answers),
    "llm_unpriced_calls": ("Of those, calls whose cost is not known; llm_cost_usd lacks it.", lambda t: t.unpriced),
    "llm_cost_usd": ("What calls cost, where it is known.", lambda t: float(t.cost_usd)),
    "llm_list_cost_usd": ("What they cost at list price, without plans and cache.", lambda t: float(t.list_cost_usd)),
}
# name -> (what it tells, which buckets).
HISTOGRAMS: dict[str, tuple[str, Callable[[Tally], Buckets]]] = {
    "llm_latency_seconds": (
        "From request to last byte, of calls that a provider answered; without jobs and cached answers.",
        lambda t: t.latency,
    ),
    "llm_time_to_first_token_seconds": ("From request to first byte of the answer, of the same.", lambda t: t.ttft),
}


def families(counts: Counts) -> list[Metric]:
    """Everything that is counted by call, at one moment."""
    # Without the lock, which a call would wait for: a call that is counted now is in one family and not yet in another.
    tallies = list(counts.tallies.items())
    return [*_counters(tallies), _tokens(tallies), *_histograms(tallies), _errors(counts), _fallbacks(counts)]


type _Tallies = Iterable[tuple[Labels, Tally]]


def _counters(tallies: _Tallies) -> Iterator[Metric]:
    for name, (meaning, value) in COUNTERS.items():
        family = CounterMetricFamily(name, meaning, labels=LABELS)
        for labels, tally in tallies:
            family.add_metric(labels, value(tally))
        yield family


def _tokens(tallies: _Tallies) -> Metric:
    meaning = "Tokens, each under one type: cached and written ones are not in input, reasoning is not in output."
    family = CounterMetricFamily("llm_tokens", meaning, labels=(*LABELS, "token_type"))
    for labels, tally in tallies:
        for kind, count in zip(TOKEN_TYPES, tally.tokens, strict=True):
            if count:
                family.add_metric((*labels, kind), count)
    return family


def _histograms(tallies: _Tallies) -> Iterator[Metric]:
    for name, (meaning, read) in HISTOGRAMS.items():
        family = HistogramMetricFamily(name, meaning, labels=LABELS)
        for labels, tally in tallies:
            buckets = read(tally)
            if any(counts := list(buckets.counts)):
                family.add_metric(labels, _cumulative(buckets.bounds, counts), buckets.sum)
        yield family


def _cumulative(bounds: Sequence[float], counts: Iterable[int]) -> list[tuple[str, float]]:
    names = (*(str(float(bound)) for bound in bounds), "+Inf")
    return list(zip(names, accumulate(counts), strict=True))


def _errors(counts: Counts) -> Metric:
    meaning = "Calls that did not end well; refused: a policy did not let it go, so that no provider failed."
    family = CounterMetricFamily("llm_errors", meaning, labels=(*LABELS, "error_class", "status_code", "refused"))
    for (labels, failure), count in list(counts.failures.items()):
        family.add_metric((*labels, *failure), count)
    return family


def _fallbacks(counts: Counts) -> Metric:
    meaning = "Attempts that were made elsewhere than the client asked, by who was asked."
    family = CounterMetricFamily("llm_fallbacks", meaning, labels=(*LABELS, "requested_provider"))
    for (labels, requested), count in list(counts.fallbacks.items()):
        family.add_metric((*labels, requested), count)
    return family
