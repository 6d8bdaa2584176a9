import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.dialect import Dialect
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.meter import Meter
from llmobs.pricing import Route
from tests.books import BOOK, TEXT, book

START = datetime(2026, 11, 20, tzinfo=UTC)


def attempt(
    dialect: Dialect = DIALECTS["openai_chat"],
    operation: str | None = "chat",
    provider: str = "openai",
    path: str = "/v1/chat/completions",
    status: int | None = 200,
) -> Attempt:
    """A chat call to the test provider, answered with 200 unless said otherwise."""

    opening = Event(
        event_id="e", started_at=START, host="h", path=path, method="POST", provider=provider, operation=operation
    )
    route = BOOK.route(BOOK.providers[provider], "POST", path)
    made = Attempt(
        opening=opening,
        book=BOOK,
        provider=BOOK.providers[provider],
        route=route,
        dialect=dialect,
        meter=Meter(dialect),
    )
    made.status_code = status
    return made


def test_a_call_with_usage_is_exact() -> None:
    """Model from the request, usage from the answer, times in milliseconds from the request's start."""

    call = attempt()
    call.ask(b'{"model":"gpt-x","messages":[]}', 31)
    call.meter.feed(b'{"id":"c","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"cost":1.5}}')
    call.first_byte_at, call.ended_at = START.timestamp() + 0.25, START.timestamp() + 0.5

    event = call.event(Outcome.OK)

    assert (event.outcome, event.cost_status, event.cost_usd) == (Outcome.OK, CostStatus.EXACT, Decimal("0.00002"))
    assert (event.request_model, event.response_model, event.model) == ("gpt-x", None, "gpt-x")
    assert (event.ttft_ms, event.latency_ms, event.request_bytes) == (250, 500, 31)
    assert json.loads(event.usage or "") == {"prompt_tokens": 10, "cost": 1.5}


@pytest.mark.parametrize(("output", "status"), [(0, CostStatus.NOT_BILLED), (3, CostStatus.EXACT)])
@pytest.mark.parametrize("delta", [False, True])
def test_a_model_that_declines_is_not_billed(output: int, status: CostStatus, *, delta: bool) -> None:
    """A refusal before any output costs nothing; one in the middle of an answer costs what was written."""

    call = attempt(DIALECTS["anthropic"], provider="anthropic", path="/v1/messages")
    call.ask(b'{"model":"claude-x"}', 1)
    said: dict[str, object] = {"stop_reason": "refusal"}
    answer = {"delta": said} if delta else said
    call.meter.feed(json.dumps(answer | {"usage": {"input_tokens": 10, "output_tokens": output}}).encode())
    event = call.event(Outcome.OK)

    assert (event.cost_status, event.input_tokens, event.outcome) == (status, 10, Outcome.OK)


def test_a_refused_call_is_an_error_that_costs_nothing() -> None:
    """A 429 is recorded with the provider's error type and not billed."""

    call = attempt(status=429)
    call.meter.feed(b'{"error":{"type":"rate_limit_exceeded"}}')

    event = call.event(Outcome.OK)

    assert (event.outcome, event.error_type) == (Outcome.ERROR, "rate_limit_exceeded")
    assert (event.cost_status, event.cost_usd) == (CostStatus.NOT_BILLED, Decimal(0))


def test_an_error_without_a_type_is_known_by_its_status() -> None:
    """Where the body tells nothing the status does."""

    assert attempt(status=500).event(Outcome.OK).error_type == "500"


def test_no_answer_at_all() -> None:
    """A call that reached nobody costs nothing and says why."""

    event = attempt(status=None).event(Outcome.ERROR, "connection_error")

    assert (event.status_code, event.error_type, event.cost_usd) == (None, "connection_error", Decimal(0))


def test_an_error_inside_a_stream_is_partial() -> None:
    """What came before the error may be billed: the cost is a lower bound and says so."""

    call = attempt()
    call.ask(b'{"model":"gpt-x","messages":[{"role":"user","content":"hello there"}]}', 70)
    call.meter.feed(b'{"choices":[{"delta":{"content":"some words"}}]}')
    call.meter.feed(b'{"error":{"type":"server_error"}}')

    event = call.event(Outcome.OK)

    assert (event.outcome, event.error_type, event.cost_status) == (Outcome.ERROR, "server_error", CostStatus.PARTIAL)
    assert event.cost_usd


