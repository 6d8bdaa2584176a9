"""Which of many events about the same job are news to a counter, which can't take back what it has counted."""

from collections.abc import Hashable
from typing import NamedTuple

from llmobs.event import CostStatus, Event

# As many as the lines of the largest batch there is. Their keys are kept as hashes, some 10 MB in all.
REMEMBERED = 131_072
_BATCH = "batch"


class News(NamedTuple):
    """Whether an event is a row of its own, and whether what it tells of usage and cost was not counted before."""

    row: bool
    bill: bool


class Jobs:
    """The jobs whose events were counted. A batch is paid either as a whole or by its lines, by what comes first."""

    def __init__(self) -> None:
        self._settled: dict[int, bool] = {}
        self._by_lines: dict[int, bool] = {}

    def news(self, event: Event) -> News:
        """What there is to count in an event about a job."""
        key = hash((event.provider, event.job_id))
        known = self._settled.get(key)
        settled = event.cost_status is not CostStatus.PENDING
        _keep(self._settled, key, known or settled)
        bill = not known and (settled or known is None)
        return News(known is None, bill and self._pays(event, settled=settled))

    def _pays(self, event: Event, *, settled: bool) -> bool:
        if event.results_id is None or not settled:
            return True
        key, is_line = hash((event.provider, event.results_id)), event.operation != _BATCH
        if event.cost_usd is not None:
            _keep(self._by_lines, key, self._by_lines.get(key, is_line))
        return self._by_lines.get(key, is_line) is is_line


def _keep[Key: Hashable, Value](known: dict[Key, Value], key: Key, value: Value) -> None:
    """Remember it as the latest; the oldest is forgotten."""
    known.pop(key, None)
    known[key] = value
    if len(known) > REMEMBERED:
        del known[next(iter(known))]
