"""A budget ready to be held against calls: which pot a call is paid from; it does not know what is in the pots."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from llmobs.event import Event
from llmobs.policy import window
from llmobs.policy.address import Address
from llmobs.policy.budget_schema import Budget
from llmobs.policy.schema import PolicyFile
from llmobs.policy.scope import Say, Scope, said
from llmobs.policy.window import Period

# A pot: the budget's name, the start of its window, the values of the words that are counted apart.
type Pot = tuple[str, datetime | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One budget; `run` is among the words of its scope where each run has its own."""

    row: Budget
    scope: Scope
    notify: tuple[Address, ...] = ()

    def pot(self, event: Event) -> Pot | None:
        """The pot that a call is paid from; None where the budget is not about it."""
        return self.pot_of_words(partial(said, event), self.window(event.started_at))

    def pot_of_words(self, say: Say, window: datetime | None) -> Pot | None:
        """The same of calls of which only the words are known."""
        if not self.scope.fits_words(say) or (self.row.per is Period.RUN and not say("run")):
            return None
        return self.row.name, window, self.scope.group_of_words(say)

    def window(self, at: datetime) -> datetime | None:
        """When the window began that holds a moment."""
        return window.starts(self.row.per, at, self.row.timezone)

    def oldest(self, at: datetime) -> datetime | None:
        """Since when rows count at a moment."""
        return window.oldest(self.row.per, at, self.row.timezone)

    def ends(self, at: datetime) -> datetime | None:
        """When the window is over that holds a moment."""
        return window.ends(self.row.per, at, self.row.timezone)

    def reserve(self, expected: Decimal) -> Decimal:
        """What a call counts while it runs."""
        return expected if self.row.reserve_usd is None else self.row.reserve_usd

    def named(self, pot: Pot) -> str:
        """The budget in words, with whose it is."""
        whose = ", ".join(f"{word} {value or '(none)'}" for word, value in zip(self.scope.by, pot[2], strict=True))
        return f"budget {self.row.name}" + (f" of {whose}" if whose else "")


def rules(file: PolicyFile) -> tuple[Rule, ...]:
    """The budgets of a policy file."""
    return tuple(_rule(row, file) for row in file.budgets)


def _rule(row: Budget, file: PolicyFile) -> Rule:
    by = ("run", *(word for word in row.by if word != "run")) if row.per is Period.RUN else row.by
    to = [address for name in row.notify for address in (file.notify[name] if isinstance(name, str) else [name])]
    return Rule(row, Scope.of(row.where, by), tuple(to))
