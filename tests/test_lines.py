import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.lines import Lines
from llmobs.meter import Meter
from llmobs.pricing import Route
from tests.books import BOOK

START = datetime(2026, 11, 20, tzinfo=UTC)
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
CHAT = {"object": "chat.completion", "model": "gpt-x", "choices": [{"finish_reason": "stop"}], "usage": USAGE}
RESPONSE = {"object": "response", "model": "gpt-x", "usage": {"input_tokens": 1000, "output_tokens": 100}}
EMBEDDING = {"object": "list", "model": "gpt-x", "usage": {"prompt_tokens": 1000, "total_tokens": 1000}}
MESSAGE = {"model": "claude-x", "usage": {"input_tokens": 10, "output_tokens": 1, "service_tier": "batch"}}
GEMINI = {"modelVersion": "gemini-x", "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 1}}


def looked_up(dialect: str, provider: str = "openai", object_id: str | None = "file-1") -> tuple[Lines, list[Event]]:
    """The lines of an answer to a GET, and where they go."""
    events: list[Event] = []
    table = DIALECTS[dialect]
    opening = Event(
        event_id="e", started_at=START, host="h", path="/p", method="GET", provider=provider, customer_id="acme"
    )
    attempt = Attempt(
        opening=opening,
        book=BOOK,
        provider=BOOK.providers[provider],
        route=Route(dialect, False, None, None, None, object_id=object_id),
        dialect=table,
        meter=Meter(table),
        silent=True,
    )
    assert table.results is not None
    return Lines(attempt, table.results, events.append), events


def line(custom_id: str, body: Any, status: int = 200) -> bytes:
    """One line of an output file as OpenAI writes it."""
    response = {"status_code": status, "body": body}
    return json.dumps({"id": "b", "custom_id": custom_id, "response": response, "error": None}).encode()


@pytest.mark.parametrize(
    ("body", "operation", "cost"),
    [(CHAT, "chat", "0.0015"), (RESPONSE, "chat", "0.0015"), (EMBEDDING, "embeddings", "0.001")],
)
def test_each_line_of_an_output_file_is_a_call_at_the_batch_rate(body: Any, operation: str, cost: str) -> None:
    """Whichever endpoint a batch is for, a line is a row of its own with an id of its own, at half the price."""

    lines, events = looked_up("openai_batch_results")
    lines.feed(line("a", body))
    lines.feed(line("b", body))

    assert [event.job_id for event in events] == ["file-1/a", "file-1/b"]
    assert len({event.event_id for event in events}) == 2
    assert [event.response_bytes for event in events] == [len(line("a", body))] * 2
    first = events[0]
    assert (first.results_id, first.operation, first.model, first.service_tier) == (
        "file-1", operation, "gpt-x", "batch",
    )  # fmt: skip
    assert (first.cost_usd, first.cost_status, first.customer_id) == (Decimal(cost), CostStatus.EXACT, "acme")


def test_a_line_that_failed_costs_nothing() -> None:
    """A status of an error, or an error without an answer, is a row that is not billed."""

    lines, events = looked_up("openai_batch_results")
    lines.feed(line("a", {"error": {"type": "invalid_request_error"}}, status=400))
    lines.feed(b'{"custom_id":"b","response":null,"error":{"code":"batch_expired"}}')

    assert [event.cost_status for event in events] == [CostStatus.NOT_BILLED] * 2
    assert [event.outcome for event in events] == [Outcome.ERROR] * 2
    assert [event.error_type for event in events] == ["invalid_request_error", "batch_expired"]


@pytest.mark.parametrize("other", [b'{"custom_id":"a","method":"POST","body":{}}', b'{"messages":[]}', b"words", b""])
def test_other_files_have_no_lines(other: bytes) -> None:
    """The input of a batch, a training set or a picture is fetched over the same path and bills nothing."""

    lines, events = looked_up("openai_batch_results")
    lines.feed(other)

    assert events == []


def test_anthropic_results() -> None:
    """A line is told by its custom id within its batch; one that did not succeed is not billed."""

    lines, events = looked_up("anthropic_batch_results", "anthropic", "msgbatch_1")
    lines.feed(json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}).encode())
    lines.feed(b'{"custom_id":"b","result":{"type":"expired"}}')

    assert [(event.job_id, event.cost_status) for event in events] == [
        ("msgbatch_1/a", CostStatus.UNPRICED),  # the small price book has no batch rate for it
        ("msgbatch_1/b", CostStatus.NOT_BILLED),
    ]
    assert (events[0].input_tokens, events[1].error_type) == (10, "expired")


def test_gemini_results_lie_in_the_operation() -> None:
    """Inline results are named by their place in the batch that the operation names."""

    lines, events = looked_up("gemini_batch", "gcp.gemini", None)
    inline = {"inlinedResponses": [{"response": GEMINI}, {"error": {"code": 13}}]}
    lines.feed(json.dumps({"name": "batches/1", "metadata": {"output": {"inlinedResponses": inline}}}).encode())

    assert [event.job_id for event in events] == ["batches/1/1", "batches/1/2"]
    assert {event.results_id for event in events} == {"batches/1"}
    assert (events[0].input_tokens, events[1].cost_status) == (10, CostStatus.NOT_BILLED)


def test_an_operation_that_runs_has_no_results() -> None:
    """Nothing is made of an operation without output."""

    lines, events = looked_up("gemini_batch", "gcp.gemini", None)
    lines.feed(b'{"name":"batches/1","metadata":{"state":"BATCH_STATE_RUNNING"}}')

    assert events == []


def test_a_page_of_results() -> None:
    """The results of xAI come in pages, each with a list of items."""

    lines, events = looked_up("xai_batch_results", "openai", "batch_1")
    item = {"batch_request_id": "0", "batch_result": {"response": {"chat_get_completion": CHAT}}}
    lines.feed(json.dumps({"results": [item], "pagination_token": None}).encode())

    assert [(event.job_id, event.input_tokens) for event in events] == [("batch_1/0", 1000)]


def test_a_line_without_a_name_has_a_number() -> None:
    """Where a vendor names no item, its place in the answer does."""

    lines, events = looked_up("openai_batch_results")
    lines.feed(json.dumps({"response": {"status_code": 200, "body": CHAT}}).encode())

    assert events[0].job_id == "file-1/1"


CONTAINER = b'{"id":"resp_1","status":"completed","output":[{"type":"code_interpreter_call","container_id":"cntr_1"}]}'


def test_a_container_is_billed_by_its_id() -> None:
    """A container that ran code is a row of its own, whose id keeps it from being billed again."""

    lines, events = looked_up("openai_responses")
    lines.attempt.silent = False
    lines.feed(CONTAINER)

    (event,) = events
    assert (event.job_id, event.results_id, event.operation) == ("cntr_1", None, "execute_tool")
    assert {charge.unit: charge.quantity for charge in event.charges} == {"code_execution": Decimal(1)}


def test_a_stored_response_that_is_looked_up_brings_no_container() -> None:
    """What a stored response used was told when it was made; a background one tells it when it is done."""

    lines, events = looked_up("openai_responses")
    lines.feed(CONTAINER)
    assert events == []

    background = CONTAINER.replace(b'"status"', b'"background":true,"status"')
    lines.attempt.meter.feed(background)
    lines.feed(background)
    assert [event.job_id for event in events] == ["cntr_1"]
