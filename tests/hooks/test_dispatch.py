"""Events reach the addons that mitmproxy itself would reach, and in the same order."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import exceptions, hooks, http, options
from mitmproxy.addonmanager import AddonManager
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.test import tflow
from mitmproxy.tools.dump import DumpMaster

from llmobs.hooks import dispatch

type Story = Callable[[DumpMaster], Coroutine[Any, Any, None]]


class Witness:
    """Tells what it is asked; `problem` is raised when it is asked for a request."""

    def __init__(self, name: str, told: list[str], problem: Exception | None = None) -> None:
        self.name, self.told, self.problem = name, told, problem
        self.addons: list[object] = []

    def request(self, flow: http.HTTPFlow) -> None:
        self.told.append(self.name)
        if self.problem is not None:
            raise self.problem

    async def response(self, flow: http.HTTPFlow) -> None:
        await asyncio.sleep(0)
        self.told.append(f"{self.name} awaited")


def play(story: Story, *, hastened: bool = True) -> None:
    """Let something happen in a mitmdump that does not listen."""

    async def played() -> None:
        master = DumpMaster(options.Options(), with_termlog=False)
        master.options.update(flow_detail=0)
        if hastened:
            dispatch.hasten(master.addons)
        try:
            await story(master)
        finally:
            await master.addons.trigger_event(hooks.DoneHook())
            master._legacy_log_events.uninstall()

    asyncio.run(played())


async def requested(master: DumpMaster) -> None:
    """A request passes, and its answer."""
    flow = tflow.tflow(resp=True)
    await master.addons.handle_lifecycle(HttpRequestHook(flow))
    await master.addons.handle_lifecycle(HttpResponseHook(flow))


def visits(*, hastened: bool) -> list[str]:
    """Who is told what where one of three fails, one brings another, and one ends it for the rest."""
    told: list[str] = []

    async def story(master: DumpMaster) -> None:
        parent = Witness("parent", told)
        parent.addons = [Witness("child", told, ValueError("failed")), Witness("second child", told)]
        master.addons.add(Witness("first", told, ValueError("failed")), parent)
        await requested(master)
        master.addons.add(Witness("last", told, exceptions.AddonHalt()), Witness("never", told))
        await requested(master)
        master.addons.remove(parent)
        await requested(master)

    play(story, hastened=hastened)
    return told


def test_the_same_visits() -> None:
    """Order, failures, children, an end for all, and addons that come and go are as without it."""
    told = visits(hastened=True)

    assert told == visits(hastened=False)
    assert told[:3] == ["first", "parent", "child"]
    assert "never" not in told
    assert "never awaited" in told


def test_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An addon that fails is told in mitmproxy's own words."""

    async def story(master: DumpMaster) -> None:
        master.addons.add(Witness("one", [], ValueError("what went wrong")))
        await requested(master)

    play(story)

    assert "Addon error: what went wrong" in caplog.text


def test_idle_addons_are_woken_by_their_option(tmp_path: Path) -> None:
    """Each addon of the table is there, is not visited, and is as soon as its option is set, until it is unset."""
    file = tmp_path / "flows"

    async def story(master: DumpMaster) -> None:
        assert not [name for name in dispatch._IDLE_WITHOUT if master.addons.get(name) is None]
        await requested(master)
        master.options.update(modify_headers=["/~q/X-Set/1"], save_stream_file=str(file))
        await requested(master)
        assert len(master.addons.concerned["response"]) == 1  # type: ignore[attr-defined]
        master.options.update(save_stream_file=None)
        await requested(master)
        assert not master.addons.concerned["response"]  # type: ignore[attr-defined]

    play(story)

    assert file.read_bytes().count(b"address;") >= 1


def test_life_concerns_idle_addons_too(tmp_path: Path) -> None:
    """The start and the end reach an addon without work."""
    told = []

    class Idle:
        name = "idle"

        def running(self) -> None:
            told.append("running")

        def done(self) -> None:
            told.append("done")

    async def story(master: DumpMaster) -> None:
        master.addons.add(Idle())
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(dispatch._IDLE_WITHOUT, "idle", "hardump")
            await master.addons.trigger_event(hooks.RunningHook())
            await master.addons.trigger_event(hooks.DoneHook())

    play(story)

    assert told == ["running", "done", "done"]


def test_another_manager_is_left_alone() -> None:
    """A manager that is not the one we know keeps its own ways; a second start changes nothing."""

    class Another(AddonManager):
        pass

    async def story(master: DumpMaster) -> None:
        another = Another(master)  # type: ignore[no-untyped-call]
        dispatch.hasten(another)
        dispatch.hasten(master.addons)
        assert type(another) is Another
        assert type(master.addons) is dispatch.Dispatch

    play(story)
