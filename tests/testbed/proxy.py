"""A real mitmdump process in front of the testbed: bare or with the addon, in any mode, in a folder of its own."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from tests.testbed.certificates import Certificates
from tests.testbed.forked import PROGRAM, Process, mitmdump
from tests.testbed.upstream import PATIENCE_SECONDS, ROOT

ADDON = ROOT / "addon" / "llmobserve.py"
PRICES = ROOT / "tests" / "testbed" / "prices.yaml"
# A script, never to be imported here: it makes the metering fail.
FAULTS = Path(__file__).with_name("faults.py")
# Another one: it shortens the minute of rate limits.
SHORT_MINUTE = Path(__file__).with_name("short_minute.py")
_REDIRECT = Path(__file__).with_name("redirect.py")


class Server(Protocol):
    """What a proxy has to know of an upstream."""

    files: Certificates
    port: int


class Proxy:
    """One mitmdump; `addon` off makes it bare. Its configuration, log, database and spool lie in `folder`."""

    # Whether it comes out of the nursery, as many tests have one of their own, or is started as a user does it.
    forking = False

    def __init__(
        self,
        folder: Path,
        upstream: Server,
        *,
        addon: bool = True,
        modes: Sequence[str] = ("regular",),
        scripts: Sequence[Path] = (),
        options: Mapping[str, str] | None = None,
        pricing: Path | None = PRICES,
    ) -> None:
        self.folder, self.upstream, self.addon, self.modes = folder, upstream, addon, modes
        self.scripts, self.options, self.pricing = scripts, dict(options or {}), pricing
        self.db = folder / "events.duckdb"
        self.log = folder / "mitmdump.log"
        self.ports: list[int] = []
        self.process: Process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until all modes listen."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = self._spawn(self._command(ready), log)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"mitmdump did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        self.ports = [int(line) for line in ready.read_text().split()]
        authorities = (self.folder / "mitmproxy-ca-cert.pem").read_bytes() + self.upstream.files.ca.read_bytes()
        self.bundle.write_bytes(authorities)

    def _spawn(self, command: list[str], log: BinaryIO) -> Process:
        if self.forking:
            return mitmdump(command[3:], self.folder, log)
        return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def _command(self, ready: Path) -> list[str]:
        options = {
            "confdir": str(self.folder),
            "listen_host": "127.0.0.1",
            "ssl_verify_upstream_trusted_ca": str(self.upstream.files.ca),
            "testbed_port": str(self.upstream.port),
            "testbed_ready": str(ready),
        }
        scripts = [_REDIRECT, *self.scripts]
        if self.addon:
            scripts.append(ADDON)
            options["llmobserve_db"] = str(self.db)
            options["llmobserve_web"] = "off"  # its port is one for all
            if self.pricing:
                options["llmobserve_pricing"] = str(self.pricing)
        options |= self.options
        return [
            *(sys.executable, "-c", PROGRAM),
            *(part for mode in self.modes for part in ("--mode", f"{mode}@{free_port()}")),
            *(part for script in scripts for part in ("-s", str(script))),
            *(part for name, value in options.items() for part in ("--set", f"{name}={value}")),
        ]

    @property
    def bundle(self) -> Path:
        """The authorities a client must trust: mitmproxy's, and the testbed's for hosts that are tunnelled."""
        return self.folder / "bundle.pem"

    def trust(self) -> ssl.SSLContext:
        """The same for a Python client that takes nothing from its environment."""
        return ssl.create_default_context(cafile=str(self.bundle))

    @property
    def url(self) -> str:
        """The address for HTTPS_PROXY."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def environment(self) -> dict[str, str]:
        """What `make run` tells a user to export, and nothing that leads past the proxy."""
        bundle = str(self.bundle)
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.url)
        return proxy | dict.fromkeys(trust, bundle) | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")

    def stop(self) -> None:
        """Ask it to end (SIGTERM), as a service manager does, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        self._close()

    def kill(self) -> None:
        """End it without a chance to clean up (kill -9)."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def resident_bytes(self) -> int:
        """Memory it holds now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time it has used, user and system, threads that have ended included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
