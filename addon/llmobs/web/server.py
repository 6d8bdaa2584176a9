"""A web server in a thread with an event loop of its own, so that the proxy's never waits for it.

It does not know its pages: whoever starts it gives it routes.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from threading import Thread

from aiohttp import web

from llmobs.fault import told
from llmobs.web.address import Address

LOG = logging.getLogger("llmobserve")

# A page that is still being made when the proxy stops is not worth more waiting.
SHUTDOWN_S = 1.0
# Nothing here takes more than a form.
REQUEST_BYTES = 64 * 1024
MISDIRECTED = 421

# A page that needs more sets its own policy; one that forgets to gets nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

type Routes = Sequence[web.AbstractRouteDef]
type Closing = Callable[[web.Application], Awaitable[None]]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Routes at an address. `start` raises OSError where the port is taken; both may run twice, from any thread."""

    def __init__(self, address: Address, routes: Routes, closing: Sequence[Closing] = ()) -> None:
        """`closing` is awaited, each with the application, when the server ends, in its own loop."""
        self.address = address
        self._routes = routes
        self._closing = closing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread
        self._runner: web.AppRunner

    def start(self) -> None:
        """Listen; when it returns, requests are answered. Port 0 becomes one that is free, in `address`."""
        if self._loop is not None:
            return
        listener = _listener(self.address)
        self.address = replace(self.address, port=listener.getsockname()[1])
        loop = asyncio.new_event_loop()
        self._thread = Thread(target=loop.run_forever, name="llmobserve-web", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(listener), loop).result()
        except BaseException:
            listener.close()
            self._end(loop)
            raise
        self._loop = loop

    def close(self) -> None:
        """Answer no more; what is under way gets a second."""
        if self._loop is None:
            return
        loop, self._loop = self._loop, None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), loop).result()
        self._end(loop)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    async def _open(self, listener: socket.socket) -> None:
        application = web.Application(middlewares=[self._guard], client_max_size=REQUEST_BYTES)
        application.on_response_prepare.append(_protect)
        application.add_routes(self._routes)
        application.on_cleanup.extend(self._closing)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False, handler_cancellation=True
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only who means this server, and keep the words of an exception to ourselves."""
        if not self.address.welcomes(request.headers.get("Host", "")):
            text = "This name is not one of this server's. Add it to llmobserve_web: HOST:PORT,NAME\n"
            return web.Response(status=MISDIRECTED, text=text)
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as problem:  # noqa: BLE001 - one page is not worth the others
            LOG.warning("the page %a could not be made: %s", request.path, told(problem))
            return web.Response(status=500, text="This page could not be made; the log of the proxy tells why.\n")


def _listener(address: Address) -> socket.socket:
    family, *_, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(place[:2], family=family)


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "LLMObserve"
