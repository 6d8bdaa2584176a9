"""The figures as text in the format that whoever asks prefers; it does not know HTTP, nor where state is found."""

from collections.abc import Callable, Iterator
from datetime import date

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from llmobs.metrics import families, standing
from llmobs.metrics.counts import Counts
from llmobs.metrics.overhead import Overhead
from llmobs.metrics.state import State


class Exposition(Collector):
    """One registry of its own: what else runs in this process neither sees it nor adds to it."""

    def __init__(self, counts: Counts, overhead: Overhead, state: Callable[[], State]) -> None:
        self._counts = counts
        self._overhead = overhead
        self._state = state
        self._registry = CollectorRegistry()
        self._registry.register(self)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked for before it is wanted."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every family, as the registry asks for it."""
        yield from families.families(self._counts)
        yield from standing.families(self._state(), self._overhead)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """The figures, and the content type that they are in: OpenMetrics where that is accepted."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def catalogue() -> Iterator[tuple[str, str, str]]:
    """Every family of ours: the name that is asked for, its type, what it tells."""
    exposition = Exposition(Counts(), Overhead(), lambda: State(prices_updated=date.min))
    for family in exposition.collect():
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        yield f"{family.name}{suffix}", family.type, family.documentation
