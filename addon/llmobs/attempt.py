"""One upstream attempt from its first header to its event: gathers the facts, draws the invoice, states the row.

It does not know mitmproxy, bytes on the wire, files or databases.
"""

from dataclasses import dataclass

import msgspec
from msgspec import structs

from llmobs import failure
from llmobs.dialect import Dialect, read
from llmobs.estimate import estimate
from llmobs.event import Event, Outcome
from llmobs.facts import Facts
from llmobs.invoice import Call, Invoice, draw
from llmobs.meter import Known
from llmobs.pricing import Aborted
from llmobs.units import Quantities, Side, total

_JSON = msgspec.json.Encoder(decimal_format="number")
# A path that no route knows: its usage is kept as it came, and nothing is counted.
UNKNOWN = Dialect("unknown", usage=("usage", "usageMetadata", "meta.billed_units"), counts=(), operation="")


@dataclass(slots=True, kw_only=True)
class Attempt(Facts):
    """The facts of one attempt; `event` states them as a row."""

    def event(self, outcome: Outcome, error_type: str | None = None, *, guess: bool = True) -> Event:
        """The row, as far as it is known; may be asked for again. Without `guess` nothing is estimated."""
        words = self.words()
        error = next(iter(words), None) or error_type or self.refusal or self.trouble
        # A client may hang up on a refusal whose status told it enough.
        left_a_refusal = outcome is Outcome.CLIENT_ABORTED and self.refused
        if left_a_refusal or (outcome is Outcome.OK and (self.refused or words or self.failed(outcome))):
            state = self.meter.job_state if self.job_failed else None
            outcome, error = Outcome.ERROR, error or state or str(self.status_code)
        call = self._call(outcome, guess=guess)
        row = self._row(call, draw(self.book, call), outcome, error)
        kind = failure.error_class(outcome, self.status_code, (*words, error) if error else words)
        return structs.replace(row, error_class=kind) if kind else row

    def expect(self, used: Quantities) -> Invoice:
        """What the call would cost that is about to go, if it used so much."""
        call = structs.replace(self._call(Outcome.OK, guess=False), estimate=used, complete=False, served=True)
        return draw(self.book, call)

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
        request, usage = self.request(), self.meter.usage or {}
        return {asked.unit: request.quantity(asked, usage) for asked in self.dialect.asked}

    def _cut(self, outcome: Outcome) -> bool:
        """Whether more was billed than can be seen from here; what was refused has a prompt only."""
        if self.refused:
            return False
        in_full = self.status_code is None or self.provider.aborted is Aborted.FULL
        left = outcome is Outcome.CLIENT_ABORTED and in_full
        return left or outcome in (Outcome.ERROR, Outcome.UPSTREAM_ABORTED)

    def _variant(self) -> str | None:
        """What else decides the price, from the answer or else from the request."""
        told = zip(self.dialect.variant, self.meter.variants, strict=True)
        parts = [said or self.request().text(part.fields) or part.default for part, said in told]
        return "/".join(parts) if any(parts) else None

    def _estimate(self) -> Quantities | None:
        answered = () if self.refused else self.meter.kept
        return estimate(self.dialect, self.asked, answered, self.meter.model or self.request_model or "")

    def _row(self, call: Call, invoice: Invoice, outcome: Outcome, error: str | None) -> Event:
        began = self.opening.started_at.timestamp()
        tokens_of = invoice.tokens.get
        limits, job_id = self.told_limits(), self.job_id
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
            job_id=job_id,
            results_id=self.meter.results_id if job_id else None,
            region=call.region,
            variant=call.variant,
            policy=self.policy,
            reason=self.reason,
            requested_provider=self.requested_provider,
            rate_limits=_JSON.encode(limits).decode() if limits else None,
        )
