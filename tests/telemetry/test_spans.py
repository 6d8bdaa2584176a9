from typing import Any

from opentelemetry.sdk.resources import Resource

from llmobs.telemetry.spans import span
from tests.telemetry.calls import call

NOBODY = Resource({})


def made(**told: Any) -> Any:
    """The span of a call."""
    return span(call(**told), NOBODY)


def test_the_same_row_is_the_same_span() -> None:
    """A span that is made twice has the same ids, that of another row has others."""

    once, again, other = made(), made(), made(event_id="event-2")

    assert once.context == again.context
    assert once.context.trace_id != other.context.trace_id
    assert once.context.span_id != other.context.span_id


def test_without_a_trace_there_is_no_parent() -> None:
    """A span id that names no trace, or none at all, is no parent."""

    assert made().parent is None
    assert made(span_id="b7ad6b7169203331").parent is None
    assert made(trace_id="no hex", span_id="none").parent is None


def test_a_retry_is_linked_to_what_it_repeats() -> None:
    """In a trace the span of a repeated attempt leads to the one before."""

    trace = {"trace_id": "0af7651916cd43dd8448eb211c80319c"}
    first, second = made(**trace), made(event_id="event-2", retry_of="event-1", **trace)

    assert [link.context.span_id for link in second.links] == [first.context.span_id]
    assert not made(retry_of="event-1").links


def test_what_is_not_known_is_not_said() -> None:
    """A call without a model has the name of its operation, and no attribute stands for what nobody knows."""

    unknown = made(model=None, response_model=None, request_model=None, operation=None, ttft_ms=None, latency_ms=None)

    assert unknown.name == "unknown"
    assert unknown.end_time == unknown.start_time
    assert "gen_ai.response.model" not in unknown.attributes
    assert "gen_ai.response.time_to_first_chunk" not in unknown.attributes


def test_names_that_no_encoder_takes() -> None:
    """Half a surrogate pair in a name or a tag becomes its escape."""

    odd = made(request_model="a\ud800", response_model=None, model=None, tags='{"b\\ud800":"c"}')

    assert odd.name == "chat a\\ud800"
    assert odd.attributes["llmobserve.tag.b\\ud800"] == "c"
