"""A script for mitmdump: ends it when whoever started it is gone, and names the run for clients that can't.

Java and clients of a reverse listener carry no user name to the proxy. What is added here the addon takes off again.
"""

import asyncio
import json
import os
import sys

from mitmproxy import connection, ctx, http
from mitmproxy.addonmanager import Loader

_CHUNK_BYTES = 4096


class Leash:
    """Holds on to standard input, whose other end only the starter has."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def load(self, loader: Loader) -> None:
        """Declare the option."""
        loader.add_option("llmobserve_run_headers", str, "{}", "Headers that name the run, as a JSON object.")

    def running(self) -> None:
        """Watch the other end."""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._look)

    def _look(self) -> None:
        if not os.read(sys.stdin.fileno(), _CHUNK_BYTES):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            ctx.master.shutdown()

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Remember who brings a user name."""
        if "proxy-authorization" in flow.request.headers:
            self._named.add(flow.client_conn.id)

    def client_disconnected(self, client: connection.Client) -> None:
        """Forget it."""
        self._named.discard(client.id)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Name the run where its client did not; only a provider's TLS is opened, or listened for."""
        opened = flow.request.scheme == "https"
        if opened and flow.client_conn.id not in self._named:
            for name, value in json.loads(ctx.options.llmobserve_run_headers).items():
                flow.request.headers.setdefault(name, value)


addons = [Leash()]
