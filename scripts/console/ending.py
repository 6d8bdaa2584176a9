"""Ends a program in a sentence where it can't do its work, with a status for the shell; it does not know the work."""

import sys
from collections.abc import Callable

from llmobs.store import StoreError

INTERRUPTED = 130


class AskedError(Exception):
    """What is asked for can't be done or would lose something; the text says what to ask instead."""


def ended(program: str, work: Callable[[], object], *, interrupted: str, met: tuple[type[Exception], ...] = ()) -> int:
    """The exit status: 2 for what is asked wrongly, 1 where a database or file, or what else is `met`, can't be used.

    `interrupted` says what of the work stays.
    """
    troubles: tuple[type[Exception], ...] = (StoreError, OSError, *met)
    try:
        work()
    except BrokenPipeError:
        raise
    except AskedError as error:
        return _told(program, error, 2)
    except troubles as error:
        return _told(program, error, 1)
    except KeyboardInterrupt:
        return _told(program, f"interrupted{interrupted}", INTERRUPTED)
    return 0


def _told(program: str, what: object, status: int) -> int:
    print(f"{program}: {what}", file=sys.stderr)
    return status
