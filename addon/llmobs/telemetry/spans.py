"""A row as a span of OpenTelemetry; it does not know where spans are sent.

The same row gives the same span, whoever makes it and whenever: what a proxy sent and what is exported later are one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from llmobs.event import Event
from llmobs.telemetry.attributes import attributes, error, model, operation

SCOPE = InstrumentationScope("llmobserve")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


def span(event: Event, resource: Resource) -> ReadableSpan:
    """The span of a call: a child of the span that made it, where the client told one."""
    trace_id, named = _trace(event), model(event)
    said = attributes(event)
    began = (event.started_at - _EPOCH) // _MICROSECOND * 1_000
    failed = error(event)
    return ReadableSpan(
        name=f"{operation(event)} {said['gen_ai.response.model']}" if named else operation(event),
        context=_context(trace_id, _own(event.event_id)),
        parent=_parent(event, trace_id),
        resource=resource,
        attributes=said,
        links=list(_links(event)),
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.ERROR, str(said["error.type"])) if failed else Status(StatusCode.UNSET),
        start_time=began,
        end_time=began + int((event.latency_ms or 0) * 1_000_000),
        instrumentation_scope=SCOPE,
    )


def _trace(event: Event) -> int:
    """The client's trace, else one that holds this call alone."""
    return _hex(event.trace_id) or int.from_bytes(sha256(event.event_id.encode()).digest()[:16])


def _own(event_id: str) -> int:
    return int.from_bytes(sha256(b"span " + event_id.encode()).digest()[:8])


def _parent(event: Event, trace_id: int) -> SpanContext | None:
    parent = _hex(event.span_id) if event.trace_id else 0
    return _context(trace_id, parent, is_remote=True) if parent else None


def _links(event: Event) -> Iterator[Link]:
    """To the attempt that this one repeats, which is in the same trace where there is one."""
    if event.retry_of is not None and event.trace_id:
        yield Link(_context(_trace(event), _own(event.retry_of)), {"llmobserve.link": "retry_of"})


def _context(trace_id: int, span_id: int, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=is_remote, trace_flags=_SAMPLED)


def _hex(text: str | None) -> int:
    try:
        return int(text or "0", 16)
    except ValueError:
        return 0
