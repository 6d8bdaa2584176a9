"""What is known of one upstream attempt, and what follows from it: whether it failed, goes on, or was told whole.

It does not know mitmproxy, bytes on the wire, nor what anything costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmobs import failure
from llmobs.content import Content
from llmobs.dialect import Dialect
from llmobs.event import Event, Outcome
from llmobs.limits import headers as rate_limits
from llmobs.limits.headers import Limits
from llmobs.meter import Known, Meter
from llmobs.pricing import Billing, PriceBook, Provider, Route
from llmobs.request import Request, first_message, model_of
from llmobs.retries.links import Signal

# Where Amazon names the type of a refusal, before the address of its definition.
_ERROR_TYPE = "x-amzn-errortype"
HTTP, HTTPS = 80, 443
# Operations whose cost is that of text alone, so that a tokenizer can stand in for a missing usage object.
OF_TEXT = ("chat", "text_completion", "embeddings")


@dataclass(slots=True, kw_only=True)
class Facts:
    """The facts of one attempt, filled in as they are seen.

    refusal: the provider's word for why it did nothing, where the HTTP status does not tell.
    silent: it looks up what another attempt began, and makes no row of its own unless it tells of a job.
    waits: a rule may yet lead it elsewhere; then it is no attempt, and leaves no row.
    held: nothing of its request goes before all of it is here.
    policy, reason: the rule of the policy file that answered or led it elsewhere, and why.
    content: collects what is kept of request and answer, where the policy file asks for it.
    said: which attempt it is, as the client's SDK says. limits: what the provider says is left of its limits.
    """

    opening: Event
    port: int = HTTPS
    book: PriceBook
    provider: Provider
    route: Route | None
    dialect: Dialect
    meter: Meter
    silent: bool = False
    waits: bool = False
    held: bool = False
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
    content: Content | None = None
    said: Signal = field(default_factory=Signal)
    limits: Limits = field(default_factory=dict)

    @property
    def authority(self) -> str:
        """The host that was called, with its port where that is not the usual one."""
        return self.opening.host if self.port in (HTTP, HTTPS) else f"{self.opening.host}:{self.port}"

    def ask(self, body: bytes, sent: int) -> None:
        """Take the decoded request body (or as much of it as is kept) and how many bytes were sent."""
        self.sent = True
        self.request_bytes = sent
        self.asked = body if self.dialect.proto is None else first_message(body, self.dialect.proto)
        named = self.route.model if self.route else None
        if named is None and self.dialect.asked_model:
            named = self.request().text(self.dialect.asked_model)
        self.request_model = named or model_of(self.asked) or self.query.get("model") or self.request_model

    def hear(self, headers: Mapping[str, str], at: float) -> None:
        """Take what the headers of the answer tell of limits and refusals, at a time in seconds since 1970."""
        self.limits = rate_limits.read(headers, at)
        if _ERROR_TYPE in headers:
            self.refusal = failure.word(headers[_ERROR_TYPE].partition(":")[0])

    def told_limits(self) -> Limits:
        """What is left of the provider's limits; Google says in the body of a refusal when to come back."""
        if self.refused and rate_limits.RETRY_AFTER not in self.limits and self.meter.kept:
            delay = rate_limits.retry_delay(self.meter.kept[0])
            self.limits |= {} if delay is None else {rate_limits.RETRY_AFTER: delay}
        return self.limits

    @property
    def job_id(self) -> str | None:
        """The id of work that goes on after its request; where the answer does not repeat it, the URL has it."""
        meter, job = self.meter, self.dialect.job
        if job is None or self.refused:
            return self.opening.job_id
        return meter.job_id or (self.route.object_id if self.route and meter.job_state else None)

    @property
    def pending(self) -> bool:
        """The work goes on; what it costs is told by a later answer, or line by line by its results."""
        job = self.dialect.job
        if job is None or self.job_id is None:
            return False
        state = self.meter.job_state or ""
        if state in job.failed | job.free or self.failed(Outcome.OK):
            return False
        return state not in job.done or (self.dialect.batch and self.meter.usage is None)

    @property
    def refused(self) -> bool:
        """The HTTP status says that nothing was answered."""
        return self.status_code is not None and self.status_code >= failure.FAILED

    def words(self) -> tuple[str, ...]:
        """The provider's words for what went wrong; those of a refusal may stand where no dialect expects them."""
        if not self.refused:
            return self.meter.errors
        words = [word for word in self.meter.errors if word != failure.ERROR]
        words += [self.refusal] if self.refusal else []
        return tuple(words) or (failure.refused(self.meter.kept[0]) if self.meter.kept else ())

    def _billed_refusal(self) -> bool:
        """Whether the provider bills the prompt of a request that it refused after all."""
        rule = self.provider.billed_errors
        if not rule or not failure.may_be_billed(self.status_code) or self.opening.operation not in OF_TEXT:
            return False
        return not rule.isdisjoint((str(self.status_code), *self.words()))

    def failed(self, outcome: Outcome) -> bool:
        """No answer came, or one that says that nothing was done; who does not wait for an answer is charged for it."""
        if self.status_code is None:
            return not (self.sent and outcome is Outcome.CLIENT_ABORTED)
        if self.refusal is not None and self.meter.usage is None:
            return True
        return (self.refused and not self._billed_refusal()) or self.job_failed

    @property
    def job_failed(self) -> bool:
        """The work ended at no cost."""
        job = self.dialect.job
        if job is None or self.job_id is None:
            return False
        state = self.meter.job_state
        told = self.meter.usage is not None
        return state in job.free or (not told and (state in job.failed or self.meter.error is not None))

    def complete(self, outcome: Outcome) -> bool:
        """Whether the usage that was seen is the last one of the answer, or there is none to be expected."""
        known = self.meter.known
        if known is Known.FINAL:
            return True
        unmetered = known is Known.NOTHING and self.opening.operation not in OF_TEXT
        return outcome is Outcome.OK and (known is Known.RUNNING or unmetered)

    def guesses(self, outcome: Outcome) -> bool:
        """Whether `event` has to count tokens of text, which takes too long for an event loop."""
        return self.opening.operation in OF_TEXT and not (
            self.complete(outcome) or self.pending or self.failed(outcome)
        )

    def request(self) -> Request:
        """What the request asks for."""
        return Request(self.asked, self.query)
