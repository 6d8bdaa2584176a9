"""Marks a part of a program, as a block or around a function of any kind; does not know how calls tell of it."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

from llmobs.sections import steps
from llmobs.sections.members import merged
from llmobs.sections.quiet import quietly
from llmobs.sections.scope import Scope, begin_span, current, current_span, end_span, enter, ids

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from llmobs.sections.members import Settings

F = TypeVar("F", bound=Callable[..., Any])


class section:  # noqa: N801 - reads as the word that it is
    """A part of the program: `with section("tool:search"):`, or `@section("tool:search")` on any kind of function.

    One object may be entered by many threads and tasks, and in itself: all that an entry knows lies in its context.
    """

    def __init__(self, name: str, **settings: Unpack[Settings]) -> None:
        self._name, self._settings = name, settings

    def __enter__(self) -> section:  # noqa: PYI034 - Self is younger than Python 3.9
        self._open()
        return self

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        self._close(error)

    def __call__(self, function: F) -> F:
        """The function, each call of it in this section; of a generator each step, but not who takes its items."""
        kinds = {
            inspect.isasyncgenfunction: steps.async_generator,
            inspect.isgeneratorfunction: steps.generator,
            inspect.iscoroutinefunction: steps.coroutine,
        }
        wrap = next((wrap for is_one, wrap in kinds.items() if is_one(function)), steps.plain)
        return cast("F", functools.wraps(function)(wrap(self, function)))

    @quietly
    def _open(self) -> None:
        outer, name = current(), str(self._name)
        members = merged(outer.members, self._settings)
        path = members["section"] = f"{members['section']}/{name}" if "section" in members else name
        span = begin_span(name, path)
        enter(Scope({**members, **ids(members, span)}, self, outer, span, current_span()), span)

    @quietly
    def _close(self, error: BaseException | None) -> None:
        scope, spans = current(), []
        while scope.owner is not self:
            if scope.outer is None:  # entered in another context, as an abandoned generator is: nothing of it is here
                return
            spans.append(scope.span)
            scope = scope.outer
        within = scope.span is not None and any(current_span() is span for span in (scope.span, *spans))
        enter(scope.outer or Scope(), scope.span_before if within else None)
        if scope.span is not None:
            end_span(scope.span, error)
