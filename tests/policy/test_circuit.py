"""The state machine of a circuit breaker."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llmobs.policy.breaker_schema import BreakerRules
from llmobs.policy.circuit import Circuit, State

RULES = BreakerRules()


def failing(times: int, rules: BreakerRules = RULES, now: float = 0.0) -> Circuit:
    """A circuit after so many failures."""
    circuit = Circuit(rules)
    for number in range(times):
        assert circuit.admit(str(number), now) is None
        circuit.ended(str(number), now, failed=True)
    return circuit


def test_failures_in_a_row_open_it() -> None:
    """The fifth failure in a row opens it, for 30 seconds."""

    assert failing(4).state is State.CLOSED
    opened = failing(5)
    assert (opened.state, opened.why) == (State.OPEN, "5 failures in a row")
    assert opened.admit("later", 10.0) == 20.0


def test_success_breaks_the_row() -> None:
    """A good call in between begins the count anew."""
    circuit = failing(4)

    circuit.ended("good", 0.0, failed=False)
    circuit.ended("bad", 0.0, failed=True)
    assert circuit.state is State.CLOSED


def test_share_of_failures_opens_it() -> None:
    """Half of ten calls is too much, also where good calls lie between the failures."""
    circuit = Circuit(RULES)

    for number in range(9):
        circuit.ended(str(number), 1.0, failed=number % 2 == 0)
    assert circuit.state is State.CLOSED
    circuit.ended("9", 1.0, failed=False)
    circuit.ended("10", 1.0, failed=True)
    assert (circuit.state, circuit.why) == (State.OPEN, "6 of 11 calls failed within 60 s")


def test_window_passes() -> None:
    """What is older than the window counts no more."""
    circuit = Circuit(RULES)

    for number in range(20):
        circuit.ended(str(number), 30.0 * number, failed=number % 2 == 0)
    assert (circuit.state, len(circuit.calls)) == (State.CLOSED, 2)


def test_one_call_tries_and_decides() -> None:
    """After its time one call may go; it closes the circuit, or opens it for another while."""
    circuit = failing(5)

    assert circuit.admit("try", 30.0) is None
    assert circuit.state is State.HALF_OPEN
    assert circuit.admit("other", 31.0) == 29.0
    circuit.ended("try", 32.0, failed=True)
    assert circuit.admit("early", 61.0) == 1.0
    assert circuit.admit("again", 62.0) is None
    circuit.ended("again", 63.0, failed=False)
    assert (circuit.state, circuit.failures, circuit.in_a_row) == (State.CLOSED, 0, 0)


def test_try_that_tells_nothing_makes_room() -> None:
    """A client that leaves its try, or a try that takes too long, lets the next one go."""
    circuit = failing(5)

    assert circuit.admit("left", 30.0) is None
    circuit.ended("left", 30.5, failed=None)
    assert circuit.admit("slow", 31.0) is None
    assert circuit.admit("early", 60.0) == 1.0
    assert circuit.admit("next", 61.0) is None
    circuit.ended("slow", 62.0, failed=False)
    assert circuit.state is State.HALF_OPEN


def test_late_ends_do_not_count() -> None:
    """Calls that went before it opened change nothing when they end."""
    circuit = failing(5)

    circuit.ended("late", 1.0, failed=False)
    assert circuit.admit("early", 2.0) == 28.0
    circuit.admit("try", 30.0)
    circuit.ended("late, too", 31.0, failed=True)
    assert circuit.state is State.HALF_OPEN


class Calls(RuleBasedStateMachine):
    """Any order of calls, ends and time."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit(BreakerRules.model_validate({"failures": "2", "min_calls": "4", "open_s": "10"}))
        self.now = 0.0
        self.running: list[str] = []
        self.number = 0

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        self.number += 1
        key = str(self.number)
        before, waits = self.circuit.state, self.circuit.admit(key, self.now)
        if waits is None:
            self.running.append(key)
        else:
            assert before is not State.CLOSED
            assert 0 <= waits <= 10

    @precondition(lambda self: self.running)
    @rule(failed=st.sampled_from([True, False, None]), data=st.data())
    def end(self, failed: bool | None, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.running))
        self.running.remove(key)
        before = self.circuit.state
        self.circuit.ended(key, self.now, failed=failed)
        if before is State.OPEN or failed is None:
            assert self.circuit.state is before

    @invariant()
    def tries_only_where_half_open(self) -> None:
        assert self.circuit.state is State.HALF_OPEN or not self.circuit.tries
        assert len(self.circuit.tries) <= 1

    @invariant()
    def never_stuck(self) -> None:
        """Whatever happened: after its time and one more, a call may go."""
        patient = Circuit(self.circuit.rules, self.circuit.state, self.circuit.since, tries=dict(self.circuit.tries))
        assert patient.admit("patient", self.now + 10) is None


TestCalls = Calls.TestCase
