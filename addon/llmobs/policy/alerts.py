"""Shares of budgets that are reached, and first refusals, each told once; it does not know how they are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from threading import Lock

from llmobs.policy.rule import Pot, Rule

type _Told = tuple[Pot, Decimal]


@dataclass(slots=True)
class Alerts:
    """What was told already; shares that were reached before the first look count as told."""

    _told: set[_Told] = field(default_factory=set)
    _refused: set[Pot] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def reached(self, rule: Rule, pot: Pot, spent: Decimal) -> Decimal | None:
        """The highest share that is reached and was not told; from now on it, and all below it, are."""
        limit = rule.row.limit_usd
        shares = {share for share in rule.row.alert_at if limit and spent >= share * limit}
        with self._lock:
            fresh = {share for share in shares if (pot, share) not in self._told}
            self._told.update((pot, share) for share in fresh)
        return max(fresh, default=None)

    def refused(self, pot: Pot) -> bool:
        """Whether no refusal was told of this pot; from now on one is."""
        with self._lock:
            fresh = pot not in self._refused
            self._refused.add(pot)
        return fresh

    def forget(self, open_windows: Mapping[str, datetime | None]) -> None:
        """Keep what was told of windows that are open, by the names of their budgets."""
        with self._lock:
            self._told = {told for told in self._told if _is_open(told[0], open_windows)}
            self._refused = {pot for pot in self._refused if _is_open(pot, open_windows)}

    def again(self, names: Iterable[str]) -> None:
        """Budgets whose limit is another one have other shares."""
        with self._lock:
            gone = set(names)
            self._told = {told for told in self._told if told[0][0] not in gone}
            self._refused = {pot for pot in self._refused if pot[0] not in gone}


def _is_open(pot: Pot, open_windows: Mapping[str, datetime | None]) -> bool:
    return pot[0] in open_windows and pot[1] == open_windows[pot[0]]
