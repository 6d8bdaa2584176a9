"""Keys of a terminal, as they are pressed, and everything else that ends a rest; it does not know what they mean."""

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_NAMES = {
    b"\t": "tab",
    b" ": "space",
    b"\x1b[Z": "back tab",
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1bOC": "right",
    b"\x1bOD": "left",
}
# More than anybody types between two looks.
_MOST = 1024
_SEQUENCE = 3


class Keys:
    """Waits for a key, for a new size of the terminal, or until a time is over."""

    def __init__(self, keyboard: int | None, signals: int) -> None:
        self._keyboard = keyboard
        self._signals = signals

    def wait(self, seconds: float) -> list[str]:
        """The keys that were pressed; none where the time is over or the terminal has a new size."""
        watched = [self._signals, *([] if self._keyboard is None else [self._keyboard])]
        ready, _, _ = select.select(watched, [], [], max(seconds, 0))
        if self._signals in ready:
            os.read(self._signals, _MOST)
        if self._keyboard not in ready or self._keyboard is None:
            return []
        pressed = os.read(self._keyboard, _MOST)
        if not pressed:  # the terminal is gone
            self._keyboard = None
        return named(pressed)


def named(pressed: bytes) -> list[str]:
    """Keys by their names, letters in lower case; what has no name here is left out."""
    found, at = [], 0
    while at < len(pressed):
        size = _SEQUENCE if pressed[at : at + 1] == b"\x1b" else 1
        key = pressed[at : at + size]
        if name := _NAMES.get(key) or (chr(key[0]).lower() if size == 1 and 0x20 < key[0] < 0x7F else ""):
            found.append(name)
        at += size
    return found


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Keys one by one, unseen, until it is left; the terminal is then as it was, whatever ends the program."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    former = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, handler) for number, handler in _HANDLERS.items()}
    try:
        with _unseen(sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else None) as source:
            yield Keys(source, reader)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former)
        os.close(reader)
        os.close(writer)


@contextmanager
def _unseen(source: int | None) -> Iterator[int | None]:
    if source is None:
        yield None
        return
    before = termios.tcgetattr(source)
    try:
        tty.setcbreak(source)
        yield source
    finally:
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _new_size(_: int, __: FrameType | None) -> None:
    """It wakes whoever waits."""


_HANDLERS = {signal.SIGTERM: _end, signal.SIGHUP: _end, signal.SIGWINCH: _new_size}
