"""Says when a rate limit is hit or nearly used up, once until it recovers; it does not know headers or logs."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from llmobs.rate_limits import RETRY_AFTER, Figure, Limits

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
        found = {name: _level(window) for name, window in _windows(limits)}
        whose = f"{host}, key {key_id}" if key_id else host
        texts = [
            f"{whose}: the rate limit of {name} is {_WORDS[level]}{_figures(window)}"
            for name, window in _windows(limits)
            if self._is_news((host, key_id, name), level := found[name])
        ]
        if status is None:
            return texts
        refused = status == TOO_MANY and Level.HIT not in found.values()
        if self._is_news((host, key_id, ""), Level.HIT if refused else Level.PLENTY):
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


_WORDS = {Level.NEARLY: "nearly used up", Level.HIT: "used up"}


def _windows(limits: Limits) -> Iterator[tuple[str, dict[str, Figure]]]:
    return ((name, window) for name, window in limits.items() if isinstance(window, dict))


def _level(window: dict[str, Figure]) -> Level:
    left = _left(window)
    if left == 0 or window.get("status") == _REJECTED:
        return Level.HIT
    return Level.NEARLY if left is not None and left <= NEARLY else Level.PLENTY


def _left(window: dict[str, Figure]) -> float | None:
    """The share of a window that is left, however it is told; None where that is not known."""
    figure = {name: told for name, told in window.items() if isinstance(told, int | float)}
    if (remaining := figure.get("remaining")) is not None:
        limit = figure.get("limit", 0)
        return 0 if remaining <= 0 else remaining / limit if limit > 0 else None
    if (used := figure.get("utilization")) is not None:
        return max(1 - used, 0)
    if (percent := figure.get("used_percent")) is not None:
        return max(1 - percent / 100, 0)
    percent = figure.get("remaining_percent")
    return None if percent is None else percent / 100


def _figures(window: dict[str, Figure]) -> str:
    """What is left of how much, and until when."""
    names = (("remaining", "left"), ("limit", "in all"), ("reset_at", "resets at"))
    told = [f"{word} {window[name]}" for name, word in names if name in window]
    return f" ({', '.join(told)})" if told else ""
