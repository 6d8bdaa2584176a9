"""Says when a rate limit is hit or nearly used up, once until it recovers; it does not know headers or logs."""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import IntEnum

from llmobs.limits.headers import RETRY_AFTER, Figure, Limits

TOO_MANY = 429
# A tenth is some seconds of warning in a minute's window, and half a day in a week's; less is gone before it is read.
NEARLY = 0.1
# Far more windows than one machine has keys and models; the one that was not heard of for longest is forgotten.
REMEMBERED = 10_000
# Words of Anthropic's plans.
_REJECTED = "rejected"


class Level(IntEnum):
    """How much of a window is used."""

    PLENTY = 0
    NEARLY = 1
    HIT = 2


@dataclass(slots=True)
class LimitWatch:
    """Remembers what was said of each window of a host and a key."""

    _said: OrderedDict[tuple[str, str | None, str], Level] = field(default_factory=OrderedDict)

    def see(self, host: str, key_id: str | None, limits: Limits, status: int | None) -> list[str]:
        """What there is to say after one answer; names the key by its id."""
        levels = [(name, window, _level(window)) for name, window in limits.items() if isinstance(window, dict)]
        hit = any(level is Level.HIT for *_, level in levels)
        refused = Level.HIT if status == TOO_MANY and not hit else Level.PLENTY
        if not self._said and not hit and refused is Level.PLENTY and all(not level for *_, level in levels):
            return []
        whose = f"{host}, key {key_id}" if key_id else host
        texts = [
            f"{whose}: the rate limit of {name} is {_WORDS[level]}{_figures(window)}"
            for name, window, level in levels
            if self._is_news((host, key_id, name), level)
        ]
        if status is not None and self._is_news((host, key_id, ""), refused):
            wait = limits.get(RETRY_AFTER)
            texts.append(f"{whose}: too many requests (429)" + (f", to come back in {wait:g} s" if wait else ""))
        return texts

    def _is_news(self, key: tuple[str, str | None, str], level: Level) -> bool:
        """Whether it is worse than what was said last; what has recovered is said again the next time."""
        said = self._said.pop(key, Level.PLENTY)
        if level is Level.PLENTY:
            return False
        self._said[key] = max(said, level)
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        return level > said


_LEFT = "remaining_percent"
# Other ways to tell what is used, or left, and what the whole is.
_SHARES = (("utilization", 1), ("used_percent", 100), (_LEFT, 100))
_WORDS = {Level.NEARLY: "nearly used up", Level.HIT: "used up"}


def _level(window: dict[str, Figure]) -> Level:
    left = _left(window)
    if left == 0 or window.get("status") == _REJECTED:
        return Level.HIT
    return Level.NEARLY if left is not None and left <= NEARLY else Level.PLENTY


def _left(window: dict[str, Figure]) -> float | None:
    """The share of a window that is left, however it is told; None where that is not known."""
    remaining, limit = window.get("remaining"), window.get("limit")
    if isinstance(remaining, int | float):
        share = remaining / limit if isinstance(limit, int | float) and limit > 0 else None
        return share if remaining > 0 else 0
    for name, all_of_it in _SHARES:
        if isinstance(told := window.get(name), int | float):
            return max(told, 0) / all_of_it if name == _LEFT else max(1 - told / all_of_it, 0)
    return None


def _figures(window: dict[str, Figure]) -> str:
    """What is left of how much, and until when."""
    names = (("remaining", "left"), ("limit", "in all"), ("reset_at", "resets at"))
    told = [f"{word} {window[name]}" for name, word in names if name in window]
    return f" ({', '.join(told)})" if told else ""
