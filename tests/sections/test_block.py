"""Tests of sections as blocks and around functions."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from llmobs.sections import scope, section, set_customer_id, set_run_id


@pytest.fixture(params=[True, False], ids=["telemetry", "alone"], autouse=True)
def telemetry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both with OpenTelemetry and without."""
    monkeypatch.setattr(scope, "TELEMETRY", request.param)


def held(name: str = "section") -> str | None:
    """What a call would tell here."""
    return scope.held().get(name)


def test_sections_nest() -> None:
    """The path leads from the outermost to the innermost; ids name the section, the one around it, and the trace."""
    with section("agent:research"):
        outer = scope.held()
        with section("tool:web_search"):
            inner = scope.held()
        assert scope.held() == outer

    assert (outer["section"], inner["section"]) == ("agent:research", "agent:research/tool:web_search")
    assert inner["parent_span_id"] == outer["span_id"]
    assert inner["trace_id"] == outer["trace_id"]
    assert "parent_span_id" not in outer
    assert (len(outer["trace_id"]), len(outer["span_id"])) == (32, 16)
    assert scope.held() == {}


def test_settings_of_a_section_end_with_it() -> None:
    """Settings given to a section, or made inside it, hold until its end."""
    with section("a", customer_id="acme", tags={"plan": "pro"}):
        set_run_id("nightly")
        with section("b", customer_id="other"):
            assert (held("customer_id"), held("run_id"), held("tag.plan")) == ("other", "nightly", "pro")
        assert held("customer_id") == "acme"

    assert scope.held() == {}


def test_an_exception_passes() -> None:
    """An exception leaves each section as it came, and what held before holds again."""
    error = KeyError("x")

    with pytest.raises(KeyError) as raised, section("a"), section("b"):
        raise error

    assert raised.value is error
    assert scope.held() == {}


def test_one_object_serves_many() -> None:
    """A section object may be entered in itself, by threads and by tasks at once."""
    shared = section("shared")

    async def task(number: int) -> bool:
        with shared:
            set_customer_id(str(number))
            await asyncio.sleep(0)
            return (held(), held("customer_id")) == ("shared", str(number))

    async def tasks() -> list[bool]:
        return await asyncio.gather(*(task(number) for number in range(100)))

    def thread(number: int) -> bool:
        with shared, shared:
            set_customer_id(str(number))
            return (held(), held("customer_id")) == ("shared/shared", str(number))

    assert all(asyncio.run(tasks()))
    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(thread, range(200)))
    assert scope.held() == {}


def test_a_task_takes_the_section_along() -> None:
    """A task begins in the section that it is made in, and its settings stay its own."""

    async def child() -> str | None:
        set_customer_id("child")
        return held()

    async def parent() -> tuple[str | None, str | None]:
        with section("a"):
            return await asyncio.create_task(child()), held("customer_id")

    assert asyncio.run(parent()) == ("a", None)


def test_a_block_that_ends_elsewhere_changes_nothing() -> None:
    """A section that is closed in a context that it was not entered in leaves that one as it is."""
    left = section("left")
    copy_context().run(left.__enter__)

    with section("a"):
        left.__exit__(None, None, None)
        assert held() == "a"


def test_inner_blocks_that_were_left_open_end_with_the_outer() -> None:
    """Leaving a section leaves those inside it that a generator, say, has not closed."""
    with section("a"):
        section("b").__enter__()

    assert scope.held() == {}


def test_a_name_may_be_anything() -> None:
    """What is not a text is made one; what can't be is no section, and the program goes on."""

    class Unspeakable:
        def __str__(self) -> str:
            raise RuntimeError

    with section(7):  # type: ignore[arg-type]
        with section(Unspeakable()):  # type: ignore[arg-type]
            inside = held()
        assert held() == "7"

    assert inside == "7"


def test_functions() -> None:
    """A decorated function runs in the section, and is otherwise what it was."""

    @section("tool")
    def search(word: str, *, times: int) -> str:
        """Search."""
        return f"{word * times} {held()}"

    assert search("x", times=2) == "xx tool"
    assert (search.__name__, search.__doc__) == ("search", "Search.")
    assert held() is None


def test_async_functions() -> None:
    """A decorated coroutine runs in the section while another task does not."""

    @section("tool")
    async def search() -> str | None:
        await asyncio.sleep(0)
        return held()

    async def both() -> list[str | None]:
        async def other() -> str | None:
            return held()

        return list(await asyncio.gather(search(), other()))

    assert inspect.iscoroutinefunction(search)
    assert asyncio.run(both()) == ["tool", None]


def test_generators() -> None:
    """Each step of a generator is in the section, with what it set before; who takes the items is not."""
    seen: list[Any] = []

    @section("tool")
    def items() -> Generator[Any, Any, str]:
        set_run_id("mine")
        seen.append((yield held()))
        try:
            yield held("run_id")
        except KeyError:
            yield held()
        return "end"

    generator: Any = items()
    assert (next(generator), held()) == ("tool", None)
    assert (generator.send("sent"), held("run_id")) == ("mine", None)
    assert (generator.throw(KeyError()), seen) == ("tool", ["sent"])
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == "end"


def test_generators_that_fail_or_are_left() -> None:
    """An error of a generator reaches who takes its items; closing it runs its own cleaning up, in the section."""
    seen: list[Any] = []

    @section("tool")
    def items() -> Iterator[int]:
        try:
            yield 1
            raise KeyError
        finally:
            seen.append(held())

    with pytest.raises(KeyError):
        list(items())
    generator: Any = items()
    next(generator)
    generator.close()
    assert seen == ["tool", "tool"]
    assert held() is None


async def _async_generators() -> None:
    seen: list[Any] = []

    @section("tool")
    async def items() -> AsyncIterator[Any]:
        try:
            await asyncio.sleep(0)
            seen.append((yield held()))
            try:
                yield "next"
            except KeyError:
                yield "caught"
        finally:
            seen.append(held())

    generator: Any = items()
    assert (await anext(generator), held()) == ("tool", None)
    assert await generator.asend("sent") == "next"
    assert await generator.athrow(KeyError()) == "caught"
    with pytest.raises(StopAsyncIteration):
        await anext(generator)
    assert seen == ["sent", "tool"]
    left: Any = items()
    await anext(left)
    await left.aclose()
    assert seen == ["sent", "tool", "tool"]
    assert held() is None


def test_async_generators() -> None:
    """Asynchronous generators are as the others."""
    asyncio.run(_async_generators())
