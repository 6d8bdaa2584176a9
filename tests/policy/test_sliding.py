"""What passed in the last minute."""

from hypothesis import given
from hypothesis import strategies as st

from llmobs.policy.sliding import WINDOW_S, Sliding


def test_what_is_older_than_a_minute_counts_no_more() -> None:
    """A call counts for sixty seconds, to the moment."""
    lane = Sliding()
    lane.add(0, 1, 10)
    lane.add(30, 1, 5)

    assert (lane.look(59.9), lane.requests, lane.tokens) == (True, 2, 15)
    assert (lane.look(60), lane.requests, lane.tokens) == (True, 1, 5)
    assert (lane.look(90), lane.requests, lane.tokens) == (False, 0, 0)


def test_wait() -> None:
    """It is told when enough of it will have passed, of what is limited."""
    lane = Sliding()
    for at in (0, 10, 20):
        lane.add(at, 1, 100)

    assert [lane.wait(30, room, None) for room in (3, 2, 1, 0)] == [0, 30, 40, 50]
    assert [lane.wait(30, None, room) for room in (300, 299, 100, 0)] == [0, 30, 40, 50]
    assert (lane.wait(30, 2, 100), lane.wait(30, None, None)) == (40, 0)


def test_correction() -> None:
    """A call is corrected while it counts, and not after."""
    lane = Sliding()
    passed = lane.add(0, 1, 100)
    lane.correct(10, passed, 1, 30)
    assert (lane.requests, lane.tokens) == (1, 30)

    lane.correct(11, passed, 0, 0)
    assert (lane.requests, lane.tokens) == (0, 0)

    lane.look(60)
    lane.correct(60, passed, 1, 500)
    assert (lane.requests, lane.tokens) == (0, 0)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=30), st.integers(0, 100))
def test_wait_is_as_long_as_needed(calls: list[tuple[float, int]], room: int) -> None:
    """Whoever waits as long as he is told finds room, and a moment before there is none."""
    lane, now = Sliding(), 0.0
    for pause, tokens in calls:
        now += pause
        lane.look(now)
        lane.add(now, 1, tokens)
    kept = [(passed.at, passed.tokens) for passed in lane._passed]
    wait = lane.wait(now, None, room)

    def left(at: float) -> int:
        return sum(tokens for since, tokens in kept if since + WINDOW_S > at)

    assert left(now + wait + 1e-6) <= room
    assert wait == 0 or left(now + wait - 1e-6) > room
