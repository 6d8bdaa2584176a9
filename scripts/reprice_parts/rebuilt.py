"""A stored row as the call that it was: what decided its price then, out of what the row kept; it prices nothing.

The usage object tells what was used. What stood beside it (fees, and tokens that were counted here) stands in the
charges. How much of the usage had been seen is not stored: it follows from the ending, the status and the charges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from llmobs.attempt import UNKNOWN
from llmobs.dialect import Dialect, Fee, Json, Reading, number, read
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.facts import OF_TEXT
from llmobs.failure import FAILED
from llmobs.invoice import Call
from llmobs.lines import apart
from llmobs.pricing import Aborted, Billing, PriceBook, Provider, Route
from llmobs.units import UNITS, Quantities, Side
from llmobs.wire.lazy import value

# Nothing that is seen is missing in these.
_WHOLE = (CostStatus.EXACT, CostStatus.PROVIDER_REPORTED)
# Says that something was counted, where the count itself is no longer needed.
_COUNTED: Quantities = {"output": 0}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from: its provider, the route of its path by now, and the dialect of its answer."""

    provider: Provider
    route: Route | None
    dialect: Dialect


def origin(book: PriceBook, row: Event) -> Origin | None:
    """None where no price file names the provider any more."""
    provider = book.providers.get(row.provider or "")
    if provider is None:
        return None
    route = book.route(provider, row.method, row.path)
    dialect = DIALECTS.get(route.dialect or "", UNKNOWN) if route else UNKNOWN
    return Origin(provider, route, _of_line(dialect, row) if _is_line(dialect, row) else dialect)


def rebuilt(row: Event, at: Origin) -> Call | None:
    """The call of a row; None where its cost does not come from prices, or too little of it is stored."""
    usage, free = _usage(row), at.route is not None and at.route.free
    if row.cost_status is CostStatus.PENDING or _settled(row) or _lost(row, at.dialect):
        return None
    if not free and usage is None and not row.charges and row.cost_status is not CostStatus.NOT_BILLED:
        return None
    names = tuple(dict.fromkeys(name for name in (row.response_model, row.request_model, row.model) if name))
    told = read(at.dialect, usage, names[0] if names else None) if usage is not None else []
    opening = _opening(row, at.dialect, told)
    return Call(
        provider=at.provider,
        dialect=at.dialect,
        at=row.started_at,
        models=names,
        usage=usage,
        complete=_complete(row, at.dialect, usage, opening),
        opening=opening,
        estimate=_estimate(row, told, opening),
        fees=_fees(row, at.dialect, usage, told),
        tier=row.service_tier,
        region=row.region,
        variant=row.variant,
        cut=_cut(row, at.provider),
        free=free,
        billing=Billing.SUBSCRIPTION if _planned(row) else at.route.billing if at.route else None,
    )


def _is_line(dialect: Dialect, row: Event) -> bool:
    """Whether the call came within another answer: a line of a batch, or what is listed under a name of its own."""
    if dialect.results is None or row.job_id is None:
        return False
    own = dialect.results.model
    return row.job_id.startswith(f"{row.results_id}/") or bool(own and row.request_model == own)


def _of_line(dialect: Dialect, row: Event) -> Dialect:
    assert dialect.results is not None
    tried = [apart(name, batch=dialect.batch) for name in dialect.results.dialects]
    return next((found for found in tried if read(found, _usage(row) or {})), tried[0])


def _usage(row: Event) -> dict[str, Json] | None:
    found = value(row.usage.encode()) if row.usage else None
    if isinstance(found, str):  # one that no table took as it was
        found = value(found.encode())
    return found if isinstance(found, dict) else None


def _planned(row: Event) -> bool:
    return row.cost_status is CostStatus.NOT_BILLED


def _settled(row: Event) -> bool:
    """It costs nothing whatever the prices are: it failed, is free, or its results carry the cost."""
    return _planned(row) and row.list_cost_usd == 0 and row.price_version is None