def test_a_stream_that_the_client_left_is_estimated() -> None:
    """Without usage the text that went up and came down is counted."""

    call = attempt()
    call.ask(b'{"model":"gpt-x","messages":[{"role":"user","content":"hello there"}]}', 70)
    call.meter.feed(b'{"choices":[{"delta":{"content":"some words"}}]}')

    assert call.guesses(Outcome.CLIENT_ABORTED)
    event = call.event(Outcome.CLIENT_ABORTED)

    assert event.cost_status is CostStatus.ESTIMATED
    assert event.input_tokens
    assert event.output_tokens


def test_a_client_that_hangs_up_on_a_refusal_met_an_error() -> None:
    """SDKs close a stream's refusal unread: the status alone says what went wrong and that it costs nothing."""

    call = attempt()
    call.status_code = 500

    event = call.event(Outcome.CLIENT_ABORTED)

    assert (event.outcome, event.error_type, event.error_class) == (Outcome.ERROR, "500", "system")
    assert event.cost_status is CostStatus.NOT_BILLED


def test_usage_seen_before_the_client_left_is_exact() -> None:
    """A client that closes right after the last frame has paid what that frame says."""

    call = attempt()
    call.ask(b'{"model":"gpt-x"}', 17)
    call.meter.feed(b'{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1}}')

    assert not call.guesses(Outcome.CLIENT_ABORTED)
    assert call.event(Outcome.CLIENT_ABORTED).cost_status is CostStatus.EXACT


def test_running_totals_are_complete_only_at_a_clean_end() -> None:
    """A total that was still running is a lower bound."""

    call = attempt(DIALECTS["gemini"], provider="gcp.gemini", path="/v1beta/models/gemini-x:streamGenerateContent")
    call.ask(b"{}", 2)
    call.meter.feed(b'{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2}}')

    assert call.event(Outcome.OK).cost_status is CostStatus.EXACT
    assert call.event(Outcome.UPSTREAM_ABORTED).cost_status is CostStatus.PARTIAL
    assert call.event(Outcome.INTERRUPTED, guess=False).cost_status is CostStatus.PARTIAL
    assert call.request_model == "gemini-x"


def test_media_are_not_estimated_from_text() -> None:
    """An image costs more than the words that asked for it: without usage it is unpriced."""

    call = attempt(DIALECTS["openai_responses"], "image_generation", path="/v1/images/generations")
    call.ask(b'{"model":"gpt-x","prompt":"a cat"}', 34)

    assert call.event(Outcome.OK).cost_status is CostStatus.UNPRICED


def test_an_unknown_path_keeps_its_usage() -> None:
    """A path that no route knows is unpriced, and what it said of usage is kept for a later price."""

    call = attempt(UNKNOWN, None, path="/v1/brand-new")
    assert call.route is None
    call.meter.feed(b'{"usage":{"prompt_tokens":10}}')

    event = call.event(Outcome.OK)

    assert (event.cost_status, event.cost_usd, event.usage) == (CostStatus.UNPRICED, None, '{"prompt_tokens":10}')


def test_free_paths_are_not_billed() -> None:
    """A path that never costs is recorded at zero."""

    call = attempt(UNKNOWN, None, path="/v1/moderations")
    assert isinstance(call.route, Route)

    assert call.event(Outcome.OK).cost_status is CostStatus.NOT_BILLED


def test_the_region_of_the_host_comes_before_the_one_told() -> None:
    """An answer tells a region of its own where the host has none: a regional host is what its owner charges for."""
    answer = b'{"id":"m","model":"claude-x","usage":{"input_tokens":1,"output_tokens":1,"inference_geo":"global"}}'
    regions = []
    for region in (None, "us-east5"):
        call = attempt(DIALECTS["anthropic"], provider="anthropic", path="/v1/messages")
        call.region = region
        call.meter.feed(answer)
        regions.append(call.event(Outcome.OK).region)

    assert regions == ["global", "us-east5"]


