"""Ends a start that can't go on, so that what to do about it is the last thing that is said."""

import atexit
import os
from typing import NoReturn

from mitmproxy import ctx
from mitmproxy.tools.dump import DumpMaster


def stop(text: str) -> NoReturn:
    """End mitmdump with a text; raises SystemExit."""
    quietly()
    raise SystemExit(text)


def quietly() -> None:
    """Leave without the clean-up in which DuckDB's module lists, in twenty lines, what Python still holds of it."""
    if isinstance(ctx.master, DumpMaster):
        atexit.register(os._exit, 1)
