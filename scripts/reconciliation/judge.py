"""What each difference is: within the tolerance or not, what it costs, and its likely cause where one can be told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from llmobs.render import plural
from llmobs.units import Quantities
from scripts.reconciliation.compare import Row, View
from scripts.reconciliation.export import TOOLS
from scripts.reconciliation.figures import COST, COUNTS, EXACT, minus
from scripts.reconciliation.names import Models

MATCHED, DIFFERS, MISSING_HERE, MISSING_THERE = "matched", "differs", "missing here", "missing there"
# Bills are printed in cents.
_HALF_A_CENT = Decimal("0.005")
_DOUBTS = {
    "unpriced": "{} unpriced here",
    "partial": "{} known in part here",
    "cut_off": "{} cut off and estimated here",
    "estimated": "{} estimated here",
    "pending": "{} not done here",
    "batches": "{} of batches whose results did not pass by",
    "subscription": "{} covered by a subscription here",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row with its state, what its difference costs (`roughly`: at list price), and why."""

    row: Row
    state: str
    usd: Decimal | None
    roughly: bool
    cause: str


def verdicts(view: View, share: Decimal, models: Models) -> list[Verdict]:
    """One for each row, the largest difference first; differences up to `share` of a figure agree."""
    found = [_verdict(view, row, share, models) for row in view.rows]
    return sorted(found, key=lambda verdict: (*_size(verdict), *map(str, verdict.row.place)))


def _size(verdict: Verdict) -> tuple[Decimal, Decimal]:
    counts = sum(abs(Decimal(verdict.row.difference(name) or 0)) for name in COUNTS)
    return -abs(verdict.usd or Decimal(0)), -Decimal(counts)


def _verdict(view: View, row: Row, share: Decimal, models: Models) -> Verdict:
    state = _state(row, [name for name in view.measures if not _agrees(row, name, share)])
    told = row.difference(COST) if COST in view.measures else _paid(row)
    roughly = told is None and (COST not in view.measures or row.there is not None)
    usd = _list_price(view, row, models) if roughly else None if told is None else Decimal(told)
    cause = "" if state == MATCHED else "; ".join(_causes(view, row))
    return Verdict(row, state, usd, roughly, cause)


def _paid(row: Row) -> Decimal | None:
    """The difference where all of it is ours and has a price: the provider's nothing less what was paid."""
    if row.there or row.paid is None or row.doubts["unpriced"]:
        return None
    return minus(Decimal(0), row.paid)


def _agrees(row: Row, measure: str, share: Decimal) -> bool:
    difference = row.difference(measure)
    if difference is None:
        return True
    larger = max(abs(Decimal(getattr(side, measure, None) or 0)) for side in (row.here, row.there))
    cents = max(_HALF_A_CENT, row.rounding) if measure == COST else Decimal(0)
    return abs(Decimal(difference)) <= max(EXACT.multiply(share, larger), cents)


def _state(row: Row, wrong: Sequence[str]) -> str:
    if not wrong:
        return MATCHED
    if row.here is None:
        return MISSING_HERE
    return MISSING_THERE if row.there is None else DIFFERS


def _list_price(view: View, row: Row, models: Models) -> Decimal | None:
    """What the tokens of a difference cost, where the export tells no cost."""
    if row.place.day is None or row.place.model is None:
        return None
    lacking = [row.difference(name) for name in COUNTS[1:]]
    more, cached, output = (int(tokens or 0) for tokens in lacking)
    tokens: Quantities = {"input": more - cached, "cached_input": cached, "output": output}
    return models.list_price(view.provider, row.place.model, row.place.day, tokens)


def _causes(view: View, row: Row) -> Iterator[str]:
    doubts = [text.format(plural(row.doubts[name], "call")) for name, text in _DOUBTS.items() if row.doubts[name]]
    yield from doubts
    measure = next((name for name in view.measures if row.difference(name) is not None), COST)
    more = row.difference(measure) or 0
    if "key" in view.by and not row.mapped:
        yield f"key {row.place.key} is not in --key-map"
    elif _around_midnight(view, row, measure):
        yield "calls around midnight UTC stand on another day"
    elif row.here is None:
        yield _unmetered(row)
    elif row.there is None:
        yield "not in the export: another account, or not settled yet"
    elif measure == COST:
        yield from () if doubts else ["the export tells no usage that would explain it"]
    elif more:
        yield _other_usage(measure, int(more))
    elif not doubts:
        yield "same calls, other cost: a discount, a tier, or a price that is out of date"


def _unmetered(row: Row) -> str:
    return "tools or storage that are not metered here" if row.place.model == TOOLS else "not through the proxy"


def _other_usage(measure: str, more: int) -> str:
    what = plural(abs(more), "call") if measure == "calls" else "usage"
    return f"{what} not through the proxy" if more > 0 else f"{what} not in the export"


def _around_midnight(view: View, row: Row, measure: str) -> bool:
    """True where the day before or after lacks what this one has too many of."""
    more = row.difference(measure)
    if not more or row.place.day is None:
        return False
    beside = [row.place._replace(day=row.place.day + timedelta(days=step)) for step in (-1, 1)]
    others = (other for other in view.rows if other.place in beside)
    return any(other.difference(measure) == -more for other in others)
