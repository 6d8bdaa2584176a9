"""Answers that are kept: for how long, how many, for whom."""

from msgspec import structs

from llmobs.event import Outcome
from llmobs.policy.cache import Answered, Cache
from llmobs.policy.schema import PolicyFile
from tests.test_attempt import attempt
from tests.writer.calls import ended

ANSWER = Answered(200, (("content-type", "application/json"),), b"{}")


class Clock:
    """A time that goes on when it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def rules(ttl: int = 10) -> PolicyFile:
    """A policy file with a small cache."""
    return PolicyFile.model_validate({"cache": {"ttl_s": str(ttl), "max_mb": "1"}})


def cache(clock: Clock | None = None) -> Cache:
    """A small cache."""
    made = Cache(clock or Clock())
    made.configure(rules())
    return made


def keep(kept: Cache, name: str, answer: Answered = ANSWER, outcome: Outcome = Outcome.OK) -> None:
    """A call was answered, and ended so."""
    kept.offer(name, name.encode(), answer)
    kept.settle(structs.replace(ended(name), outcome=outcome))


def test_without_rules() -> None:
    """Without rules it is off, and holds nothing."""
    off = Cache()

    assert (off.active, off.max_answer_bytes, off.find(b"a")) == (False, 0, None)


def test_it_refuses_nothing() -> None:
    """It is a guard that has calls wait, and lets all of them go."""
    assert cache().active
    assert cache().admit(attempt()) is None


def test_kept_once_its_call_has_ended() -> None:
    """An answer is given again with the row of its call, after that has ended well."""
    kept = cache()
    kept.offer("a", b"a", ANSWER)
    assert kept.find(b"a") is None

    kept.settle(ended("a"))
    kept.settle(ended("b"))

    found = kept.find(b"a")
    assert found is not None
    assert (found.answer, found.event) == (ANSWER, ended("a"))
    assert kept.find(b"b") is None


def test_failed_calls() -> None:
    """What did not end well is not given again."""
    kept = cache()
    keep(kept, "a", outcome=Outcome.ERROR)

    assert kept.find(b"a") is None


def test_calls_that_never_end() -> None:
    """Answers of calls that nobody tells the end of do not pile up."""
    kept = cache()
    for number in range(1000):
        kept.offer(str(number), b"a", ANSWER)

    assert len(kept._offered) <= 64


def test_time() -> None:
    """An answer is good for `ttl_s` seconds, however often it is asked for."""
    clock = Clock()
    kept = cache(clock)
    keep(kept, "a")
    clock.now = 9.9
    assert kept.find(b"a")

    clock.now = 10.1

    assert kept.find(b"a") is None


def test_room() -> None:
    """The answers that were not asked for the longest time make room."""
    kept = cache()
    answer = Answered(200, (), b"x" * 400_000)
    for name in ("a", "b"):
        keep(kept, name, answer)
    kept.find(b"a")
    keep(kept, "c", answer)

    assert [bool(kept.find(name)) for name in (b"a", b"b", b"c")] == [True, False, True]
    assert kept.max_answer_bytes < 1024 * 1024


def test_rules_that_change() -> None:
    """A reload of the same rules keeps the answers, other rules begin anew, none let go of all."""
    kept = cache()
    keep(kept, "a")
    kept.configure(rules())
    assert kept.find(b"a")

    kept.configure(rules(11))
    assert kept.find(b"a") is None

    kept.configure(PolicyFile())
    assert not kept.active
