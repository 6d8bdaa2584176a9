"""Ends a start that can't go on, so that what to do about it is the last thing that is said."""

import atexit
import os
from typing import NoReturn

from mitmproxy import ctx
from mitmproxy.master import Master
from mitmproxy.tools.dump import DumpMaster


def stop(text: str) -> NoReturn:
    """End mitmdump with a text; raises SystemExit."""
    quietly()
    raise SystemExit(text)


def quietly() -> None:
    """Leave without the clean-up in which DuckDB's module lists, in twenty lines, what Python still holds of it."""
    if isinstance(ctx.master, DumpMaster):
        atexit.register(os._exit, 1)


def watch(master: Master) -> None:
    """Look at the end of the process whether its start failed."""
    atexit.register(after_errors, master)


def after_errors(master: Master) -> None:
    """Leave as quietly where a start logged an error, as of a port that is taken, and mitmdump ends by itself."""
    if isinstance(master, DumpMaster) and master.addons.get("errorcheck").logger.has_errored:
        os._exit(1)
