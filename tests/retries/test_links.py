from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from llmobs.event import Charge, CostStatus, Event
from llmobs.retries import links as retries
from llmobs.retries.links import Retries, Signal, signal

START = datetime(2026, 11, 20, tzinfo=UTC)
EQUAL = "a" * 64
NOTHING = Signal()


def opening(event_id: str, minutes: float = 0, request_id: str | None = EQUAL, **more: Any) -> Event:
    """The row of a request that has just been sent."""
    at = START + timedelta(minutes=minutes)
    known = {"provider": "openai", "request_id": request_id, **more}
    return Event(event_id=event_id, started_at=at, host="h", path="/", method="POST", **known)


def billed(event: Event, **more: Any) -> Event:
    """The row of an answer that costs something."""
    cost = Decimal("0.5")
    line = Charge("input", Decimal(1), cost, 1, cost)
    return replace(event, cost_usd=cost, list_cost_usd=cost, charges=(line,), cost_status=CostStatus.EXACT, **more)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, NOTHING),
        ({"x-stainless-retry-count": "0"}, Signal(1)),
        ({"x-stainless-retry-count": "2"}, Signal(3)),
        ({"x-stainless-retry-count": "often"}, NOTHING),
        (
            {"amz-sdk-request": "ttl=20261120T; attempt=2; max=3", "amz-sdk-invocation-id": "i"},
            Signal(2, "amz-sdk-invocation-id i"),
        ),
        ({"amz-sdk-request": "attempt=1"}, Signal(1)),
        ({"idempotency-key": "k"}, Signal(None, "idempotency-key k")),
        ({"idempotency-key": "k", "x-stainless-retry-count": "1"}, Signal(2, "idempotency-key k")),
        (
            {"x-goog-api-client": "gl-python/3 gccl-invocation-id/u-1 gccl-attempt-count/2"},
            Signal(2, "x-goog-api-client u-1"),
        ),
        ({"x-goog-api-client": "gl-python/3 gax/2"}, NOTHING),
        ({"grpc-previous-rpc-attempts": "1"}, Signal(2)),
    ],
)
def test_signals(headers: dict[str, str], said: Signal) -> None:
    """What each SDK says of its attempts is a number, the name of the call, or both."""

    assert signal(headers) == said


def test_equal_requests_are_attempts() -> None:
    """Without a word from the client each equal request is the next attempt, and repeats the one before."""
    known = Retries()
    rows = [known.begin(opening(name, minute), NOTHING) for name, minute in (("a", 0), ("b", 1), ("c", 50))]
    other = known.begin(opening("d", 51, "b" * 64), NOTHING)

    assert [(row.attempt, row.retry_of) for row in (*rows, other)] == [(1, None), (2, "a"), (3, "b"), (1, None)]


@pytest.mark.parametrize("minutes", [61, -61])
def test_an_hour_later_it_is_meant(minutes: float) -> None:
    """The window is that of the requests' own times, in whichever order recordings are read."""
    known = Retries()
    known.begin(opening("a"), NOTHING)

    assert known.begin(opening("b", minutes), NOTHING).attempt == 1


@pytest.mark.parametrize("scope", [{"provider": "x"}, {"api_key_id": "k"}, {"customer_id": "c"}, {"run_id": "r"}])
def test_callers_are_apart(scope: dict[str, Any]) -> None:
    """Equal requests of two callers are two calls."""
    known = Retries(skip=True)
    first, other = opening("a"), opening("b", **scope)
    known.begin(first, NOTHING)

    assert known.begin(other, NOTHING).attempt == 1
    assert [known.end(billed(row), NOTHING).cost_usd for row in (first, other)] == [Decimal("0.5")] * 2


def test_an_sdk_says_that_it_is_new() -> None:
    """A call that its SDK numbers as the first is no retry, although an equal one has passed."""
    known = Retries()
    rows = [known.begin(opening(name), Signal(number)) for name, number in (("a", 1), ("b", 1), ("c", 2), ("d", 4))]

    assert [(row.attempt, row.retry_of) for row in rows] == [(1, None), (1, None), (2, "a"), (4, None)]


