"""Ends a program quietly whose reader goes away, as `| head` does; it does not know what is printed."""

import os
import sys
from collections.abc import Callable


def piped(main: Callable[[], int]) -> int:
    """The exit status of a program: 0 where nobody reads what it still has to say."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer has to go somewhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
