"""Start mitmdump as one of several workers: it shares its port, and ends with whoever started it.

It does not know its siblings. The kernel gives each new connection to one of those who listen.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mitmproxy.tools.main import mitmdump

# What the first of all workers is started with: a port that another program has is an error, and not one to be shared.
FIRST = "--first"

type Opening = Callable[..., Awaitable[asyncio.Server]]


async def shared(opening: Opening, handler: Any, host: Any = None, port: Any = None, *, first: bool, **how: Any) -> Any:
    """What `asyncio.start_server` does, on a port that others of this user may listen on, too.

    mitmproxy has no option for it. A socket that is open already is taken as it is.
    """
    if "sock" in how:
        return await opening(handler, host, port, **how)
    if first:
        (await opening(handler, host, port, **how)).close()
    return await opening(handler, host, port, reuse_port=True, **how)


def end_with_starter(descriptor: int) -> None:
    """Wait until nobody holds the other end of a pipe, then end this process as a service manager would."""
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run from the command line, with mitmdump's own arguments."""
    first = sys.argv[1:2] == [FIRST]
    asyncio.start_server = partial(shared, asyncio.start_server, first=first)
    threading.Thread(target=end_with_starter, args=(sys.stdin.fileno(),), daemon=True).start()
    mitmdump(sys.argv[2 if first else 1 :])


if __name__ == "__main__":
    main()
