"""Who may come in: where the proxy listens, which certificate it shows, what it answers to whoever only knocks.

It does not know calls; `meter` tells it which hosts are a provider's.
"""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any, Protocol, cast

from mitmproxy import ctx, exceptions, http, options, tls
from mitmproxy.connection import Client, Server
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.mode_specs import ProxyMode

from llmobs import authority, presence
from llmobs.hooks import listening, start, stop
from llmobs.pricing import PriceBook

LOG = logging.getLogger("llmobserve")
HTTPS = 443
# Hosts whose certificate a client refused, as many as fit on a screen.
REFUSED_KEPT = 20


class Meter(Protocol):
    """Who has the price book."""

    book: PriceBook


class Doorman:
    """Sets what is safe before the servers open, and answers for the reserved host."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._running = False
        self._moves = False
        self._opening: asyncio.Task[None] | None = None
        self._authority: authority.Authority | None = None
        self._last = _Last(self)
        self._refused: dict[str, None] = {}

    # Life.

    def configure(self, updated: set[str]) -> None:
        """Listen on loopback where nothing else was said, refuse an open door, and fit mitmproxy to the CA."""
        self._moves = listening.stay_home(ctx.options) or self._moves
        if problem := listening.open_door(ctx.options):
            if not self._running:
                stop.stop(problem)
            raise exceptions.OptionsError(problem)
        if "confdir" in updated:
            self._know_authority()
        if self._running and updated & {"llmobserve_db", "mode", "listen_host", "listen_port"}:
            self._announce()

    def _know_authority(self) -> None:
        """A CA that is constrained must not copy the names of an upstream's certificate, which may be anyone's."""
        try:
            self._authority = authority.read(self._confdir())
        except authority.AuthorityError as problem:
            if self._running:  # which asks again
                start.warn(ctx.options, str(problem))
        if self._constrained():
            ctx.options.update(upstream_cert=False)

    def _confdir(self) -> Path:
        return Path(ctx.options.confdir).expanduser()

    def _constrained(self) -> bool:
        return self._authority is not None and self._authority.permitted is not None

    def running(self) -> None:
        """Open the doors, and say which providers the CA can't sign for."""
        self._running = True
        ctx.master.addons.add(self._last)
        self._know_authority()
        # A hook that waits can't be called when a script is loaded anew.
        self._opening = asyncio.get_running_loop().create_task(self._open())
        hosts = sorted(host for provider in self._meter.book.providers.values() for host in provider.hosts)
        if self._authority and (lacking := self._authority.uncovered(hosts)):
            start.warn(ctx.options, listening.lacking(lacking, self._authority.path))

    async def _open(self) -> None:
        if self._moves:
            await listening.move_home(ctx.master.addons.get("proxyserver").servers, ctx.options)
            self._moves = False
        self._announce()

    def _announce(self) -> None:
        """A private file for each port, so that other programs of this user find the proxy and its database."""
        presence.withdraw(self._confdir(), os.getpid())
        for server in ctx.master.addons.get("proxyserver").servers:
            for host, port, *_ in server.listen_addrs[:1]:
                self._announce_at(server.mode, host, port)

    def _announce_at(self, mode: ProxyMode, host: str, port: int) -> None:
        db = Path(ctx.options.llmobserve_db).expanduser().absolute().resolve()
        kind = mode.full_spec.partition("@")[0]
        try:
            presence.announce(self._confdir(), presence.Presence(os.getpid(), host, port, kind, str(db)))
        except OSError as error:
            LOG.warning("%s can't be written (%s): scripts/run.py will not find this proxy", self._confdir(), error)

    def done(self) -> None:
        """The door is closed."""
        if self._running:
            ctx.master.addons.remove(self._last)
        self._running = False
        presence.withdraw(self._confdir(), os.getpid())

    # Connections.

    def client_connected(self, client: Client) -> None:
        """Nobody from elsewhere comes in before the doors are where they should be."""
        if self._moves and not listening.is_home(client.peername[0]):
            client.error = "not open yet"

    def next_layer(self, data: NextLayer) -> None:
        """Let each connection ask for itself whether it may connect before its request is known."""
        if not isinstance(data.context.options, _PerHost):
            data.context.options = cast("options.Options", _PerHost(data.context.options, data.context.server, self))

    def waits(self, server: Server) -> bool:
        """Whether the connection to a server waits for the request.

        The reserved host is nowhere. Nor does a CA that does not copy names have to see a provider's certificate first;
        a provider that can't be reached is then a call that failed, and not a tunnel that never was.
        """
        host, port = server.address or ("", HTTPS)
        return host == authority.RESERVED or (
            self._constrained() and self._meter.book.provider_at(host, port) is not None
        )

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Open the reserved host, which is no provider's."""
        if authority.RESERVED in (data.client_hello.sni, (data.context.server.address or ("",))[0]):
            data.ignore_connection = False

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """Remember for whom a certificate was refused, so that scripts/doctor.py can tell."""
        if data.conn.sni == authority.RESERVED:
            return  # only scripts/doctor.py asks for it
        self._refused.setdefault(data.conn.sni or "?")
        if len(self._refused) > REFUSED_KEPT:
            del self._refused[next(iter(self._refused))]

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Answer for the reserved host: whoever gets this goes through the proxy and trusts it."""
        if authority.RESERVED in (flow.request.host, flow.client_conn.sni):
            flow.request.stream = False
            flow.response = http.Response.make(200, self._answer(flow), {"Content-Type": "application/json"})

    def _answer(self, flow: http.HTTPFlow) -> bytes:
        told: dict[str, Any] = {
            "program": "llmobserve",
            "seen": True,
            "pid": os.getpid(),
            "tls": flow.client_conn.tls_version,
            "http": flow.request.http_version,
            "client": flow.request.headers.get("user-agent"),
            "refused": list(self._refused),
        }
        return json.dumps(told).encode()


class _Last:
    """Comes after mitmproxy's own `tlsconfig`, which decides by the option of all connections."""

    name = "llmobserve_last"

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Do not connect before the request is known, and speak HTTP/2 with whoever can, as providers do."""
        if self._doorman.waits(data.context.server):
            data.establish_server_tls_first = False
            if ctx.options.http2 and b"h2" in data.client_hello.alpn_protocols:
                data.context.client.alpn = b"h2"


class _PerHost:
    """The options as one connection sees them: its connection strategy depends on where it goes."""

    def __init__(self, plain: options.Options, server: Server, doorman: Doorman) -> None:
        self._plain, self._server, self._doorman = plain, server, doorman

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    @property
    def connection_strategy(self) -> str:
        return "lazy" if self._doorman.waits(self._server) else str(self._plain.connection_strategy)
