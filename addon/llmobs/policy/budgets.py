"""Budgets as a guard: what a call may cost is set aside before it goes, and what it did cost is counted when it ends.

What is spent is what the database says, and the calls that are not stored yet. It does not know flows.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec import structs

from llmobs import store
from llmobs.attempt import Attempt
from llmobs.event import CostStatus, Event
from llmobs.policy import spent
from llmobs.policy.alerts import Alerts
from llmobs.policy.expected import Habits
from llmobs.policy.ledger import ZERO, Amounts, Entry, Ledger
from llmobs.policy.load import Policies
from llmobs.policy.notifier import Notifier
from llmobs.policy.reader import Reader
from llmobs.policy.refusal import Kind, Refusal
from llmobs.policy.rule import Pot, Rule, rules
from llmobs.policy.use import Use, uses

LOG = logging.getLogger("llmobserve")

# At the start no call waits yet, so the proxy may: for a database that is not locked this is plenty.
START_S = 5.0


def _now() -> datetime:
    return datetime.now(UTC)


class Budgets:
    """The guard of `budgets`; `database` tells where the events are."""

    def __init__(
        self, database: Callable[[], Path], notifier: Notifier | None = None, now: Callable[[], datetime] = _now
    ) -> None:
        self.notifier = notifier or Notifier()
        self.habits = Habits()
        self.ledger = Ledger()
        self._alerts = Alerts()
        self._rules: tuple[Rule, ...] = ()
        self._silent: set[str] = set()
        self._unpriced = False
        self._asked = False
        self._now = now
        self._reader = Reader(database, self._read)

    @property
    def active(self) -> bool:
        """Whether there is a budget."""
        return bool(self._rules)

    def configure(self, policies: Policies) -> None:
        """Take the budgets of the policy file; before the first call, wait for what was spent."""
        before = {rule.row.name: rule.row.limit_usd for rule in self._rules}
        self._rules = rules(policies)
        changed = {r.row.name for r in self._rules if before.get(r.row.name) != r.row.limit_usd}
        self._silent |= changed
        self._alerts.again(changed)
        self.ledger.sort_anew(self._reserved, self._paid)
        if not self._rules:
            self._reader.pause()
            return
        self._reader.start()
        if not self._asked and not self._reader.wait(START_S):
            LOG.warning("budgets begin without what was spent before, until the database can be read")

    def uses(self) -> list[Use]:
        """How much of each budget is used."""
        return list(uses(self._rules, self.ledger, self._now()))

    def close(self) -> None:
        """Read no more, and send what is to be told."""
        self._reader.close()
        self.notifier.close()

    def admit(self, attempt: Attempt) -> Refusal | None:
        """Set aside what the call may cost, or refuse it where that is more than is left; what is free goes."""
        self._asked = True
        expected = self.habits.expect(attempt)
        if expected.usd == 0:
            return None
        usd = expected.usd or ZERO
        amounts = self._reserved(expected.event, usd)
        for rule in self._rules:
            pot = rule.pot(expected.event)
            if pot is not None and rule.row.block and self._exceeds(rule, pot, amounts[pot]):
                return self._refusal(rule, pot, amounts[pot])
        self.ledger.reserve(Entry(expected.event, usd, amounts))
        return None

    def settle(self, event: Event) -> None:
        """Count what the call did cost; of work that goes on, what it may cost, until that is known."""
        if not self._rules:
            self.ledger.settle(event.event_id, None)
            return
        self.habits.learn(event)
        held = self.ledger.running(event.event_id)
        usd = held.usd if held and event.cost_status is CostStatus.PENDING else event.cost_usd
        entry = self._entry(event, usd) if usd else None
        self.ledger.settle(event.event_id, entry)
        self._say_unpriced(event)
        self._alert(entry.amounts if entry else ())

    def _entry(self, event: Event, usd: Decimal) -> Entry:
        """A job's row may have the id of another attempt: it is known by the job's."""
        slim = structs.replace(event, charges=(), usage=None, content=None, rate_limits=None)
        job = (event.provider, event.job_id) if event.job_id else None
        return Entry(slim, usd, self._paid(slim, usd), job)

    def _exceeds(self, rule: Rule, pot: Pot, amount: Decimal) -> bool:
        """Whether a call does not fit; where nothing is left, not even one of which nothing is known does."""
        taken = self.ledger.spent(pot) + self.ledger.reserved(pot)
        return taken + amount > rule.row.limit_usd or taken >= rule.row.limit_usd

    def _reserved(self, event: Event, usd: Decimal) -> Amounts:
        return {pot: rule.reserve(usd) for rule in self._rules if (pot := rule.pot(event)) is not None}

    def _paid(self, event: Event, usd: Decimal) -> Amounts:
        return {pot: usd for rule in self._rules if (pot := rule.pot(event)) is not None}

    def _refusal(self, rule: Rule, pot: Pot, amount: Decimal) -> Refusal:
        if self._alerts.refused(pot):
            self._tell_refused(rule, pot, amount)
        ends = rule.ends(self._now())
        text = (
            f"LLMObserve refuses this call: {rule.named(pot)} has {_usd(rule.row.limit_usd)} USD, "
            f"of which {_usd(self.ledger.spent(pot))} are spent and {_usd(self.ledger.reserved(pot))} set aside for "
            f"running calls; this one may cost {_usd(amount)}."
        )
        begins = f" A new {rule.row.per} begins at {ends:%Y-%m-%d %H:%M} UTC." if ends else ""
        return Refusal(Kind.BUDGET, f"budget:{rule.row.name}", text + begins)

    # What the database says.

    def _read(self, db: store.Reading | None) -> None:
        now, rules = self._now(), self._rules
        if db is not None:
            self._renew(db, rules, now)
        self._alerts.forget({rule.row.name: rule.window(now) for rule in rules})
        self._mark(rules)
        self._alert(self.ledger.pots())

    def _renew(self, db: store.Reading, rules: tuple[Rule, ...], now: datetime) -> None:
        """While it is open nothing is written, so that a call is either seen in it or still waiting."""
        waiting = self.ledger.waiting()
        plain = {name: entry.event.started_at for name, entry in waiting.items() if entry.job is None}
        jobs = {name: entry.job for name, entry in waiting.items() if entry.job is not None}
        known = spent.settled(db, jobs.values())
        seen = spent.stored(db, plain) | {name for name, job in jobs.items() if job in known}
        self.ledger.renew(spent.pots(db, rules, now), seen)

    def _mark(self, rules: tuple[Rule, ...]) -> None:
        """What was reached before is not told at the start."""
        silent = {rule.row.name for rule in rules} & self._silent
        self._silent -= silent
        for rule, pot in self._open(rules, self.ledger.pots()):
            if rule.row.name in silent:
                self._alerts.reached(rule, pot, self.ledger.stored(pot))

    def _open(self, rules: tuple[Rule, ...], pots: Iterable[Pot]) -> Iterator[tuple[Rule, Pot]]:
        """Those of the windows that are open now, each with its rule."""
        now = self._now()
        by_name = {rule.row.name: (rule, rule.window(now)) for rule in rules}
        for pot in pots:
            rule, window = by_name.get(pot[0], (None, None))
            if rule is not None and pot[1] == window:
                yield rule, pot

    # What is told.

    def _alert(self, pots: Iterable[Pot]) -> None:
        for rule, pot in self._open(self._rules, pots):
            if rule.row.name not in self._silent:
                share = self._alerts.reached(rule, pot, self.ledger.spent(pot))
                if share is not None:
                    self._tell_reached(rule, pot, share)

    def _tell_reached(self, rule: Rule, pot: Pot, share: Decimal) -> None:
        name = rule.named(pot)
        since = f" since {pot[1]:%Y-%m-%d %H:%M} UTC" if pot[1] else ""
        self._tell(rule, f"{share:.0%} of {name}", f"{name} has reached {share:.0%}: {self._state(rule, pot)}{since}.")

    def _tell_refused(self, rule: Rule, pot: Pot, amount: Decimal) -> None:
        """Only that this call does not fit: smaller ones may still."""
        name, call = rule.named(pot), f"a call that may cost {_usd(amount)} USD" if amount else "a call"
        body = f"{call} no longer fits {name}: {self._state(rule, pot)}; it was refused."
        self._tell(rule, f"a call no longer fits {name}", body)

    def _state(self, rule: Rule, pot: Pot) -> str:
        return f"{_usd(self.ledger.spent(pot))} of {_usd(rule.row.limit_usd)} USD are spent"

    def _tell(self, rule: Rule, title: str, body: str) -> None:
        LOG.warning("%s", body)
        self.notifier.tell(rule.notify, f"LLMObserve: {title}", body)

    def _say_unpriced(self, event: Event) -> None:
        if event.cost_status is CostStatus.UNPRICED and not self._unpriced:
            self._unpriced = True
            LOG.warning(
                "%s of %s has no price, so that no budget counts it, nor other calls without one: add prices for what "
                "`make report` lists as unpriced",
                event.model or event.request_model or event.path,
                event.provider,
            )


def _usd(amount: Decimal) -> str:
    """An amount as people read it: cents, and more digits where it is less."""
    return f"{amount:.2f}" if amount == 0 or amount >= 1 else f"{amount:.6f}".rstrip("0")
