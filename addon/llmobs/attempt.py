"""One upstream attempt from its first header to its event: gathers the facts, draws the invoice, states the row.

It does not know mitmproxy, bytes on the wire, files or databases.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import structs

from llmobs.dialect import Dialect, Proto, read
from llmobs.estimate import estimate
from llmobs.event import Event, Outcome
from llmobs.invoice import Call, Invoice, draw
from llmobs.meter import Known, Meter
from llmobs.pricing import Aborted, Billing, PriceBook, Provider, Route
from llmobs.request import Request
from llmobs.units import Quantities, Side, total
from llmobs.wire.grpc import Grpc
from llmobs.wire.lazy import fields, value
from llmobs.wire.protobuf import to_json

FAILED = 400
_JSON = msgspec.json.Encoder(decimal_format="number")
# Operations whose cost is that of text alone, so that a tokenizer can stand in for a missing usage object.
OF_TEXT = ("chat", "text_completion", "embeddings")
# The model in a body that is no whole JSON text: cut JSON, or a multipart form.
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"|name="?model"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,200})\r\n')
# A path that no route knows: its usage is kept as it came, and nothing is counted.
UNKNOWN = Dialect("unknown", usage=("usage", "usageMetadata", "meta.billed_units"), counts=(), operation="")


@dataclass(slots=True, kw_only=True)
class Attempt:
    """The facts of one attempt, filled in as they are seen; `event` states them as a row.

    refusal: the provider's word for why it did nothing, where the HTTP status does not tell.
    waits: a rule may yet lead it elsewhere; then it is no attempt, and leaves no row.
    policy, reason: the rule of the policy file that answered or led it elsewhere, and why.
    silent: it looks up what another attempt began, and makes no row of its own unless it tells of a job.
    """

    opening: Event
    book: PriceBook
    provider: Provider
    route: Route | None
    dialect: Dialect
    meter: Meter
    silent: bool = False
    waits: bool = False
    billing: Billing | None = None
    region: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    asked: bytes = b""
    sent: bool = False
    request_model: str | None = None
    status_code: int | None = None
    tier: str | None = None
    served_model: str | None = None
    streamed: bool = False
    request_bytes: int = 0
    response_bytes: int = 0
    ended_at: float | None = None
    first_byte_at: float | None = None
    trouble: str | None = None
    refusal: str | None = None
    policy: str | None = None
    reason: str | None = None
    requested_provider: str | None = None
    breaker: str | None = None

    def ask(self, body: bytes, sent: int) -> None:
        """Take the decoded request body (or as much of it as is kept) and how many bytes were sent."""
        self.sent = True
        self.request_bytes = sent
        self.asked = body if self.dialect.proto is None else _first_message(body, self.dialect.proto)
        named = self.route.model if self.route else None
        if named is None and self.dialect.asked_model:
            named = self._request().text(self.dialect.asked_model)
        self.request_model = named or _model(self.asked) or self.query.get("model") or self.request_model

    @property
    def job_id(self) -> str | None:
        """The id of work that goes on after its request; where the answer does not repeat it, the URL has it."""
        meter, job = self.meter, self.dialect.job
        if job is None or self._refused:
            return self.opening.job_id
        return meter.job_id or (self.route.object_id if self.route and meter.job_state else None)

    @property
    def pending(self) -> bool:
        """The work goes on; what it costs is told by a later answer, or line by line by its results."""
        job = self.dialect.job
        state = self.meter.job_state or ""
        if job is None or self.job_id is None or state in job.failed | job.free or self.failed(Outcome.OK):
            return False
        return state not in job.done or (self.dialect.batch and self.meter.usage is None)

    @property
    def _refused(self) -> bool:
        return self.status_code is not None and self.status_code >= FAILED

    def failed(self, outcome: Outcome) -> bool:
        """No answer came, or one that says that nothing was done; who does not wait for an answer is charged for it."""
        if self.status_code is None:
            return not (self.sent and outcome is Outcome.CLIENT_ABORTED)
        if self.refusal is not None and self.meter.usage is None:
            return True
        return self._refused or self._job_failed

    @property
    def _job_failed(self) -> bool:
        """The work ended at no cost."""
        job, state = self.dialect.job, self.meter.job_state
        if job is None or self.job_id is None:
            return False
        told = self.meter.usage is not None
        return state in job.free or (not told and (state in job.failed or self.meter.error is not None))

    def complete(self, outcome: Outcome) -> bool:
        """Whether the usage that was seen is the last one of the answer, or there is none to be expected."""
        known = self.meter.known
        unmetered = known is Known.NOTHING and self.opening.operation not in OF_TEXT
        return known is Known.FINAL or (outcome is Outcome.OK and (known is Known.RUNNING or unmetered))

    def guesses(self, outcome: Outcome) -> bool:
        """Whether `event` has to count tokens of text, which takes too long for an event loop."""
        return self.opening.operation in OF_TEXT and not (
            self.pending or self.failed(outcome) or self.complete(outcome)
        )

    def event(self, outcome: Outcome, error_type: str | None = None, *, guess: bool = True) -> Event:
        """The row, as far as it is known; may be asked for again. Without `guess` nothing is estimated."""
        error = self.meter.error or error_type or self.refusal or self.trouble
        if outcome is Outcome.OK and (self.failed(outcome) or self.meter.error):
            state = self.meter.job_state if self._job_failed else None
            outcome, error = Outcome.ERROR, error or state or str(self.status_code)
        call = self._call(outcome, guess=guess)
        return self._row(call, draw(self.book, call), outcome, error)

    def _call(self, outcome: Outcome, *, guess: bool) -> Call:
        meter = self.meter
        names = tuple(filter(None, (meter.model, self.served_model, self.request_model)))
        return Call(
            provider=self.provider,
            dialect=self.dialect,
            at=self.opening.started_at,
            models=tuple(dict.fromkeys(names)) or tuple(filter(None, (self.dialect.default_model,))),
            usage=meter.usage,
            complete=self.complete(outcome),
            opening=meter.known is Known.OPENING,
            estimate=self._estimate() if guess and self.guesses(outcome) else None,
            fees=meter.fees,
            asked=self._asked() if self.dialect.asked else {},
            tier="batch" if self.dialect.batch else meter.tier or self.tier,
            region=self.region or meter.region,
            variant=self._variant() if self.dialect.variant else None,
            billing=self.billing,
            served=not self.failed(outcome),
            pending=self.pending,
            cut=self._cut(outcome),
            free=meter.test or (self.route is not None and self.route.free) or self._declined(),
        )

    def _declined(self) -> bool:
        """Whether the model refused before it wrote anything, which the provider does not bill."""
        if not self.meter.declined or self.meter.usage is None:
            return False
        return not any(total(r.quantities, Side.OUTPUT) for r in read(self.dialect, self.meter.usage))

    def _asked(self) -> Quantities:
        """What only the request tells."""
        request, usage = self._request(), self.meter.usage or {}
        return {asked.unit: request.quantity(asked, usage) for asked in self.dialect.asked}

    def _cut(self, outcome: Outcome) -> bool:
        """Whether more was billed than can be seen from here."""
        in_full = self.status_code is None or self.provider.aborted is Aborted.FULL
        left = outcome is Outcome.CLIENT_ABORTED and in_full
        return left or outcome in (Outcome.ERROR, Outcome.UPSTREAM_ABORTED)

    def _variant(self) -> str | None:
        """What else decides the price, from the answer or else from the request."""
        told = zip(self.dialect.variant, self.meter.variants, strict=True)
        parts = [said or self._request().text(part.fields) or part.default for part, said in told]
        return "/".join(parts) if any(parts) else None

    def _request(self) -> Request:
        return Request(self.asked, self.query)

    def _estimate(self) -> Quantities | None:
        return estimate(self.dialect, self.asked, self.meter.kept, self.meter.model or self.request_model or "")

    def _row(self, call: Call, invoice: Invoice, outcome: Outcome, error: str | None) -> Event:
        began = self.opening.started_at.timestamp()
        tokens_of = invoice.tokens.get
        return structs.replace(
            self.opening,
            outcome=outcome,
            error_type=error,
            status_code=self.status_code,
            streamed=self.streamed,
            request_model=self.request_model,
            response_model=self.meter.model or self.served_model,
            model=invoice.model,
            input_tokens=tokens_of("input_tokens"),
            cached_input_tokens=tokens_of("cached_input_tokens"),
            cache_write_tokens=tokens_of("cache_write_tokens"),
            output_tokens=tokens_of("output_tokens"),
            reasoning_tokens=tokens_of("reasoning_tokens"),
            charges=invoice.charges,
            cost_usd=invoice.cost_usd,
            list_cost_usd=invoice.list_cost_usd,
            cost_status=invoice.status,
            usage=None if self.meter.usage is None else _JSON.encode(self.meter.usage).decode(),
            price_version=invoice.version,
            service_tier=call.tier,
            response_id=self.meter.response_id,
            latency_ms=None if self.ended_at is None else (self.ended_at - began) * 1000,
            ttft_ms=None if self.first_byte_at is None else (self.first_byte_at - began) * 1000,
            request_bytes=self.request_bytes,
            response_bytes=self.response_bytes,
            job_id=self.job_id,
            results_id=self.meter.results_id if self.job_id else None,
            region=call.region,
            variant=call.variant,
            policy=self.policy,
            reason=self.reason,
            requested_provider=self.requested_provider,
            breaker=self.breaker,
        )


def _model(body: bytes) -> str | None:
    """The `model` of a request; by pattern where the body is a form, or was too long to keep whole."""
    raw = fields(body).get("model")
    named = value(raw) if raw else None
    if raw is None and (found := _MODEL.search(body)):
        named = (found[1] or found[2]).decode("utf-8", "replace")
    return named if isinstance(named, str) else None


def _first_message(body: bytes, proto: Proto) -> bytes:
    return next((to_json(message, proto.request) for message in Grpc().feed(body)), b"")
