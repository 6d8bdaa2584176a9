"""Runs a command as if nobody stood between it and its user: terminal, signals, exit status."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

# What a shell says where there is no such command, or it is no program.
NOT_FOUND, NOT_EXECUTABLE = 127, 126
_KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, *_KEYBOARD)


def execute(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit status of the command, 128 + n where signal n ended it."""
    started: list[subprocess.Popen[bytes]] = []
    with _signals(lambda number: _pass_on(number, started)):
        try:
            started.append(subprocess.Popen(command, env=environment))
        except OSError as error:
            print(f"run: {command[0]}: {error.strerror}", file=sys.stderr)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        status = started[0].wait()
    return status if status >= 0 else 128 - status


def _pass_on(number: int, started: Sequence[subprocess.Popen[bytes]]) -> None:
    """A key such as Ctrl-C reaches the command by itself, as it is of the same group of the terminal."""
    if number in _KEYBOARD and _in_foreground():
        return
    for process in started:
        process.send_signal(number)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except (OSError, ValueError):
        return False


@contextmanager
def _signals(handle: Callable[[int], None]) -> Iterator[None]:
    def handler(number: int, _frame: FrameType | None) -> None:
        handle(number)

    before = {number: signal.signal(number, handler) for number in _PASSED_ON}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