def test_equal_calls_side_by_side() -> None:
    """Each retry repeats an attempt of its own: the first that has ended and is not repeated yet."""
    known = Retries()
    for name in ("a1", "b1", "c1"):
        known.begin(opening(name), Signal(1))
    known.end(opening("b1"), Signal(1))
    rows = [known.begin(opening(name), Signal(2)) for name in ("b2", "a2", "c2", "d2")]

    assert [row.retry_of for row in rows] == ["b1", "a1", "c1", "b1"]


def test_a_name_links_what_is_not_equal() -> None:
    """Attempts with the name of a call belong together, whatever their bytes; other names are other calls."""
    known = Retries()
    first = known.begin(opening("a"), Signal(None, "idempotency-key k"))
    again = known.begin(opening("b", request_id="b" * 64), Signal(None, "idempotency-key k"))
    other = known.begin(opening("c"), Signal(None, "idempotency-key l"))

    assert [(row.attempt, row.retry_of) for row in (first, again, other)] == [(1, None), (2, "a"), (1, None)]


def test_a_retry_of_what_was_not_seen() -> None:
    """The number counts also where the attempts before it did not pass here."""
    row = Retries().begin(opening("a"), Signal(3))

    assert (row.attempt, row.retry_of) == (3, None)


def test_a_recording_that_is_read_again() -> None:
    """An attempt that is seen again keeps its place."""
    known = Retries()
    first = [known.begin(opening(name), NOTHING) for name in ("a", "b")]

    assert [known.begin(opening(name), NOTHING) for name in ("a", "b")] == first


def test_only_the_last_attempts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts of one call and calls are bounded."""
    monkeypatch.setattr(retries, "ATTEMPTS", 2)
    monkeypatch.setattr(retries, "REMEMBERED", 2)
    known = Retries()
    for name in "abc":
        known.begin(opening(name), NOTHING)
    (call,) = known._calls.values()
    for number in range(3):
        known.begin(opening("x", request_id=f"{number}"), NOTHING)

    assert list(call.tries) == ["b", "c"]
    assert [key[-1] for key in known._calls] == ["1", "2"]


def test_linked_attempts_are_billed_as_they_are() -> None:
    """Two answers are two bills unless the user says otherwise."""
    known = Retries()
    rows = [billed(known.begin(opening(name), NOTHING)) for name in ("a", "b")]

    assert [known.end(row, NOTHING) for row in rows] == rows


def test_equal_requests_count_once() -> None:
    """With `skip` the first attempt that is billed counts; the others keep their row and list price."""
    known = Retries(skip=True)
    a, b, c, d = (known.begin(opening(name), Signal(1)) for name in "abcd")
    refused = replace(a, cost_usd=Decimal(0), cost_status=CostStatus.NOT_BILLED)

    assert known.end(refused, Signal(1)) == refused
    assert known.end(billed(c), Signal(1)) == billed(c)
    for row in (b, d):
        left = known.end(billed(row), Signal(1))
        assert (left.cost_usd, left.list_cost_usd, left.charges or None) == (Decimal(0), Decimal("0.5"), None)
        assert (left.cost_status, left.policy, left.attempt) == (CostStatus.NOT_BILLED, "retries:skip", 1)


def test_one_name_counts_once() -> None:
    """With `skip` either way of being equal is enough: the same name of a call, or the same request."""
    known = Retries(skip=True)
    said = Signal(None, "idempotency-key k")
    known.end(billed(opening("a")), said)

    assert known.end(billed(opening("b", request_id="b" * 64)), said).policy == "retries:skip"
    assert known.end(billed(opening("c")), NOTHING).policy == "retries:skip"
    assert known.end(billed(opening("d", 61)), NOTHING).policy is None


def test_what_is_never_left_out() -> None:
    """Jobs are counted by their ids, and rows without a request id, such as those of sockets, as they are."""
    known = Retries(skip=True)
    for more in ({"job_id": "j"}, {"request_id": None}):
        rows = [billed(opening(name, **more)) for name in ("a", "b")]
        assert [known.end(row, NOTHING) for row in rows] == rows


def test_two_at_once_count_once() -> None:
    """Of many equal attempts that end at the same time on several threads one is billed."""
    known = Retries(skip=True)
    rows = [billed(known.begin(opening(str(number)), NOTHING)) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda row: known.end(row, NOTHING), rows))

    assert sum(row.cost_usd or 0 for row in ended) == Decimal("0.5")
