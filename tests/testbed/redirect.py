"""A script for mitmdump: every host name resolves to the testbed, as an entry in the hosts file would make it.

Only name resolution changes: addresses, SNI and certificates stay those of the real hosts, and nothing can leave
127.0.0.1. It also ends mitmdump when its parent is gone, which is when standard input ends.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader

_PARENT_GONE_CHECK_BYTES = 4096


class Redirect:
    """Sends every name to the port in `testbed_port`."""

    def __init__(self) -> None:
        self.silent: dict[str, socket.socket] = {}

    def load(self, loader: Loader) -> None:
        """Declare the options."""
        loader.add_option("testbed_port", int, 0, "port of the testbed on 127.0.0.1")
        loader.add_option("testbed_dead", str, "", "host whose port is closed")
        loader.add_option("testbed_deaf", str, "", "host that takes connections and never says a word")
        loader.add_option("testbed_ready", str, "", "file that gets the listening ports, one a line")

    def running(self) -> None:
        """Take the place of the resolver, then say which ports are open."""
        loop = asyncio.get_running_loop()
        for host in ("dead", "deaf"):
            self.silent[getattr(ctx.options, f"testbed_{host}")] = silent = socket.socket()
            silent.bind(("127.0.0.1", 0))
            if host == "deaf":
                silent.listen()
        loop.getaddrinfo = self._resolve  # type: ignore[method-assign, assignment]
        loop.add_reader(sys.stdin.fileno(), self._parent)
        servers = ctx.master.addons.get("proxyserver").servers
        ports = {server.mode.full_spec: server.listen_addrs[0][1] for server in servers}
        ready = Path(ctx.options.testbed_ready)
        draft = ready.with_suffix(f".{os.getpid()}")
        draft.write_text("".join(f"{ports[mode]}\n" for mode in ctx.options.mode))
        draft.rename(ready)

    async def _resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        local = host in ("127.0.0.1", "localhost")
        target = (host, port) if local else ("127.0.0.1", ctx.options.testbed_port)
        if host in self.silent:
            target = self.silent[host].getsockname()
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", target)]

    def _parent(self) -> None:
        if not os.read(sys.stdin.fileno(), _PARENT_GONE_CHECK_BYTES):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            ctx.master.shutdown()


addons = [Redirect()]
