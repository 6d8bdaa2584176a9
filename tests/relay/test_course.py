"""What is tried next when an attempt fails."""

import os
from typing import Any

import pytest

from llmobs.policy.relay_schema import Fallback, Retries, Target
from llmobs.relay.course import Course, Failure, Step

FOREVER = float("inf")
OVERLOADED = Failure("503", "status 503")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of every target."""
    monkeypatch.setenv("OTHER_KEY", "sk-other")


def retries(**rules: Any) -> Retries:
    """Rules as the file says them."""
    return Retries.model_validate(rules)


def target(host: str, **rules: Any) -> Target:
    """Another host."""
    return Target.model_validate({"host": host, "key_env": "OTHER_KEY", **rules})


def fallback(*hosts: str, **rules: Any) -> Fallback:
    """Hosts to go to."""
    assert os.environ["OTHER_KEY"]
    return Fallback.model_validate(
        {"name": "other", "to": [{"host": host, "key_env": "OTHER_KEY"} for host in hosts], **rules}
    )


def test_without_rules_the_first_failure_is_the_last() -> None:
    """Nothing is tried that nobody asked for."""
    course = Course()

    assert course.step == Step(number=1)
    assert course.after(OVERLOADED, FOREVER) is None


def test_the_rule_that_led_a_call() -> None:
    """It is that of the last attempt, and before the second one that by which there might have been more."""
    tried, led = Course(retries()), Course(None, fallback("b.example"), (target("b.example"),))

    assert Course().rule is None
    assert (tried.rule, led.rule) == ("retries", "fallback:other")
    both = Course(retries(attempts="1"), led.fallback, led.targets)
    both.after(OVERLOADED, FOREVER)
    assert both.rule == "fallback:other"


@pytest.mark.parametrize(
    ("word", "unanswered"), [("connect", True), ("reset", True), ("503", False), ("timeout", False)]
)
def test_who_said_nothing(word: str, *, unanswered: bool) -> None:
    """A host that can't be reached or hangs up has no answer that could be passed on."""
    assert Failure(word, "told").unanswered is unanswered


def test_waits_double_up_to_their_limit() -> None:
    """Each wait is twice the one before; an attempt says which it is, and what the last one came to."""
    course = Course(retries(attempts="5", jitter="false", max_backoff_s="1.5"))

    steps = [course.after(OVERLOADED, FOREVER) for _ in range(5)]
    assert [step and step.wait_s for step in steps] == [0.5, 1.0, 1.5, 1.5, None]
    assert steps[0] == Step(2, None, 0.5, "retries", "status 503")


def test_chance_spreads_waits() -> None:
    """With jitter a wait is any part of the whole."""
    course = Course(retries(), chance=lambda: 0.25)

    step = course.after(OVERLOADED, FOREVER)
    assert step is not None
    assert step.wait_s == 0.125


def test_provider_says_when_to_come_back() -> None:
    """Its word goes before our own wait; one that is too long is no retry."""

    step = Course(retries()).after(Failure("429", "status 429", 3.0), FOREVER)
    assert step is not None
    assert step.wait_s == 3.0
    assert Course(retries()).after(Failure("429", "status 429", 60.0), FOREVER) is None
    assert Course(retries()).after(Failure("429", "status 429", 1.0, final=True), FOREVER) is None


@pytest.mark.parametrize("word", ["400", "timeout", "breaker_open", "budget", "rate_limit"])
def test_what_is_not_tried_again(word: str) -> None:
    """A timeout may be billed, a client's fault stays one, and our own refusals would come again."""

    assert Course(retries()).after(Failure(word, word), FOREVER) is None


def test_no_time_left() -> None:
    """A wait that goes beyond the call's time is not begun."""
    course = Course(retries(jitter="false"), fallback("a.example"), (target("a.example"),))

    step = course.after(OVERLOADED, 0.5)
    assert step is not None
    assert step.policy == "fallback:other"
    assert Course(retries(), fallback("a.example"), (target("a.example"),)).after(OVERLOADED, 0.0) is None


def test_targets_come_one_after_the_other() -> None:
    """Each host has its own attempts, and the row of each says the fallback."""
    hosts = target("a.example"), target("b.example")
    course = Course(retries(attempts="2", jitter="false"), fallback("a.example", "b.example"), hosts)

    went = []
    while (step := course.after(OVERLOADED, FOREVER)) is not None:
        went.append((step.number, step.target and step.target.host, step.wait_s, step.policy))
    assert went == [
        (2, None, 0.5, "retries"),
        (3, "a.example", 0.0, "fallback:other"),
        (4, "a.example", 0.5, "fallback:other"),
        (5, "b.example", 0.0, "fallback:other"),
        (6, "b.example", 0.5, "fallback:other"),
    ]


def test_fallback_has_its_own_failures() -> None:
    """A failure that it does not name leads nowhere; an open breaker leads away at once."""
    rule = fallback("a.example", on=["breaker_open"])

    assert Course(None, rule, (target("a.example"),)).after(OVERLOADED, FOREVER) is None
    step = Course(retries(), rule, (target("a.example"),)).after(Failure("breaker_open", "breaker open"), FOREVER)
    assert step is not None
    assert (step.number, step.reason) == (2, "breaker open")
