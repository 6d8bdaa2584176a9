"""Runs functions of every kind inside a block; of a generator each step, while who takes its items stays outside.

It does not know what the block is.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

from llmobs.sections.scope import go, here

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def plain(block: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function, inside the block."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with block:
            return function(*args, **kwargs)

    return call


def coroutine(block: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """An async function, inside the block."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        with block:
            return await function(*args, **kwargs)

    return call


def generator(block: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """A generator, each step inside the block."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with _stepwise(block) as inside:
            items = function(*args, **kwargs)
            step = functools.partial(next, items)
            while True:
                try:
                    with inside():
                        item = step()
                except StopIteration as end:
                    return end.value
                try:
                    step = functools.partial(items.send, (yield item))
                except GeneratorExit:
                    with inside():
                        items.close()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - whatever it is, it is for the generator
                    step = functools.partial(items.throw, thrown)

    return call


def async_generator(block: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """An async generator, each step inside the block."""

    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        with _stepwise(block) as inside:
            items = function(*args, **kwargs)
            step = functools.partial(items.asend, None)
            while True:
                try:
                    with inside():
                        item = await step()
                except StopAsyncIteration:
                    return
                try:
                    step = functools.partial(items.asend, (yield item))
                except GeneratorExit:
                    with inside():
                        await items.aclose()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - whatever it is, it is for the generator
                    step = functools.partial(items.athrow, thrown)

    return call


@contextmanager
def _stepwise(block: Any) -> Iterator[Callable[[], Any]]:
    """A block that is entered at once and left at the end, and holds in the steps between alone."""
    kept = here()

    @contextmanager
    def inside() -> Iterator[None]:
        nonlocal kept
        before = here()
        go(kept)
        try:
            yield
        finally:
            kept = here()
            go(before)

    with inside():
        block.__enter__()
    error: BaseException | None = None
    try:
        yield inside
    except BaseException as raised:
        error = raised
        raise
    finally:
        with inside():
            block.__exit__(None, error, None)
