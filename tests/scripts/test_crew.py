"""Tests of what keeps the workers: small programs stand in for them, as real processes."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import workers
from scripts.worker_parts import crew
from scripts.worker_parts.arguments import wanted
from scripts.worker_parts.crew import Crew

# Says that it takes calls, and does from then on what a mitmdump would; `deaf` does not end when it is asked to.
PROGRAM = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(workers.ROOT / "addon")!r})
from llmobs.presence import Presence, announce
folder = Path(sys.argv[sys.argv.index("--folder") + 1])
name = "first" if "--first" in sys.argv else "next"
(folder / (str(os.getpid()) + ".started")).write_text(name)
if "wrong" in sys.argv:
    sys.exit(3)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, lambda *_: (folder / (str(os.getpid()) + ".told")).touch())
if name == "first" and "mute" in sys.argv or not {{"mute", "silent"}} & set(sys.argv):
    announce(folder, Presence(os.getpid(), "127.0.0.1", 8080, "regular", "db"))
while sys.stdin.read(1):
    pass
"""


class Told(list[str]):
    """What a crew says, and what happens when it says it."""

    def __init__(self, *then: Callable[[], None]) -> None:
        super().__init__()
        self._then = list(then)

    def __call__(self, text: str) -> None:
        self.append(text)
        if self._then:
            self._then.pop(0)()


def run(folder: Path, told: Told, number: int, *how: str) -> int:
    """A crew of small programs, until it ends."""
    shared = wanted(number, ["--confdir", str(folder), "--folder", str(folder), *how])
    return asyncio.run(Crew(shared, (sys.executable, "-c", PROGRAM), told).run())


def started(folder: Path) -> list[int]:
    """The processes that were started, oldest first."""
    return [int(path.stem) for path in sorted(folder.glob("*.started"), key=lambda path: path.stat().st_mtime_ns)]


def ended(folder: Path) -> bool:
    """Whether none of them is there any more."""
    return not any(Path(f"/proc/{pid}").exists() for pid in started(folder))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 -- nothing tells of files and processes
        await asyncio.sleep(0.01)


def end(number: int = signal.SIGTERM) -> Callable[[], None]:
    """Ask the crew to end."""
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", crew.ENDING)
def test_a_crew_ends_together(tmp_path: Path, number: int) -> None:
    """It says when all take calls, and whichever way it is asked to end, all of them do."""

    told = Told(end(number))

    assert run(tmp_path, told, 3) == 0
    assert told == ["3 of 3 workers take calls"]
    assert len(started(tmp_path)) == 3
    assert ended(tmp_path)
    assert [path.read_text() for path in tmp_path.glob("*.started")].count("first") == 1


def test_a_worker_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once if it ran for a while, else after a pause that doubles; the others are left alone."""

    monkeypatch.setattr(crew, "FIRST_PAUSE", 0.01)
    tasks: list[asyncio.Task[None]] = []

    def then(count: int, what: Callable[[], None]) -> Callable[[], None]:
        """Do something once so many were started."""

        async def wait() -> None:
            await until(lambda: len(started(tmp_path)) == count)
            what()

        return lambda: tasks.append(asyncio.get_running_loop().create_task(wait()))

    def kill() -> None:
        os.kill(started(tmp_path)[-1], signal.SIGKILL)

    def kill_a_settled_one() -> None:
        monkeypatch.setattr(crew, "SETTLED_SECONDS", -1.0)
        kill()

    told = Told(kill, then(4, kill_a_settled_one), then(5, end()))

    assert run(tmp_path, told, 3) == 0
    assert "died of SIGKILL; it starts again in 0.01 s" in told[1]
    assert "died of SIGKILL; it starts again now" in told[2]
    assert len(started(tmp_path)) == 5
    assert ended(tmp_path)


def test_the_end_does_not_wait_for_a_pause(tmp_path: Path) -> None:
    """Where the only worker is dead and would start again later, there is nothing to wait for."""

    told = Told(lambda: os.kill(started(tmp_path)[0], signal.SIGKILL), end())

    assert run(tmp_path, told, 1) == 0
    assert told[1].endswith("it starts again in 1 s")
    assert len(started(tmp_path)) == 1


def test_a_first_worker_that_can_not_start_ends_it_all(tmp_path: Path) -> None:
    """A mistake in the arguments is told once, and nothing is tried again."""

    told = Told()

    assert run(tmp_path, told, 3, "wrong") == 1
    assert len(started(tmp_path)) == 1
    assert told == []


@pytest.mark.parametrize(("how", "number"), [("silent", 1), ("mute", 3)])
def test_the_end_may_come_during_the_start(tmp_path: Path, how: str, number: int) -> None:
    """Before the first takes calls, or before the others do: what was started until then is ended without a word."""

    told = Told()
    shared = wanted(3, ["--confdir", str(tmp_path), "--folder", str(tmp_path), how])

    async def both() -> int:
        running = asyncio.create_task(Crew(shared, (sys.executable, "-c", PROGRAM), told).run())
        await until(lambda: len(started(tmp_path)) == number)
        end()()
        return await running

    assert asyncio.run(both()) == 0
    assert told == []
    assert len(started(tmp_path)) == number
    assert ended(tmp_path)


def test_a_worker_that_was_just_being_started_ends(tmp_path: Path) -> None:
    """A start that was under way when the end came is no worker that stays."""

    async def late() -> int:
        crew_ = Crew(wanted(1, ["--folder", str(tmp_path), "silent"]), (sys.executable, "-c", PROGRAM), Told())
        await crew_._stop()
        process = await crew_._start(1)
        return await process.wait()

    assert asyncio.run(late()) == -signal.SIGTERM


def test_a_worker_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time, which is told, as its spool keeps what it had."""

    monkeypatch.setattr(crew, "STOP_SECONDS", 0.2)
    told = Told(end())

    assert run(tmp_path, told, 2, "deaf") == 0
    assert told[-1] == "2 workers did not end in 0.2 s and are killed; their spools are kept"
    assert ended(tmp_path)


def test_who_asks_twice_does_not_wait(tmp_path: Path) -> None:
    """A second signal kills."""

    def twice() -> None:
        end(signal.SIGINT)()
        asyncio.get_running_loop().call_later(0.2, end(signal.SIGINT))

    told = Told(twice)

    assert run(tmp_path, told, 2, "deaf") == 0
    assert len(told) == 1
    assert ended(tmp_path)


def test_other_signals_are_passed_on(tmp_path: Path) -> None:
    """Each worker gets what mitmproxy prints its state for."""

    tasks: list[asyncio.Task[None]] = []

    async def ask() -> None:
        end(signal.SIGUSR1)()
        await until(lambda: len(list(tmp_path.glob("*.told"))) == 2)
        end()()

    def begin() -> None:
        tasks.append(asyncio.get_running_loop().create_task(ask()))

    assert run(tmp_path, Told(begin), 2) == 0
    assert len(list(tmp_path.glob("*.told"))) == 2


def test_what_a_crew_says_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the workers' own: a log of JSON lines may be read from there."""

    crew._tell("hello")

    assert capsys.readouterr() == ("", "workers: hello\n")
