"""What a log tells of an exception: its kind and its place, but not its words, which may hold a key or a prompt."""

from pathlib import Path
from traceback import walk_tb

# The innermost frames; the outer ones are the same for all.
_FRAMES = 4


def told(problem: BaseException) -> str:
    """`KeyError at meter.py:98, tap.py:120`, the innermost first."""
    frames = list(walk_tb(problem.__traceback__))[-_FRAMES:]
    places = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in reversed(frames)]
    return f"{type(problem).__name__} at {', '.join(places)}" if places else type(problem).__name__
