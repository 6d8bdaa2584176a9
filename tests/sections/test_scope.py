"""Tests of how sections live in OpenTelemetry: spans of the user's own tracing, its ids, its failures."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from llmobs.sections import clients, headers, scope, section, set_customer_id
from llmobs.sections.block import section as block

PARENT = trace.SpanContext(0xA1, 0xB2, is_remote=True)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What the user's own tracing exported."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


def test_a_section_is_a_span(spans: InMemorySpanExporter) -> None:
    """Where the user traces, sections are spans of that trace, with its ids."""
    tracer = trace.get_tracer("mine")
    with tracer.start_as_current_span("mine"), section("a"):
        outer = scope.held()
        with section("b"):
            inner = scope.held()
            with tracer.start_as_current_span("inside"):
                pass

    inside, b, a, mine = spans.get_finished_spans()
    assert [inside.parent, b.parent, a.parent] == [b.context, a.context, mine.context]
    assert outer["trace_id"] == inner["trace_id"] == format(a.context.trace_id, "032x")
    assert (outer["span_id"], inner["span_id"]) == (
        format(a.context.span_id, "016x"),
        format(b.context.span_id, "016x"),
    )
    assert (outer["parent_span_id"], inner["parent_span_id"]) == (
        format(mine.context.span_id, "016x"),
        outer["span_id"],
    )
    assert (b.name, dict(b.attributes or {})) == ("b", {"llmobserve.section": "a/b"})
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_span_tells_how_its_section_failed(spans: InMemorySpanExporter) -> None:
    """An exception is on the span as OpenTelemetry puts it there."""
    with pytest.raises(KeyError), section("a"):
        raise KeyError("x")

    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "KeyError")
    assert [event.name for event in span.events] == ["exception"]


def test_a_block_that_was_left_open_leaves_no_span(spans: InMemorySpanExporter) -> None:
    """The span of a section that nobody closed is not current after the section around it."""
    with section("a"):
        section("b").__enter__()

    assert not trace.get_current_span().get_span_context().is_valid
    assert [span.name for span in spans.get_finished_spans()] == ["a"]


def test_a_span_that_the_program_left_open_stays(spans: InMemorySpanExporter) -> None:
    """What the user made current inside a section is not ours to take away."""
    mine = trace.get_tracer("mine").start_span("mine")
    with section("a"):
        context.attach(trace.set_span_in_context(mine))

    assert trace.get_current_span() is mine
    assert scope.held() == {}


def test_a_trace_that_is_not_sampled_has_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are told whether or not the user's tracing keeps the span."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider(sampler=ALWAYS_OFF))
    with section("a"):
        found = trace.get_current_span().get_span_context()

        assert not found.trace_flags.sampled
        assert scope.held()["span_id"] == format(found.span_id, "016x")


def test_without_tracing_the_trace_around_goes_on() -> None:
    """Where a trace came in and nothing traces here, sections belong to it, and it stays current."""
    around = trace.NonRecordingSpan(PARENT)
    token = context.attach(trace.set_span_in_context(around))
    with section("a"), section("b"):
        found = scope.held()
        assert trace.get_current_span() is around
    context.detach(token)

    assert found["trace_id"] == f"{0xA1:032x}"
    assert found["span_id"] != found["parent_span_id"] != f"{0xB2:016x}"


def test_a_tracer_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer that raises costs the span alone, at the beginning as at the end."""

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(trace, "get_tracer", broken)
    with section("a"):
        assert headers()["X-LLMObserve-Section"] == "a"
        monkeypatch.setattr(trace, "get_current_span", broken)
        monkeypatch.setattr(context, "attach", broken)


def test_a_span_that_cannot_end(spans: InMemorySpanExporter) -> None:
    """A span that raises at its end costs the program nothing."""
    with section("a"):
        trace.get_current_span().end = None  # type: ignore[assignment, method-assign]

    assert scope.held() == {}


def test_a_context_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that raises costs the attribution; blocks, functions and generators run as without it."""

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    for name in ("get_value", "get_current", "attach", "set_value"):
        monkeypatch.setattr(context, name, broken)

    with section("a"):
        set_customer_id("acme")
    assert headers() == {}
    assert section("a")(lambda: 7)() == 7
    assert list(block("a")(_numbers)()) == [1, 2]


def _numbers() -> Any:
    yield from (1, 2)


@pytest.mark.parametrize("module", [scope, clients])
def test_modules_alone(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each module that needs OpenTelemetry can be imported where there is none, or a broken one."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.setattr(scope, "TELEMETRY", False)
    found = importlib.util.spec_from_file_location("alone", module.__file__ or "")
    assert found is not None
    assert found.loader is not None
    alone = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "alone", alone)
    found.loader.exec_module(alone)

    assert alone.TELEMETRY is False
