"""Ends a program well whose reader goes away, as `| head` does, or has no room; it does not know what is printed."""

import errno
import os
import sys
from collections.abc import Callable


def piped(main: Callable[[], int]) -> int:
    """The exit status of a program: 0 where nobody reads what it still has to say, 1 where it can't be written."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return 0
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        _silence()
        print(f"there is no room for what this program has to say: {problem.strerror}", file=sys.stderr)
        return 1
    return status


def _silence() -> None:
    """What is left in the buffer has to go somewhere when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
