"""Who is told of every row besides the database, and the web server that shows what they know."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from mitmproxy import ctx

from llmobs.config import ConfigError
from llmobs.event import Event
from llmobs.fault import told
from llmobs.hooks import standing, start
from llmobs.metrics import Counts, Exposition
from llmobs.settings import Settings
from llmobs.telemetry.sinks import Sinks
from llmobs.web import Address, AddressError, Routes, Server, monitoring
from llmobs.web.dashboard import Dashboard
from llmobs.web.workshop import Subject, Workshop

LOG = logging.getLogger("llmobserve")


class Listeners:
    """Counts rows, hands them on, and serves figures of the addon that it listens to."""

    def __init__(self, meter: standing.Meter) -> None:
        self.counts = Counts()
        self.server: Server | None = None
        self._sinks = Sinks()
        self._hear: tuple[Callable[[Event], None], ...] = (self.counts.count,)
        self._meter = meter
        self._exposition = Exposition(self.counts, meter.calls.overhead, partial(standing.state, meter))
        self._address: Address | None = None
        self._running = False
        self._settings: Settings
        self._loop: asyncio.AbstractEventLoop

    def configure(self, settings: Settings) -> None:
        """Take the settings; raises ConfigError, and stays as it was then."""
        address = _address(settings.web)
        self._settings = settings
        self._sinks.configure(settings)
        self._hear = (self.counts.count, *(sink.hear for sink in self._sinks))
        if address != self._address:
            self._address = address
            if self._running:
                self.serve()

    def serve(self) -> None:
        """Listen where the settings say; a port that is taken costs the figures, and nothing else."""
        self._loop = ctx.master.event_loop
        self._running = True
        self._close()
        if self._address is None or not ctx.options.server:
            return
        dashboard = Dashboard(Workshop(self._subject))
        server = Server(self._address, [*self.routes(), *dashboard.routes], [dashboard.close])
        try:
            server.start()
        except OSError as problem:
            LOG.warning(
                "llmobserve_web: %s:%s can't be served: %s. There are no dashboard and no metrics until another "
                "address is set.",
                self._address.host,
                self._address.port,
                (problem.strerror or "").partition(" (")[0],
            )
        else:
            self.server = server

    @property
    def url(self) -> str | None:
        """Where it is served, for a browser of this machine."""
        return self.server.address.url if self.server else None

    def _subject(self) -> Subject:
        """What the dashboard is about, as it is set when a page is asked for."""
        database = str(self._meter.calls.writer.database)
        return Subject(database, self._meter.book.updated, start.file(self._settings.policy))

    def routes(self) -> Routes:
        """What monitoring asks for."""
        return monitoring.routes(self._exposition.text, partial(standing.problem, self._meter), self._lives)

    async def _lives(self, patience_s: float) -> bool:
        """Whether the proxy's event loop takes work; asked from the server's own."""
        turned = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop))
        try:
            await asyncio.wait_for(turned, patience_s)
        except TimeoutError:
            return False
        return True

    def hear(self, event: Event) -> None:
        """Tell everyone of a row; whoever fails does not keep the others from hearing it."""
        for hear in self._hear:
            try:
                hear(event)
            except Exception as problem:  # noqa: BLE001 - metering never breaks a call
                LOG.warning("a row was not told: %s", told(problem))

    def close(self) -> None:
        """Serve no more, and hand over what waits."""
        self._running = False
        self._close()
        self._sinks.close()

    def _close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except AddressError as problem:
        raise ConfigError([f"llmobserve_web: {problem}"]) from problem
