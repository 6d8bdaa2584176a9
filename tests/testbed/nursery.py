"""Forks mitmdumps from a process that has imported all they need, which takes each a second of processor time.

Run as `python -m tests.testbed.nursery DOOR`, a socket that it inherits. An order is arguments, a folder and an
environment, with the descriptors of standard input, of the log, and of a pipe that gets the child's id and, at its
end, its exit status. A child is a whole process of its own, and ends as any Python does.
"""

import json
import os
import selectors
import socket
import sys
from contextlib import suppress
from typing import Any

# An order holds a whole environment.
_ORDER_BYTES = 1024 * 1024


def orders(door: socket.socket) -> list[str] | None:
    """Fork for each order: in the child its arguments, in the parent None when the door is closed."""
    waiting = selectors.DefaultSelector()
    waiting.register(door, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is not door:
                waiting.unregister(key.fileobj)
                _bury(key.fd, *key.data)
                continue
            message, descriptors, *_ = socket.recv_fds(door, _ORDER_BYTES, 3)
            if not message:
                return None
            pid = os.fork()
            if not pid:
                door.close()
                waiting.close()
                return _become(json.loads(message), *descriptors)
            waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, _born(pid, *descriptors)))


def _born(pid: int, stdin: int, log: int, status: int) -> int:
    os.close(stdin)
    os.close(log)
    with suppress(BrokenPipeError):
        os.write(status, b"%d\n" % pid)
    return status


def _bury(pidfd: int, pid: int, status: int) -> None:
    os.close(pidfd)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):  # who asked for it does not look any more
        os.write(status, b"%d\n" % ended)
    os.close(status)


def _become(order: dict[str, Any], stdin: int, log: int, status: int) -> list[str]:
    for ours, standard in ((stdin, 0), (log, 1), (log, 2)):
        os.dup2(ours, standard)
    for ours in (stdin, log, status):
        os.close(ours)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    arguments: list[str] = order["arguments"]
    return arguments


if __name__ == "__main__":
    from mitmproxy.tools.main import mitmdump

    import llmobs.hooks  # noqa: F401 -- what a child with the addon needs; one without does not see it

    if (arguments := orders(socket.socket(fileno=int(sys.argv[1])))) is not None:
        sys.argv = ["mitmdump", *arguments]
        mitmdump()
