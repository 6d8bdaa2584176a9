"""The record everything meets at: one upstream attempt with its charges, as a row, a JSON line and a table definition.

It does not know where its figures come from, nor which file or database they go to.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

# Enough for the smallest listed rate (1e-8 USD a token) times any count, exactly; amounts are rounded to it once.
USD_SCALE = 15
USD_TYPE = f"DECIMAL(38, {USD_SCALE})"


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


# column -> (DuckDB type, meaning); the order is the table's. Record and table are compared by a test.
COLUMNS: dict[str, tuple[str, str]] = {
    "event_id": ("VARCHAR", "our own id of the attempt"),
    "started_at": ("TIMESTAMP", "first byte of the request, UTC"),
    "host": ("VARCHAR", "host that was asked"),
    "path": ("VARCHAR", "path without the query string"),
    "method": ("VARCHAR", "HTTP method"),
    "status_code": ("SMALLINT", "HTTP status; NULL where no answer came"),
    "streamed": ("BOOLEAN", "the answer was a stream of events"),
    "provider": ("VARCHAR", "provider in OpenTelemetry GenAI words"),
    "operation": ("VARCHAR", "`chat`, `text_completion`, `embeddings` ...; NULL on a path that is not known"),
    "request_model": ("VARCHAR", "model that was asked for"),
    "response_model": ("VARCHAR", "model that answered"),
    "model": ("VARCHAR", "entry of pricing.yaml that was used; NULL where none fits"),
    "outcome": ("VARCHAR", "`ok`, `error`, `client_aborted`, `upstream_aborted`, `interrupted`"),
    "error_type": ("VARCHAR", "the provider's error type, or ours"),
    "input_tokens": ("BIGINT", "all input tokens, cached and written ones included"),
    "cached_input_tokens": ("BIGINT", "of those, read from a cache"),
    "cache_write_tokens": ("BIGINT", "of those, written to a cache"),
    "output_tokens": ("BIGINT", "all output tokens, reasoning included"),
    "reasoning_tokens": ("BIGINT", "of those, spent on reasoning"),
    "charges": (
        f"STRUCT(unit VARCHAR, quantity DECIMAL(24, 6), rate_usd {USD_TYPE}, per BIGINT, amount_usd {USD_TYPE})[]",
        "the invoice lines, in disjoint units",
    ),
    "cost_usd": (USD_TYPE, "sum of the charges; NULL where unknown"),
    "list_cost_usd": (
        USD_TYPE,
        "what it costs at list price; differs from `cost_usd` where a plan, the provider or the cache decides on it",
    ),
    "cost_status": (
        "VARCHAR",
        "`exact`, `provider_reported`, `estimated`, `partial`, `unpriced`, `not_billed`, `pending`",
    ),
    "usage": ("JSON", "the provider's usage object as it was sent"),
    "price_version": ("VARCHAR", "price entry that was used: `provider/model`, with `@from` where it is dated"),
    "service_tier": ("VARCHAR", "tier that was served"),
    "response_id": ("VARCHAR", "the provider's id of the answer"),
    "latency_ms": (
        "DOUBLE",
        "request start to last byte; of a job, from its first request to the end of the answer that tells its result",
    ),
    "ttft_ms": ("DOUBLE", "request start to first body byte; of a job, of that answer"),
    "request_bytes": ("BIGINT", "body bytes sent"),
    "response_bytes": ("BIGINT", "body bytes received, as encoded"),
    "api_key_id": ("VARCHAR", "salted hash and last four characters of the key; of a short key the hash alone"),
    "client": ("VARCHAR", "product of the User-Agent"),
    "customer_id": ("VARCHAR", "on whose behalf: proxy user name, `X-LLMObserve-Customer-ID` or baggage"),
    "run_id": ("VARCHAR", "run that it belongs to, in the same ways"),
    "job_id": (
        "VARCHAR",
        "the provider's id of work that goes on after its request: one row for each id, however often it is asked for",
    ),
    "results_id": (
        "VARCHAR",
        "where the results of a batch are, its output file or the batch itself: the same for its lines",
    ),
    "region": ("VARCHAR", "region that decides the price, where one is told"),
    "variant": ("VARCHAR", "what else decides the price: quality and size of a picture, depth of a search"),
    "api_key_name": ("VARCHAR", "what `keys` of the policy file calls the key"),
    "section": ("VARCHAR", "part of the program that called, the outermost first: `agent:research/tool:web_search`"),
    "trace_id": ("VARCHAR", "W3C trace that the call belongs to, 32 hex digits"),
    "span_id": ("VARCHAR", "span that made the call, 16 hex digits: as the client says, else from `traceparent`"),
    "parent_span_id": ("VARCHAR", "span around that one"),
    "tags": ("JSON", "any other words of the caller, as an object of texts"),
    "feature_version": ("VARCHAR", "from `X-LLMObserve-Feature-Version`"),
    "prompt_version": ("VARCHAR", "from `X-LLMObserve-Prompt-Version`"),
    "experiment_id": ("VARCHAR", "from `X-LLMObserve-Experiment-ID`"),
    "variant_id": ("VARCHAR", "from `X-LLMObserve-Variant-ID`"),
    "client_skew_ms": ("DOUBLE", "the client's clock less ours; NULL where it sends no timestamp"),
    "provider_skew_ms": ("DOUBLE", "the provider's clock less ours, to the second that its `Date` tells"),
    "request_id": ("VARCHAR", "SHA-256 of method, URL without its key, and body: the same for equal requests"),
    "attempt": ("INTEGER", "1, or how many times this was tried with this attempt"),
    "retry_of": ("VARCHAR", "`event_id` of the attempt that this one repeats, where it passed here"),
    "error_class": ("VARCHAR", "`transient` (may succeed when repeated), `user` (must be changed), `system`"),
    "rate_limits": ("JSON", "what the provider says is left of its limits, and when to come back"),
    "policy": ("VARCHAR", "policy that answered in the provider's place, or changed the call, with its name"),
    "requested_provider": ("VARCHAR", "provider that the client asked, where another one was asked in its place"),
    "reason": (
        "VARCHAR",
        "why the policy did so; of an answer from the cache the `event_id` of the call that paid for it",
    ),
    "breaker": ("VARCHAR", "circuit breaker of the host after the call: `closed`, `open`, `half_open`"),
    "content": ("JSON", "request and answer, where the policy file asks to keep them"),
}


# Encoders are built once: a line is made on the proxy's event loop.
_ENCODER = msgspec.json.Encoder(decimal_format="string")
_DECODER = msgspec.json.Decoder(Event)


def to_json(event: Event) -> bytes:
    """One line of JSON text, without a newline; decimals and times are exact, as text."""
    try:
        return _ENCODER.encode(event)
    except UnicodeEncodeError:
        return _ENCODER.encode(_encodable(event))


def from_json(line: bytes) -> Event:
    """The event that `to_json` wrote, also by an older version; raises ValueError where it is none."""
    return _DECODER.decode(line)


def to_row(event: Event) -> tuple[object, ...]:
    """The table row of an event, in the order of COLUMNS; times are naive UTC, as DuckDB's TIMESTAMP wants them."""
    row = list(_VALUES(event))
    for at, cell in _CELLS:
        row[at] = cell(row[at])
    return tuple(row)


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


def _encodable(event: Event) -> Event:
    """Half a surrogate pair, which JSON may smuggle in, becomes its escape: no encoder and no database takes it."""
    changes: dict[str, Any] = {
        name: value.encode("utf-8", "backslashreplace").decode()
        for name, value in zip(COLUMNS, _VALUES(event), strict=True)
        if type(value) is str
    }
    return structs.replace(event, **changes)
