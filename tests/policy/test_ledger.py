"""Pots and what is in them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from llmobs.policy.ledger import Entry, Ledger
from llmobs.policy.rule import Pot
from tests.policy.calls import row

POT: Pot = ("a", None, ())
OTHER: Pot = ("b", None, ())


def state(ledger: Ledger, pot: Pot = POT) -> tuple[int, int]:
    """What is spent and reserved."""
    return int(ledger.spent(pot)), int(ledger.reserved(pot))


def entry(name: str, usd: str, pot: Pot = POT) -> Entry:
    """A call that is paid from a pot."""
    return Entry(row(name), Decimal(usd), {pot: Decimal(usd)})


def test_call_from_its_reservation_to_the_database() -> None:
    """What a call may cost is set aside, then what it did cost is spent, and once stored it is counted once."""
    ledger = Ledger()
    ledger.reserve(entry("x", "3"))
    assert state(ledger) == (0, 3)

    ledger.settle("x", entry("x", "2"))
    ledger.settle("x", entry("x", "2"))
    assert (state(ledger), list(ledger.waiting())) == ((2, 0), ["x"])

    ledger.renew({POT: Decimal(7)}, ["x", "unknown"])
    assert (state(ledger), int(ledger.stored(POT))) == ((7, 0), 7)
    assert (ledger.waiting(), ledger.pots()) == ({}, [POT])


def test_call_that_cost_nothing() -> None:
    """What was set aside is free again."""
    ledger = Ledger()
    ledger.reserve(entry("x", "3"))

    ledger.settle("x", None)

    assert (state(ledger), ledger.running("x")) == ((0, 0), None)


def test_other_rules_sort_anew() -> None:
    """Calls that run, or are not stored yet, go into the pots of the new rules."""
    ledger = Ledger()
    ledger.reserve(entry("x", "3"))
    ledger.settle("y", entry("y", "2"))

    ledger.sort_anew(lambda event, usd: {OTHER: usd}, lambda event, usd: {OTHER: usd})

    assert state(ledger) == (0, 0)
    assert state(ledger, OTHER) == (2, 3)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["reserve", "settle", "free", "store"]))))
def test_nothing_is_counted_twice_or_lost(steps: list[tuple[str, str]]) -> None:
    """In whatever order calls go, end and are stored, a pot holds what ended, and as reserve what still runs."""
    ledger, running, ended, stored = Ledger(), set[str](), set[str](), set[str]()
    for name, step in steps:
        if step == "reserve" and name not in running | ended:
            ledger.reserve(entry(name, "5"))
            running.add(name)
        elif step in ("settle", "free") and name in running:
            ledger.settle(name, entry(name, "2") if step == "settle" else None)
            running.discard(name)
            ended |= {name} if step == "settle" else set()
        elif step == "store":
            stored |= ended
            ledger.renew({POT: Decimal(2 * len(stored))}, stored)

    assert ledger.spent(POT) == 2 * len(ended)
    assert ledger.reserved(POT) == 5 * len(running)
