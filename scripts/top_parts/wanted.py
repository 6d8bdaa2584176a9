"""What the one who looks wants to see, and how a key changes it; it neither reads keys nor asks the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

# What tab goes through.
GROUPINGS = ("model", "customer", "provider", "key_name", "run", "section", "feature", "host")
SORTS = ("cost", "calls", "errors", "latency")
MINUTES = (5, 15, 60)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`by`: what the table is about. `minutes`: how far back its figures reach. `sort`: what puts a row on top.

    chosen: only some of the calls are asked for.
    """

    by: tuple[str, ...] = ("model",)
    minutes: int = 15
    sort: str = "cost"
    chosen: bool = False
    paused: bool = False
    ended: bool = False

    def pressed(self, key: str) -> "Wanted":
        """The same after a key; one that means nothing changes nothing."""
        change = _KEYS.get(key)
        return change(self) if change else self

    def asks_other_than(self, before: "Wanted") -> bool:
        """Whether the database has to be asked anew."""
        return (self.by, self.minutes, self.sort) != (before.by, before.minutes, before.sort)


def _next[T](there: Sequence[T], now: T, step: int = 1) -> T:
    return there[(there.index(now) + step) % len(there)] if now in there else there[0]


def _grouped(step: int) -> Callable[[Wanted], Wanted]:
    def change(wanted: Wanted) -> Wanted:
        now = wanted.by[0] if len(wanted.by) == 1 else ""
        return replace(wanted, by=(_next(GROUPINGS, now, step),))

    return change


def _sorted(step: int) -> Callable[[Wanted], Wanted]:
    return lambda wanted: replace(wanted, sort=_next(SORTS, wanted.sort, step))


_KEYS: dict[str, Callable[[Wanted], Wanted]] = {
    "q": lambda wanted: replace(wanted, ended=True),
    "p": lambda wanted: replace(wanted, paused=not wanted.paused),
    "space": lambda wanted: replace(wanted, paused=not wanted.paused),
    "w": lambda wanted: replace(wanted, minutes=_next(MINUTES, wanted.minutes)),
    "tab": _grouped(1),
    "right": _grouped(1),
    "back tab": _grouped(-1),
    "left": _grouped(-1),
    "s": _sorted(1),
    "down": _sorted(1),
    "up": _sorted(-1),
}
