"""Keeps the workers running, and ends them together; it does not know what they do.

A worker that dies is started again: at once if it ran for a while, else after a pause that grows.
"""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from llmobs.presence import present
from scripts.worker_parts.arguments import Wanted
from scripts.worker_parts.worker import FIRST

PROGRAM = (sys.executable, str(Path(__file__).with_name("worker.py")))
# A cold start reads some thousand files from a disk that may be slow.
START_SECONDS = 60.0
# As long as a worker may need to store what it has; what it can't store stays in its spool.
STOP_SECONDS = 45.0
# Who has run this long did not die of how it was started.
SETTLED_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
_LOOK_SECONDS = 0.05
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PASSED_ON = (signal.SIGUSR1, signal.SIGUSR2)


def _tell(text: str) -> None:
    print(f"workers: {text}", file=sys.stderr, flush=True)


class Crew:
    """The workers behind one port."""

    def __init__(self, wanted: Wanted, program: Sequence[str] = PROGRAM, tell: Callable[[str], None] = _tell) -> None:
        self._wanted = wanted
        self._program = program
        self._tell = tell
        self._running: dict[int, Process] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        """Start them, keep them, stop them; 1 where the first one can't be started."""
        self._listen()
        first = await self._start(1, FIRST)
        if not await self._up(first):
            asked = self._stopping.is_set()
            await self._stop()
            return 0 if asked else 1
        for worker in range(2, self._wanted.number + 1):
            await self._start(worker)
        kept = [asyncio.create_task(self._keep(worker)) for worker in list(self._running)]
        await self._greet()
        await self._stopping.wait()
        await self._stop()
        await asyncio.gather(*kept)
        return 0

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._end)
        for number in PASSED_ON:
            loop.add_signal_handler(number, self._send, number)

    def _end(self) -> None:
        """Stop; who asks twice does not want to wait."""
        if self._stopping.is_set():
            self._send(signal.SIGKILL)
        self._stopping.set()

    def _send(self, number: int) -> None:
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.send_signal(number)

    async def _start(self, worker: int, *more: str) -> Process:
        """Start one in a session of its own, so that Ctrl-C reaches it through us only; the pipe ends it with us."""
        self._running[worker] = await asyncio.create_subprocess_exec(
            *(*self._program, *more, *self._wanted.of(worker)),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        if self._stopping.is_set():  # while it was being started
            self._send(signal.SIGTERM)
        return self._running[worker]

    async def _up(self, process: Process) -> bool:
        """Wait until a worker takes calls; False where it ended before."""
        deadline = time.monotonic() + START_SECONDS
        while process.returncode is None and time.monotonic() < deadline and not self._stopping.is_set():
            if any(each.pid == process.pid for each in present(self._wanted.confdir)):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def _keep(self, worker: int) -> None:
        """Start a worker, and again whenever it ends."""
        pause = 0.0
        while not self._stopping.is_set():
            process = self._running.get(worker) or await self._start(worker)
            begun = time.monotonic()
            status = await process.wait()
            del self._running[worker]
            if self._stopping.is_set():
                return
            settled = time.monotonic() - begun > SETTLED_SECONDS
            pause = 0.0 if settled else min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
            self._tell(f"worker {worker} (process {process.pid}) {_ended(status)}; it starts again {_when(pause)}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _greet(self) -> None:
        """Say that they are there, once all of them are."""
        up = await asyncio.gather(*(self._up(process) for process in self._running.values()))
        if not self._stopping.is_set():
            self._tell(f"{sum(up)} of {self._wanted.number} workers take calls")

    async def _stop(self) -> None:
        """Ask all to end and wait until their rows are stored."""
        self._stopping.set()
        self._send(signal.SIGTERM)
        waits = [asyncio.create_task(process.wait()) for process in self._running.values()]
        if not waits:
            return
        _, late = await asyncio.wait(waits, timeout=STOP_SECONDS)
        if late:
            self._tell(f"{len(late)} workers did not end in {STOP_SECONDS:g} s and are killed; their spools are kept")
            self._send(signal.SIGKILL)
            await asyncio.wait(late)


def _ended(status: int) -> str:
    return f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _when(pause: float) -> str:
    return f"in {pause:g} s" if pause else "now"