def _lost(row: Event, dialect: Dialect) -> bool:
    """A plan pays, so there are no charges, and the list cost may hold fees that only they could tell."""
    unknown = row.list_cost_usd is None and (row.input_tokens or row.output_tokens)
    if not _planned(row) or unknown:
        return False
    return bool(dialect.asked) or any(not _in_usage(fee) for fee in dialect.fees)


def _in_usage(fee: Fee) -> bool:
    return fee.field.startswith("usage.") and not fee.items


def _side(quantities: Mapping[str, int | Decimal], side: Side) -> Quantities:
    return {unit: n for unit, n in quantities.items() if UNITS[unit].side is side}


def _summed(pairs: list[tuple[str, int | Decimal]]) -> Quantities:
    found: Quantities = {}
    for unit, n in pairs:
        found[unit] = found.get(unit, 0) + n
    return found


def _charged(row: Event) -> Quantities:
    """What the charges count; of a plan, what its tokens tell."""
    if not _planned(row):
        return _summed([(line.unit, line.quantity) for line in row.charges if line.unit != "adjustment"])
    return {unit: n for unit, n in (("input", row.input_tokens), ("output", row.output_tokens)) if n}


def _read(told: list[Reading]) -> Quantities:
    return _summed([pair for reading in told for pair in reading.quantities.items()])


def _opening(row: Event, dialect: Dialect, told: list[Reading]) -> bool:
    """Only the opening of a stream told usage: what is charged as output is not what the usage says."""
    if not dialect.opening_roots or not told or row.cost_status in _WHOLE:
        return False
    said, charged = _side(_read(told), Side.OUTPUT), _side(_charged(row), Side.OUTPUT)
    return sum(said.values()) != sum(charged.values())


def _complete(row: Event, dialect: Dialect, usage: Mapping[str, Json] | None, opening: bool) -> bool:
    if row.cost_status in _WHOLE:
        return True
    if usage is None:
        return row.outcome is Outcome.OK and row.operation not in OF_TEXT
    # Where a pattern marks the last usage of an answer, one that was cut may have had more to come.
    return not opening and (row.outcome is Outcome.OK or dialect.final is None)


def _estimate(row: Event, told: list[Reading], opening: bool) -> Quantities | None:
    """What was counted here, where the usage does not tell it."""
    tokens = {unit: n for unit, n in _charged(row).items() if UNITS[unit].side is not Side.FEE}
    if not told:
        return tokens or None
    if opening:
        return _side(tokens, Side.OUTPUT) or None
    return _COUNTED if row.cost_status is CostStatus.ESTIMATED else None


def _fees(row: Event, dialect: Dialect, usage: Mapping[str, Json] | None, told: list[Reading]) -> Quantities:
    """What is charged beside the usage: all fees less those that the usage tells, and less that of the price list."""
    if _planned(row):
        found = {fee.unit: number({"usage": usage}, fee.field) for fee in dialect.fees if _in_usage(fee)}
        return {unit: n for unit, n in found.items() if n}
    by_list = {line.unit for line in row.charges if line.unit == "request" and line.rate_usd is not None}
    charged = {unit: n for unit, n in _side(_charged(row), Side.FEE).items() if unit not in by_list}
    main, rest = (told[0].quantities if told else {}), _read(told[1:])
    beside = {unit: n - rest.get(unit, 0) for unit, n in charged.items()}
    return {unit: n for unit, n in beside.items() if n > 0 and n != main.get(unit)}


def _cut(row: Event, provider: Provider) -> bool:
    """More was billed than was seen; where a price was missing, the ending decides it as it did then."""
    if row.cost_status is not CostStatus.UNPRICED:
        return row.cost_status is CostStatus.PARTIAL
    if row.status_code is not None and row.status_code >= FAILED:  # a refusal that is billed, and has a prompt only
        return False
    in_full = row.status_code is None or provider.aborted is Aborted.FULL
    left = row.outcome is Outcome.CLIENT_ABORTED and in_full
    return left or row.outcome in (Outcome.ERROR, Outcome.UPSTREAM_ABORTED)
