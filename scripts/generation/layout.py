"""The order of sessions, steps and attempts in a block of rows, which repeats; it does not know times nor models."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from scripts.generation.features import FEATURES, Feature

# Rows until the pattern repeats: all that is drawn for a row differs from block to block.
BLOCK = 5000
_TRIED_AGAIN, _MOST_ATTEMPTS, _LED_ELSEWHERE = 0.02, 3, 0.35
# So many rows of a program are there to be asked for again, and for each that the cache answers so many more are sent.
_REMEMBERED, _NOT_CACHED = 30, 0.25


class Slot(NamedTuple):
    """What a row of the block is. `session` is the place of its first row; `failing`: another attempt follows.

    repeats: the client asks again although the row before has its answer. back: so many rows before is an equal
    request, of another session; cached: whose answer is given again. kept: other rows rest on that it ends well.
    """

    place: int
    session: int
    feature: str
    step: int
    attempt: int
    failing: bool
    elsewhere: bool
    repeats: bool = False
    back: int = 0
    cached: bool = False
    kept: bool = False


def layout(seed: int) -> list[Slot]:
    """One block, the same for the same seed."""
    dice = Random(seed)  # noqa: S311 -- no secret depends on it
    return _with_equals(dice, list(islice(_slots(dice), BLOCK)))


def _slots(dice: Random) -> Iterator[Slot]:
    place, weights = 0, [feature.weight for feature in FEATURES]
    while True:
        session, [feature] = place, dice.choices(FEATURES, weights)
        for step in range(_steps(dice, feature)):
            for slot in _attempts(dice, place, session, feature, step):
                yield slot
                place += 1


def _steps(dice: Random, feature: Feature) -> int:
    mean, most = feature.length
    return 1 if most == 1 else min(most, 1 + round(dice.expovariate(1 / mean)))


def _attempts(dice: Random, place: int, session: int, feature: Feature, step: int) -> Iterator[Slot]:
    attempt, again = 1, dice.random() < _TRIED_AGAIN
    if not again and dice.random() < feature.asked_again:
        first = Slot(place, session, feature.name, step, attempt, failing=False, elsewhere=False, kept=True)
        yield from (first, first._replace(place=place + 1, attempt=2, repeats=True, kept=False))
        return
    elsewhere = False
    while again:
        yield Slot(place, session, feature.name, step, attempt, failing=True, elsewhere=elsewhere)
        place, attempt = place + 1, attempt + 1
        elsewhere = dice.random() < _LED_ELSEWHERE
        again = attempt < _MOST_ATTEMPTS and not elsewhere and dice.random() < _LED_ELSEWHERE
    yield Slot(place, session, feature.name, step, attempt, failing=False, elsewhere=elsewhere)


def _with_equals(dice: Random, slots: list[Slot]) -> list[Slot]:
    """The same with requests that are equal to those of sessions before."""
    shares = {feature.name: feature.answered_from_cache for feature in FEATURES}
    seen: dict[str, deque[int]] = {}
    for slot in slots.copy():
        if not shares[slot.feature] or slot.attempt > 1 or slot.failing or slot.kept:
            continue
        places, chance = seen.setdefault(slot.feature, deque(maxlen=_REMEMBERED)), dice.random()
        if places and chance < shares[slot.feature] * (1 + _NOT_CACHED):
            place = dice.choice(places)
            slots[place] = slots[place]._replace(kept=True)
            cached = chance < shares[slot.feature]
            slots[slot.place] = slot._replace(back=slot.place - place, cached=cached)
        else:
            places.append(slot.place)
    return slots
