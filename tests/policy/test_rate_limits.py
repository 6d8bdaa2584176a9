"""Rate limits as a guard, with a clock of their own."""

from typing import Any

import pytest

from llmobs.event import CostStatus
from llmobs.policy import Kind, RateLimits
from llmobs.policy.schema import PolicyFile
from tests.policy.calls import attempt, row


class World:
    """A guard and its clock."""

    def __init__(self, *limits: dict[str, Any]) -> None:
        self.now = 1000.0
        self.guard = RateLimits(clock=lambda: self.now)
        self.configure(*limits)
        self.count = 0

    def configure(self, *limits: dict[str, Any]) -> None:
        """Take these limits."""
        file = {"rate_limits": [{"name": f"l{n}"} | limit for n, limit in enumerate(limits)]}
        self.guard.configure(PolicyFile.model_validate(file))

    def ask(self, **more: Any) -> float:
        """How long the next call has to wait; 0 where it goes."""
        self.count += 1
        refusal = self.guard.admit(attempt(str(self.count), **more))
        if refusal is None:
            return 0
        assert (refusal.kind, refusal.retry_after_s is not None) == (Kind.RATE_LIMIT, True)
        return refusal.retry_after_s or 0

    def end(self, **more: Any) -> None:
        """The latest call ends."""
        self.guard.settle(row(str(self.count), **more))


def test_requests() -> None:
    """So many calls go in any minute; the next one is told when the first of them is a minute ago."""
    world = World({"requests_per_minute": "2"})
    assert world.guard.active
    assert world.ask() == 0
    world.now += 20
    assert world.ask() == 0
    world.now += 20

    assert world.ask() == 20
    world.now += 20
    assert world.ask() == 0
    assert world.ask() == 20


def test_message() -> None:
    """A refusal says which limit of whom, and how long."""
    world = World({"name": "slow", "requests_per_minute": "1", "tokens_per_minute": "2000", "by": ["customer"]})
    world.ask(customer_id="acme")

    refusal = world.guard.admit(attempt("x", customer_id="acme"))

    assert refusal is not None
    assert refusal.policy == "rate_limit:slow"
    assert refusal.message == (
        "LLMObserve refuses this call: rate limit slow of customer acme lets 1 requests and 2,000 tokens pass in a "
        "minute. Come back in 60 seconds."
    )


def test_customers_and_models_apart() -> None:
    """Whoever is counted apart, or not at all, is not held up by others."""
    world = World({"requests_per_minute": "1", "by": ["customer"], "where": {"model": "gpt-x"}})

    assert [world.ask(customer_id=who) for who in ("a", "b", "a")] == [0, 0, 60]
    assert [world.ask(body=b'{"model":"other"}') for _ in range(3)] == [0, 0, 0]


def test_tokens_as_expected_and_then_as_they_were() -> None:
    """A running call counts what it may use, an ended one what it did use."""
    world = World({"tokens_per_minute": "250"})
    assert [world.ask(), world.ask()] == [0, 0]
    assert world.ask() == 60

    world.count = 2
    world.end(input_tokens=8, output_tokens=2)
    assert world.ask() == 0
    world.count = 1
    world.end(input_tokens=8, output_tokens=500)
    assert world.ask() == 60


@pytest.mark.parametrize(
    ("ended", "tokens"),
    [
        ({"output_tokens": 30}, 30),
        ({}, 108),
        ({"usd": "0", "cost_status": CostStatus.NOT_BILLED}, 0),
    ],
)
def test_tokens_that_are_not_told(ended: dict[str, Any], tokens: int) -> None:
    """A call that failed used none; one whose usage is not known, as many as it might have."""
    world = World({"tokens_per_minute": "1000"})
    world.ask()
    world.end(**ended)

    [lane] = world.guard._lanes.values()
    assert (lane.requests, lane.tokens) == (1, tokens)


def test_call_larger_than_the_limit() -> None:
    """It goes when nothing else did for a minute; otherwise it could never go."""
    world = World({"tokens_per_minute": "50"})

    assert world.ask() == 0
    assert world.ask() == 60
    world.now += 60
    assert world.ask() == 0


def test_refused_call_counts_nowhere() -> None:
    """A call that one limit refuses takes from no other; the longest wait is told."""
    world = World({"requests_per_minute": "2"}, {"requests_per_minute": "1"}, {"tokens_per_minute": "1000"})
    world.ask()
    world.now += 10
    for _ in range(3):
        assert world.ask() == 50
        world.end(usd="0", policy="rate_limit:l1", error_type="rate_limit_exceeded")

    assert [lane.requests for lane in world.guard._lanes.values()] == [1, 1, 1]


def test_call_that_another_policy_refused_is_given_back() -> None:
    """What a later rule refuses did not go; what timed out did."""
    world = World({"requests_per_minute": "1"})
    world.ask()
    world.end(usd="0", policy="breaker:x", error_type="provider_unavailable")
    assert world.ask() == 0

    world.end(usd="0", policy="timeout:x", error_type="timeout", cost_status=CostStatus.NOT_BILLED)
    assert world.ask() == 60


def test_edit_keeps_what_passed() -> None:
    """A new number holds at once for what passed before; without limits nothing is counted."""
    world = World({"requests_per_minute": "1"})
    world.ask()
    world.configure({"requests_per_minute": "2"})
    assert [world.ask(), world.ask()] == [0, 60]

    world.configure()
    assert not world.guard.active
    world.end()


def test_idle_customers_are_forgotten() -> None:
    """Memory does not grow with the customers of the past."""
    world = World({"requests_per_minute": "1", "by": ["customer"]})
    for number in range(10):
        world.ask(customer_id=str(number))
    world.now += 61

    world.ask(customer_id="new")

    assert len(world.guard._lanes) == 1