def test_the_model_of_a_cut_request_is_found() -> None:
    """A body that was too long to keep whole still names its model; a model of another shape is none."""

    call = attempt()
    call.ask(b'{"model": "gpt-x", "messages": [{"role": "us', 44)
    assert call.request_model == "gpt-x"

    call.ask(b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--b--\r\n', 70)
    assert call.request_model == "whisper-1"

    call.request_model = None
    call.ask(b'{"model": 5}', 12)
    assert call.request_model is None


def test_a_served_model_and_tier_from_headers() -> None:
    """Headers name what the body does not."""

    call = attempt()
    call.served_model, call.tier = "gpt-x", "flex"
    call.meter.feed(b'{"choices":[],"usage":{"prompt_tokens":10}}')

    event = call.event(Outcome.OK)

    assert (event.response_model, event.service_tier, event.cost_usd) == ("gpt-x", "flex", Decimal("0.00001"))


def test_nothing_to_count_is_no_estimate() -> None:
    """A stream without a word up or down is unknown, not zero."""

    assert attempt().event(Outcome.CLIENT_ABORTED).cost_status is CostStatus.UNPRICED


AZURE = book(TEXT.replace("hosts: [api.openai.com]", "hosts: [x]\n    billed_errors: [content_filter, 408]"))


def refused(status: int, body: bytes, operation: str = "chat") -> Event:
    """A call that a provider refused which bills the prompts of some refusals."""

    call = attempt(status=status, operation=operation)
    call.book, call.provider = AZURE, AZURE.providers["openai"]
    call.ask(b'{"model":"gpt-x","messages":[{"role":"user","content":"hello there"}]}', 70)
    call.meter.feed(body)
    return call.event(Outcome.OK)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":{"type":null,"code":"content_filter","message":"m"}}'),
        (400, b'{"error":{"type":"invalid_request_error","code":"content_filter","choices":"some words"}}'),
        (408, b""),
    ],
)
def test_a_refusal_that_is_billed(status: int, body: bytes) -> None:
    """Where the provider bills a prompt that it refused, it is estimated, without any output."""

    event = refused(status, body)

    assert (event.outcome, event.cost_status, event.status_code) == (Outcome.ERROR, CostStatus.ESTIMATED, status)
    assert (event.input_tokens, event.output_tokens) == (6, 0)
    assert event.cost_usd == Decimal("0.000012")


@pytest.mark.parametrize(
    ("status", "code", "operation"),
    [
        (400, "invalid_type", "chat"),
        (429, "content_filter", "chat"),
        (500, "content_filter", "chat"),
        (400, "content_filter", "image_generation"),
    ],
)
def test_other_refusals_are_not_billed(status: int, code: str, operation: str) -> None:
    """Other words, too many requests, failures of the provider, and what no tokenizer can count, cost nothing."""

    event = refused(status, json.dumps({"error": {"type": None, "code": code}}).encode(), operation)

    assert (event.cost_status, event.cost_usd, event.error_type) == (CostStatus.NOT_BILLED, Decimal(0), code)


@pytest.mark.parametrize(
    ("header", "body", "error"),
    [
        ("ThrottlingException:http://internal.amazon.com/", b'{"message":"slow down"}', "ThrottlingException"),
        ("not a word", b"", "400"),
        (None, b'{"code":"invalid-argument","error":"Incorrect API key"}', "invalid-argument"),
        (None, b'{"error":"model x not found"}', "400"),
        (None, b'{"object":"error","type":"invalid_model","code":"1500"}', "invalid_model"),
        (None, b"<html>Bad request</html>", "400"),
    ],
)
def test_words_of_refusals(header: str | None, body: bytes, error: str) -> None:
    """A refusal is known by the provider's own word, in a header or anywhere in its body, else by its status."""

    call = attempt(status=400)
    call.hear({"x-amzn-errortype": header} if header else {}, START.timestamp())
    call.meter.feed(body)
    event = call.event(Outcome.OK)

    assert (event.error_type, event.error_class) == (error, "transient" if header and "Thr" in header else "user")


def test_limits_are_told() -> None:
    """What headers tell of limits is in the row; Google's refusals say in their body when to come back."""

    call = attempt(status=429)
    call.hear({"x-ratelimit-remaining": "0"}, START.timestamp())
    call.meter.feed(b'{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34s"}]}}')

    assert json.loads(call.event(Outcome.OK).rate_limits or "") == {"requests": {"remaining": 0}, "retry_after_s": 34}
    assert json.loads(call.event(Outcome.OK).rate_limits or "")["retry_after_s"] == 34
    assert attempt().event(Outcome.OK).rate_limits is None


def test_our_own_faults_are_the_systems() -> None:
    """An answer that could not be metered is no error of its provider, and nothing that the user could change."""

    call = attempt()
    call.trouble = "metering_error"
    event = call.event(Outcome.OK)

    assert (event.outcome, event.error_type, event.error_class) == (Outcome.OK, "metering_error", "system")
