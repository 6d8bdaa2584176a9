"""The upstream as tests hold it: started, asked what it saw, told to open a door, stopped."""

import http.client
import json
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.testbed.certificates import Certificates, issue

ROOT = Path(__file__).parents[2]
# How long a test polls for something that must come; generous, as it decides nothing.
PATIENCE_SECONDS = 60.0


class Upstream:
    """A running testbed server and its certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: Certificates
        self.port = 0
        self.process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self.files = issue(self.folder)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.testbed.server", str(self.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def mark(self) -> int:
        """A number to ask `since` with, later."""
        return int(self._control("count")["count"])

    def since(self, mark: int) -> list[dict[str, Any]]:
        """What arrived after `mark`."""
        entries: list[dict[str, Any]] = self._control(f"since/{mark}")
        return entries

    def open_door(self, name: str) -> None:
        """Let the answers go on that wait at the gate `name`."""
        self._control(f"open/{name}")

    def outage(self, host: str, *, out: bool) -> None:
        """Have a host answer nothing but 503, or well again."""
        self._control(f"{'out' if out else 'back'}/{host}")

    def wait(self, mark: int, **wanted: Any) -> dict[str, Any]:
        """The first entry after `mark` with the wanted values, as soon as there is one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for entry in self.since(mark):
                if all(entry[name] == value for name, value in wanted.items()):
                    return entry
            time.sleep(0.02)
        raise AssertionError(f"the upstream never saw {wanted}; it saw {self.since(mark)}")

    def _control(self, verb: str) -> Any:
        context = ssl.create_default_context(cafile=str(self.files.ca))
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=PATIENCE_SECONDS)
        connection.request("GET", f"/_testbed/{verb}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer
