"""Has pages made in a process of its own, which starts when one is wanted and ends when none was for a while.

Who asks for the same page at the same time, or soon after, gets the same one. It knows neither pages nor databases.
"""

import asyncio
import logging
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from llmobs.dashboard.order import Order, Reply

LOG = logging.getLogger("llmobserve")

MAKER = ("-m", "llmobs.dashboard.maker")
LONGEST_S = 30.0
IDLE_S = 120.0
# A page is as good as new for this long, or for so many times as long as it took: a database is kept busy for a
# fifth of the time at most, however many look.
FRESH_S = 2.0
FRESH_TIMES = 4.0
# Pages that are kept; who looks at more at once waits.
MOST_PAGES = 32
_PACKAGES = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Subject:
    """What pages are about: a database, when its prices were brought up to date, and the policy file, if any."""

    db: str
    prices: date
    policy: Path | None = None

    @property
    def arguments(self) -> list[str]:
        """What the process is told."""
        return [self.db, self.prices.isoformat(), *([str(self.policy)] if self.policy else [])]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was made."""

    status: int
    body: bytes
    seconds: float
    location: str = ""

    @property
    def fresh_s(self) -> float:
        """For how long it is as good as new."""
        return max(FRESH_S, FRESH_TIMES * self.seconds)


TOO_LONG = Page(503, b"This takes longer than 30 seconds. Choose a shorter period, or fewer panels.\n", LONGEST_S)
BROKEN = Page(500, b"The process that makes the pages ended; the next request starts another one.\n", 0.0)


class Workshop:
    """Pages by path and query; `source` tells what they are about. All of it belongs to one event loop."""

    def __init__(self, source: Callable[[], Subject], longest_s: float = LONGEST_S, idle_s: float = IDLE_S) -> None:
        self._source = source
        self._subject: Subject | None = None
        self._longest_s = longest_s
        self._idle_s = idle_s
        self._turn: asyncio.Lock | None = None
        self._maker: Process | None = None
        self._kept: dict[Order, tuple[float, asyncio.Future[Page]]] = {}
        self._idle: asyncio.TimerHandle | None = None

    async def page(self, path: str, query: str) -> Page:
        """The page, new or fresh enough."""
        order, now = Order(path, query), time.monotonic()
        made, making = self._kept.get(order, (0.0, None))
        if making is None or _stale(making, now - made):
            making = asyncio.ensure_future(self._made(order))
            self._keep(order, making)
        # Who goes away takes the page from nobody else.
        return await asyncio.shield(making)

    async def close(self) -> None:
        """End the process; the next page starts another one."""
        if self._idle is not None:
            self._idle.cancel()
        for _, making in self._kept.values():
            making.cancel()
        self._kept.clear()
        await self._end()

    def _keep(self, order: Order, making: "asyncio.Future[Page]") -> None:
        self._kept.pop(order, None)
        while len(self._kept) >= MOST_PAGES:
            self._kept.pop(next(iter(self._kept)))
        self._kept[order] = (time.monotonic(), making)

    async def _made(self, order: Order) -> Page:
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            try:
                page = await asyncio.wait_for(self._ask(order), self._longest_s)
            except TimeoutError:
                page = TOO_LONG
            except (OSError, EOFError, msgspec.DecodeError) as problem:
                LOG.warning("the process that makes the pages ended: %s", type(problem).__name__)
                page = BROKEN
            if page in (TOO_LONG, BROKEN):
                await self._end()
        if order in self._kept:  # it is fresh from now on, not since it was asked for
            self._kept[order] = (time.monotonic(), self._kept[order][1])
        self._rest()
        return page

    async def _ask(self, order: Order) -> Page:
        if self._maker is None or self._subject != self._source():
            await self._end()
            self._subject = self._source()
            self._maker = await self._start(self._subject)
        assert self._maker.stdin is not None
        assert self._maker.stdout is not None
        self._maker.stdin.write(msgspec.json.encode(order) + b"\n")
        await self._maker.stdin.drain()
        line = await self._maker.stdout.readuntil(b"\n")
        reply = msgspec.json.decode(line, type=Reply)
        body = await self._maker.stdout.readexactly(reply.length)
        return Page(reply.status, body, reply.seconds, reply.location)

    async def _start(self, subject: Subject) -> Process:
        paths = [str(_PACKAGES), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        return await asyncio.create_subprocess_exec(
            sys.executable, *MAKER, *subject.arguments, stdin=PIPE, stdout=PIPE, env=environment
        )

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._go_home)

    def _go_home(self) -> None:
        if self._turn is not None and not self._turn.locked():
            self._ending = asyncio.ensure_future(self._end())

    async def _end(self) -> None:
        maker, self._maker = self._maker, None
        if maker is not None:
            with suppress(ProcessLookupError):
                maker.kill()
            await maker.wait()


def _stale(making: "asyncio.Future[Page]", age_s: float) -> bool:
    """Whether a page has to be made again."""
    if not making.done():
        return False
    return making.cancelled() or making.exception() is not None or age_s > making.result().fresh_s
