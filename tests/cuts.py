"""The three ways in which every stream case runs: whole, byte by byte, and at 50 seeded cuts."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from llmobs.wire.errors import WireError

SEEDED_CUTS = 50
MOST_PIECES = 12
_LEAST_TURNS, _MOST_TURNS = 3, 12


class Fed(Protocol):
    """A parser, as far as a test feeds it."""

    def feed(self, data: bytes) -> list[bytes]: ...
    def close(self) -> list[bytes]: ...


def cuttings(data: bytes, count: int = SEEDED_CUTS, *, bytewise: bool = True) -> Iterator[list[bytes]]:
    """The data whole, byte by byte, and in pieces at seeded random places (empty pieces among them)."""
    yield [data]
    if bytewise:
        yield [data[i : i + 1] for i in range(len(data))]
    for seed in range(count):
        yield cut(data, random.Random(seed))


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    """The data in a few pieces of random length."""
    return pieces_at(data, [rng.randint(0, len(data)) for _ in range(rng.randint(1, MOST_PIECES))])


def pieces_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data cut at these places, in whichever order."""
    at = sorted(places)
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


def however_cut[T](
    data: bytes, run: Callable[[Iterable[bytes]], T], count: int = SEEDED_CUTS, *, bytewise: bool = True
) -> T:
    """What `run` makes of the data, asserted to be the same however it is cut."""
    ways = cuttings(data, count, bytewise=bytewise)
    whole = run(next(ways))
    for pieces in ways:
        assert run(pieces) == whole, f"cut as {[len(piece) for piece in pieces]}"
    return whole


def messages(parser: Fed, pieces: Iterable[bytes]) -> list[bytes]:
    """All messages of a parser; its WireError, if it raises one, counts as the message `b"WireError"`."""
    given: list[bytes] = []
    for step in (*((parser.feed, (piece,)) for piece in pieces), (parser.close, ())):
        call, arguments = step
        try:
            given += call(*arguments)  # type: ignore[operator]
        except WireError as error:
            given += [*error.messages, b"WireError"]
    return given


def growth(run: Callable[[int], object], size: int, factor: int = 4) -> float:
    """How many times as long `run` takes for `factor` times the size; a quadratic one needs `factor` squared.

    What else the machine does makes both slower: the shortest times count, and more of them where it looks bad.
    """
    small = large = float("inf")
    for turn in range(_MOST_TURNS):
        small, large = min(small, _seconds(run, size)), min(large, _seconds(run, size * factor))
        if turn >= _LEAST_TURNS - 1 and large < 1.5 * factor * small:
            break
    return large / small


def _seconds(run: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    run(size)
    return time.process_time() - start
