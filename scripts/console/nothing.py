"""What a script says where no call fits; it does not know what it would have said of one."""

import argparse
from datetime import datetime, timedelta

from scripts.console.asking import ask
from scripts.console.period import told

_EMPTY = (
    "{} holds no call yet. Send one through the proxy; it shows up here within two seconds. "
    "`make run` says which variables a program needs."
)


def nothing(options: argparse.Namespace) -> str:
    """A sentence that says why, and what to do."""
    if options.since or options.until or options.where:
        return f"{options.db} holds no such call. Without --since, --until and --where the report covers all calls."
    return _EMPTY.format(options.db)


def nothing_lately(options: argparse.Namespace) -> str:
    """The same for a script that looks at a period. Raises StoreError."""
    [newest] = ask(options, ("newest",))["newest"]
    return nothing_in(options, newest["newest_at"])


def nothing_in(options: argparse.Namespace, newest_at: datetime | None) -> str:
    """Why there is nothing to report, and what to write instead."""
    if newest_at is None:
        return _EMPTY.format(options.db)
    advice = (
        "" if options.since_said and not options.where else f" Try --since {newest_at - timedelta(days=1):%Y-%m-%d}."
    )
    if options.where:
        advice = " Without --where the report covers all calls of the period."
    return f"{options.db} holds no such call from {told(options)}; its newest is of {newest_at:%Y-%m-%d %H:%M}.{advice}"
