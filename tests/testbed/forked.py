"""Mitmdumps for tests: from the nursery, held as `subprocess.Popen` would be, where the system lets it know of ends."""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from tests.testbed.upstream import PATIENCE_SECONDS, ROOT

type Process = subprocess.Popen[bytes] | Forked

PROGRAM = "from mitmproxy.tools.main import mitmdump; mitmdump()"
_ONE_NURSERY = Lock()


def mitmdump(arguments: Sequence[str], folder: Path, log: BinaryIO) -> "Process":
    """One that runs in a folder, until its standard input ends where its scripts look at that."""
    if hasattr(os, "pidfd_open"):
        return Forked(arguments, folder, log)
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log)


class Forked:
    """A process: ended when `returncode` is a number."""

    def __init__(self, arguments: Sequence[str], folder: Path, log: BinaryIO) -> None:
        order = {"arguments": arguments, "folder": str(folder), "environment": dict(os.environ)}
        stdin, theirs = os.pipe()
        status, told = os.pipe()
        with _ONE_NURSERY:
            door = _nursery()
        socket.send_fds(door, [json.dumps(order).encode()], [stdin, log.fileno(), told])
        os.close(stdin)
        os.close(told)
        self.stdin = os.fdopen(theirs, "wb")
        self._status = os.fdopen(status, "rb")
        self.pid = int(self._status.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once there is one."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("mitmdump", timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.send_signal(signal.SIGKILL)


@functools.cache
def _nursery() -> socket.socket:
    """The door of this process's nursery, which ends when that is closed: with this process, however that ends."""
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
    command = [sys.executable, "-m", "tests.testbed.nursery", str(theirs.fileno())]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "addon"), str(ROOT)])}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    atexit.register(_close, door, process)
    return door


def _close(door: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    door.close()
    process.wait(PATIENCE_SECONDS)
