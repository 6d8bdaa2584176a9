"""The figures of calls that have the same labels; plain numbers, as they are counted while the proxy waits."""

from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Decimal

from llmobs.event import CostStatus, Event
from llmobs.retries.links import SKIPPED

# From an answer out of a near cache to a model that thinks for ten minutes.
LATENCY_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
TTFT_S = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60)
CACHE = "cache"
# A token has one of these types, so that they add up; the columns of the table tell input and output as a whole.
TOKEN_TYPES = ("input", "cached_input", "cache_write", "output", "reasoning")


@dataclass(slots=True)
class Buckets:
    """A histogram in seconds: how many values fell under each bound and above the last, and their sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, milliseconds: float) -> None:
        """Count a value; a clock that was set back gives none below zero."""
        seconds = max(milliseconds, 0.0) / 1000
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds


@dataclass(slots=True)
class Tally:
    """Counts, sums and histograms of one set of labels."""

    requests: int = 0
    retries: int = 0
    skipped_retries: int = 0
    cached_answers: int = 0
    unpriced: int = 0
    cost_usd: Decimal = Decimal(0)
    list_cost_usd: Decimal = Decimal(0)
    tokens: list[int] = field(default_factory=lambda: [0] * len(TOKEN_TYPES))
    latency: Buckets = field(default_factory=lambda: Buckets(LATENCY_S))
    ttft: Buckets = field(default_factory=lambda: Buckets(TTFT_S))

    def row(self, event: Event) -> None:
        """Count a row, of which there is one for each call."""
        self.requests += 1
        self.retries += event.retry_of is not None
        self.skipped_retries += event.policy == SKIPPED
        self.cached_answers += event.policy == CACHE

    def bill(self, event: Event) -> None:
        """Add what a call used and cost; an unknown cost adds nothing, and is counted as such."""
        if event.cost_usd is not None:
            self.cost_usd += event.cost_usd
        elif event.cost_status is not CostStatus.PENDING:
            self.unpriced += 1
        if event.list_cost_usd is not None:
            self.list_cost_usd += event.list_cost_usd
        if event.input_tokens is not None or event.output_tokens is not None:
            self._tokens(event)

    def _tokens(self, event: Event) -> None:
        cached, written, reasoning = (
            event.cached_input_tokens or 0,
            event.cache_write_tokens or 0,
            event.reasoning_tokens or 0,
        )
        counts = self.tokens
        counts[0] += max((event.input_tokens or 0) - cached - written, 0)
        counts[1] += cached
        counts[2] += written
        counts[3] += max((event.output_tokens or 0) - reasoning, 0)
        counts[4] += reasoning

    def time(self, event: Event) -> None:
        """Add how long the provider took."""
        if event.latency_ms is not None:
            self.latency.add(event.latency_ms)
        if event.ttft_ms is not None:
            self.ttft.add(event.ttft_ms)
