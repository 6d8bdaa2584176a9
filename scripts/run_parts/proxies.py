"""The proxy that a command goes through: one that runs already, or one of its own; it does not know the command."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from llmobs.authority import RESERVED
from llmobs.presence import Presence, present, withdraw

ROOT = Path(__file__).resolve().parents[2]
_ADDON = ROOT / "addon" / "llmobserve.py"
_LEASH = Path(__file__).with_name("leash.py")
# A cold start reads some thousand files from a disk that may be slow.
_START_SECONDS = 60.0
# As long as the addon itself may need to store what it has.
_STOP_SECONDS = 45.0
_ASK_SECONDS = 5.0
_PAUSE = 0.05
_PAGE_BYTES = 65_536
_WAYS = ("regular", "upstream")


class ProxyError(Exception):
    """There is no proxy to go through; the text says why."""


def find(confdir: Path, port: int) -> Presence | None:
    """The proxy of ours at a port, if it answers there."""
    here = [each for each in present(confdir) if each.port == port and each.mode.startswith(_WAYS)]
    return answering(here, ask(address(here[0]), port)) if here else None


def answering(here: Sequence[Presence], told: Mapping[str, Any] | None) -> Presence | None:
    """Which of those that share a port has said who it is; None where it was somebody else."""
    return next((each for each in here if told and told.get("pid") == each.pid), None)


def address(presence: Presence) -> str:
    """Where a program of this machine reaches it."""
    return "127.0.0.1" if presence.host in ("0.0.0.0", "::", "") else presence.host  # noqa: S104


def ask(host: str, port: int) -> dict[str, Any] | None:
    """What a proxy says of itself; None where no proxy of ours listens."""
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)
    with closing(connection), suppress(OSError, ValueError, http.client.HTTPException):
        connection.request("GET", f"http://{RESERVED}/", headers={"Host": RESERVED})
        told = json.loads(connection.getresponse().read(_PAGE_BYTES))
        if isinstance(told, dict) and told.get("program") == "llmobserve":
            return told
    return None


def lets_in(url: str) -> bool:
    """Whether a proxy opens a tunnel for the user of its address; what does not answer is no refusal."""
    to = urlsplit(url)
    user = f"{unquote(to.username or '')}:{unquote(to.password or '')}"
    claim = {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if to.username else {}
    connection = http.client.HTTPConnection(to.hostname or "", to.port, timeout=_ASK_SECONDS)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("CONNECT", f"{RESERVED}:443", headers=claim)
        return connection.getresponse().status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a proxy of one's own is started with."""

    confdir: Path
    db: Path
    pricing: Path | None
    policy: Path | None
    headers: Mapping[str, str]
    reverse: Sequence[str]
    company: str | None
    trusted: Path | None

    def command(self) -> list[str]:
        """The command line; mitmproxy takes any free port for 0, but only once."""
        company = urlsplit(self.company or "")
        options = {
            "confdir": self.confdir,
            "listen_host": "127.0.0.1",
            "termlog_verbosity": "warn",
            "flow_detail": 0,
            "llmobserve_web": "off",  # a proxy that ends with its program is not monitored
            "llmobserve_db": self.db,
            "llmobserve_run_headers": json.dumps(dict(self.headers)),
        }
        if self.pricing:
            options["llmobserve_pricing"] = self.pricing.absolute()
        if self.policy:
            options["llmobserve_policy"] = self.policy.absolute()
        if self.trusted:
            options["ssl_verify_upstream_trusted_ca"] = self.trusted
        if company.username:
            options["upstream_auth"] = f"{unquote(company.username)}:{unquote(company.password or '')}"
        main = f"upstream:{company.scheme}://{company.hostname}:{company.port or 80}" if self.company else "regular"
        doors = zip(self.reverse, _free_ports(len(self.reverse)), strict=True)
        modes = [f"{main}@0", *(f"reverse:{provider}@{port}" for provider, port in doors)]
        return [
            *(sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"),
            *(part for mode in modes for part in ("--mode", mode)),
            *(part for script in (_LEASH, _ADDON) for part in ("-s", str(script))),
            *(part for name, value in options.items() for part in ("--set", f"{name}={value}")),
        ]


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(probe.getsockname()[1]) for probe in probes]


class Own:
    """A proxy for one command, on free ports, in a session of its own so that no key of the terminal reaches it."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._process: subprocess.Popen[bytes]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the proxy

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._wanted.command(), stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, start_new_session=True
        )
        withdraw(self._wanted.confdir, self._process.pid)  # what a dead proxy left that had the same number
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while len(self.listeners()) < 1 + len(self._wanted.reverse):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ProxyError(f"the proxy did not start:\n{self.said()}")
            time.sleep(_PAUSE)

    def listeners(self) -> list[Presence]:
        """Where it listens."""
        return [each for each in present(self._wanted.confdir) if each.pid == self._process.pid]

    @property
    def main(self) -> Presence:
        """The listener for HTTPS_PROXY."""
        return next(each for each in self.listeners() if each.mode.startswith(_WAYS))

    @property
    def reverse(self) -> dict[str, int]:
        """Provider -> port of its reverse listener."""
        ports = {each.mode: each.port for each in self.listeners()}
        return {provider: ports[f"reverse:{provider}"] for provider in self._wanted.reverse}

    def said(self) -> str:
        """The end of its log."""
        end = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, end - _PAGE_BYTES))
        return self._log.read().decode(errors="replace").strip()

    def stop(self) -> None:
        """Ask it to end, and wait until all rows are stored."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
