"""What differs between former and new costs, by day and model; it prices nothing and prints nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from llmobs.event import CostStatus, Event
from llmobs.render import Column, Section, plural, usd

ZERO = Decimal(0)


@dataclass(slots=True)
class Sum:
    """Amounts in USD, and how many of them are not known."""

    usd: Decimal = ZERO
    unknown: int = 0

    def add(self, amount: Decimal | None) -> None:
        """Count one amount."""
        self.usd += amount or ZERO
        self.unknown += amount is None

    def shown(self, calls: int) -> str:
        """The sum; a question mark where nothing of it is known."""
        return usd(None) if self.unknown == calls else usd(self.usd, more=self.unknown > 0)


@dataclass(slots=True)
class Group:
    """The calls whose costs differ. `listed` is the difference at list price, where something else is paid."""

    calls: int = 0
    before: Sum = field(default_factory=Sum)
    after: Sum = field(default_factory=Sum)
    listed: Decimal = ZERO
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, old: Event, new: Event) -> None:
        """Count one call."""
        self.calls += 1
        self.before.add(old.cost_usd)
        self.after.add(new.cost_usd)
        self.listed += (new.list_cost_usd or ZERO) - (old.list_cost_usd or ZERO)
        if old.cost_status != new.cost_status:
            self.statuses[f"{old.cost_status} -> {new.cost_status}"] += 1

    @property
    def difference(self) -> Decimal:
        """What the known amounts differ by."""
        return self.after.usd - self.before.usd


class Tally:
    """Every row that was looked at; `others` are those that no price is for."""

    def __init__(self, others: int = 0) -> None:
        self.others = others
        self.seen = 0
        self.left = 0
        self.now_priced = 0
        self.no_longer_priced = 0
        self.total = Group()
        self.groups: dict[tuple[date, str], Group] = {}

    def add(self, old: Event, new: Event | None) -> None:
        """Count a row; `new` is None where prices do not decide its cost."""
        self.seen += 1
        self.left += new is None
        if new is None or new is old:
            return
        self.now_priced += old.cost_status is CostStatus.UNPRICED is not new.cost_status
        self.no_longer_priced += _lost(old.cost_usd, new.cost_usd) or _lost(old.list_cost_usd, new.list_cost_usd)
        name = new.model or old.model or old.response_model or old.request_model or old.path
        for group in (self.total, self.groups.setdefault((old.started_at.date(), name), Group())):
            group.add(old, new)

    def section(self) -> Section:
        """The table by day and model."""
        names, figures = ("day", "model", "status"), ("calls", "before", "after", "difference", "at list")
        return Section(
            f"New costs: {plural(self.total.calls, 'call')}",
            [*(Column(name, figures=False) for name in names), *(Column(name) for name in figures)],
            [
                [f"{day}", name, _statuses(group), *_figures(group)]
                for (day, name), group in sorted(self.groups.items())
            ],
            ["total", "", "", *_figures(self.total)],
            "difference: of what is known; at list: at list price, also where a plan pays or the provider says what",
        )

    def lines(self) -> Iterator[str]:
        """What the table does not tell."""
        if self.now_priced:
            yield f"{plural(self.now_priced, 'call')} without a price before, with one now."
        if self.no_longer_priced:
            yield f"{self.losses()} now: was --pricing forgotten?"
        if self.left:
            yield f"{plural(self.left, 'call')} left alone: no price decides their cost, or too little is stored."
        if self.others:
            yield f"{plural(self.others, 'call')} not looked at: pending, from the cache, or of no known provider."

    def losses(self) -> str:
        """How many calls the new prices leave without one."""
        return f"{plural(self.no_longer_priced, 'call')} had a price and would have none"

    def answer(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "calls": self.seen,
            "changed": self.total.calls,
            "left": self.left,
            "others": self.others,
            "now_priced": self.now_priced,
            "no_longer_priced": self.no_longer_priced,
            "total": _plain(self.total),
            "groups": [
                {"day": day, "model": name} | _plain(group) for (day, name), group in sorted(self.groups.items())
            ],
        }


def _lost(before: Decimal | None, after: Decimal | None) -> bool:
    return before is not None and after is None


def _figures(group: Group) -> list[str]:
    sums = (group.before.shown(group.calls), group.after.shown(group.calls))
    return [f"{group.calls:,}", *sums, usd(group.difference), usd(group.listed)]


def _statuses(group: Group) -> str:
    return ", ".join(
        change if number == group.calls else f"{number:,} {change}" for change, number in group.statuses.most_common()
    )


def _plain(group: Group) -> dict[str, object]:
    return {
        "calls": group.calls,
        "before_usd": group.before.usd,
        "before_unknown": group.before.unknown,
        "after_usd": group.after.usd,
        "after_unknown": group.after.unknown,
        "difference_usd": group.difference,
        "list_difference_usd": group.listed,
        "statuses": dict(group.statuses),
    }
