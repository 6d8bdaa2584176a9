"""Keeps what holds in a thread or task, in OpenTelemetry's context where there is one; does not know how it is told."""

from __future__ import annotations

import contextvars
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from llmobs.sections.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Mapping

try:
    from opentelemetry import context, trace
except Exception:  # noqa: BLE001 - a broken one is as good as none
    TELEMETRY = False
else:
    TELEMETRY = True


class Scope(NamedTuple):
    """The members that hold, which section they are of, and what to go back to at its end."""

    members: Mapping[str, str] = {}
    owner: object = None
    outer: Scope | None = None
    span: Any = None
    span_before: Any = None


# What holds for the whole program, where a scope says nothing else.
DEFAULTS: dict[str, str] = {}

# In OpenTelemetry's context, so that whatever carries that one into a thread carries ours, too.
_KEY = "llmobserve-scope"
_HERE: contextvars.ContextVar[Any] = contextvars.ContextVar("llmobserve", default=None)


def current(within: Any = None) -> Scope:
    """The scope of this thread or task, or of another context of OpenTelemetry."""
    found = context.get_value(_KEY, within) if TELEMETRY else _HERE.get()
    return found if isinstance(found, Scope) else Scope()


def held(within: Any = None) -> dict[str, str]:
    """The members that hold here, or in another context of OpenTelemetry."""
    return {**DEFAULTS, **current(within).members}


def enter(scope: Scope, span: Any = None) -> None:
    """Let a scope hold from here on and, where there is one, the span."""
    if TELEMETRY:
        inside = context.set_value(_KEY, scope)
        context.attach(inside if span is None else trace.set_span_in_context(span, inside))
    else:
        _HERE.set(scope)


@quietly
def here() -> Any:
    """Everything that holds now, to come back to with `go`."""
    return context.get_current() if TELEMETRY else _HERE.get()


@quietly
def go(there: Any) -> None:
    """Come back to what `here` returned."""
    if not TELEMETRY:
        _HERE.set(there)
    elif there is not None:
        context.attach(there)


def current_span() -> Any:
    """The span of the user's own tracing, or one that stands for none."""
    return trace.get_current_span() if TELEMETRY else None


@quietly
def begin_span(name: str, path: str) -> Any:
    """A span in the user's own tracing; None where nothing traces."""
    if not TELEMETRY:
        return None
    span = trace.get_tracer("llmobserve").start_span(name, attributes={"llmobserve.section": path})
    own, around = span.get_span_context(), current_span().get_span_context()
    return span if own.is_valid and own.span_id != around.span_id else None


@quietly
def end_span(span: Any, error: BaseException | None) -> None:
    """End a span of ours, in the way that OpenTelemetry's own blocks end theirs."""
    if isinstance(error, Exception):
        span.record_exception(error)
        span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
    span.end()


def ids(members: Mapping[str, str], span: Any) -> dict[str, str]:
    """The ids of a section: those of its span or, without one, made up in the same form."""
    around = _ids_of(current_span())
    own = _ids_of(span) or {
        "trace_id": members.get("trace_id") or around.get("trace_id") or secrets.token_hex(16),
        "span_id": secrets.token_hex(8),
    }
    parent = members.get("span_id") or around.get("span_id")
    return {**own, **({"parent_span_id": parent} if parent else {})}


def _ids_of(span: Any) -> dict[str, str]:
    found = span.get_span_context() if span is not None else None
    if found is None or not found.is_valid:
        return {}
    return {"trace_id": format(found.trace_id, "032x"), "span_id": format(found.span_id, "016x")}
