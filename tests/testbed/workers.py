"""Several real mitmdumps behind one port, as scripts/workers.py runs them, in front of the testbed."""

import os
import signal
import time
from pathlib import Path

from llmobs.presence import present
from tests.testbed.proxy import Proxy
from tests.testbed.upstream import PATIENCE_SECONDS, ROOT, Upstream

_PROGRAM = ROOT / "scripts" / "workers.py"


class Workers(Proxy):
    """A proxy of `number` workers; its process is the one that keeps them."""

    forking = False

    def __init__(self, folder: Path, upstream: Upstream, number: int, **more: object) -> None:
        super().__init__(folder, upstream, **more)  # type: ignore[arg-type]
        self.number = number

    def _command(self, ready: Path) -> list[str]:
        python, _, _, *arguments = super()._command(ready)
        return [python, str(_PROGRAM), "--workers", str(self.number), "--", *arguments]

    def start(self) -> None:
        """Start and wait until each worker takes calls."""
        super().start()
        self.pids(self.number)

    def pids(self, number: int) -> list[int]:
        """The processes of the workers, once so many are there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found := [each.pid for each in present(self.folder)]) != number:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} workers, not {number}:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        return found

    def kill_one(self) -> None:
        """End one worker without a chance to clean up, and wait until it is there again."""
        before = self.pids(self.number)
        os.kill(before[0], signal.SIGKILL)
        while set(self.pids(self.number)) == set(before):
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        """Processor time that the workers have used."""
        ticks = 0
        for pid in self.pids(self.number):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")
