"""The record everything meets at: one upstream attempt with its charges, as a row, a JSON line and a table definition.

It does not know where its figures come from, nor which file or database they go to.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from llmobs.columns import COLUMNS


class Outcome(StrEnum):
    """How an attempt ended."""

    OK = "ok"
    ERROR = "error"
    CLIENT_ABORTED = "client_aborted"
    UPSTREAM_ABORTED = "upstream_aborted"
    INTERRUPTED = "interrupted"


class CostStatus(StrEnum):
    """How the cost of an attempt is known."""

    EXACT = "exact"
    PROVIDER_REPORTED = "provider_reported"
    ESTIMATED = "estimated"
    PARTIAL = "partial"
    UNPRICED = "unpriced"
    NOT_BILLED = "not_billed"
    PENDING = "pending"


class Charge(NamedTuple):
    """One line of the invoice: `amount_usd` = `quantity` x `rate_usd` / `per`; both USD are None where unpriced."""

    unit: str
    quantity: Decimal
    rate_usd: Decimal | None
    per: int
    amount_usd: Decimal | None


# A struct is made, changed and written in a tenth of a dataclass's time, on the event loop twice for each call. What is
# not known takes no room in a line.
class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One upstream attempt. Times are UTC, money is USD, `usage` is the provider's own object as JSON text.

    `cost_usd` is the sum of the charges' amounts, None where unknown. `list_cost_usd` is what the tokens cost at
    list price, also where a subscription or a provider-reported cost decides what is paid.
    """

    event_id: str
    started_at: datetime
    host: str
    path: str
    method: str
    status_code: int | None = None
    streamed: bool = False
    provider: str | None = None
    operation: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    model: str | None = None
    outcome: Outcome = Outcome.OK
    error_type: str | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    charges: tuple[Charge, ...] = ()
    cost_usd: Decimal | None = None
    list_cost_usd: Decimal | None = None
    cost_status: CostStatus = CostStatus.UNPRICED
    usage: str | None = None
    price_version: str | None = None
    service_tier: str | None = None
    response_id: str | None = None
    latency_ms: float | None = None
    ttft_ms: float | None = None
    request_bytes: int | None = None
    response_bytes: int | None = None
    api_key_id: str | None = None
    client: str | None = None
    customer_id: str | None = None
    run_id: str | None = None
    job_id: str | None = None
    results_id: str | None = None
    region: str | None = None
    variant: str | None = None
    api_key_name: str | None = None
    section: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    tags: str | None = None
    feature_version: str | None = None
    prompt_version: str | None = None
    experiment_id: str | None = None
    variant_id: str | None = None
    client_skew_ms: float | None = None
    provider_skew_ms: float | None = None
    request_id: str | None = None
    attempt: int | None = None
    retry_of: str | None = None
    error_class: str | None = None
    rate_limits: str | None = None
    policy: str | None = None
    requested_provider: str | None = None
    reason: str | None = None
    breaker: str | None = None
    content: str | None = None


# Encoders are built once: a line is made on the proxy's event loop.
_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODER = msgspec.json.Decoder(Event)


def to_json(event: Event) -> bytes:
    """One line of JSON text, without a newline; decimals and times are exact, as text."""
    try:
        return _ENCODER.encode(event)
    except UnicodeEncodeError:
        return _ENCODER.encode(encodable(event))


def from_json(line: bytes) -> Event:
    """The event that `to_json` wrote, also by an older version; raises ValueError where it is none."""
    return _DECODER.decode(line)


def to_row(event: Event) -> tuple[object, ...]:
    """The table row of an event, in the order of COLUMNS; times are naive UTC, as DuckDB's TIMESTAMP wants them."""
    row = list(_VALUES(event))
    for at, cell in _CELLS:
        row[at] = cell(row[at])
    return tuple(row)


def from_row(names: Sequence[str], row: Sequence[object]) -> Event:
    """The event that a row of the table was made of, by the names of its columns; what is left out is the default."""
    found: dict[str, Any] = dict(zip(names, row, strict=True))
    found["started_at"] = found["started_at"].replace(tzinfo=UTC)
    found["outcome"], found["cost_status"] = Outcome(str(found["outcome"])), CostStatus(str(found["cost_status"]))
    found["charges"] = tuple(Charge(**charge) for charge in found["charges"] or ())
    return Event(**found)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _structs(charges: tuple[Charge, ...]) -> list[dict[str, object]]:
    return [charge._asdict() for charge in charges]


_VALUES = attrgetter(*COLUMNS)
_AT = {name: at for at, name in enumerate(COLUMNS)}
_CELLS: tuple[tuple[int, Callable[[Any], object]], ...] = (
    (_AT["started_at"], _naive),
    (_AT["outcome"], str),
    (_AT["cost_status"], str),
    (_AT["charges"], _structs),
)


def encodable(event: Event) -> Event:
    """Half a surrogate pair, which JSON may smuggle in, becomes its escape: no encoder and no database takes it."""
    changes: dict[str, Any] = {
        name: value.encode("utf-8", "backslashreplace").decode()
        for name, value in zip(COLUMNS, _VALUES(event), strict=True)
        if type(value) is str
    }
    return structs.replace(event, **changes)
