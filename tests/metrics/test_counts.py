from decimal import Decimal

import pytest

from llmobs.event import CostStatus, Event, Outcome
from llmobs.metrics import Counts
from llmobs.metrics.labels import LONGEST, Models
from llmobs.metrics.tally import Tally
from tests.telemetry.calls import call


def counted(*events: Event) -> Counts:
    """What is counted after some rows."""
    counts = Counts()
    for event in events:
        counts.count(event)
    return counts


def only(counts: Counts) -> Tally:
    """The one tally that there is."""
    (tally,) = counts.tallies.values()
    return tally


def test_a_row_is_counted_by_its_labels() -> None:
    """Tokens have one type each, and times fall into the first bucket that holds them."""

    counts = counted(call(), call())

    assert list(counts.tallies) == [("openai", "gpt-5", "chat", "ok")]
    tally = only(counts)
    assert (tally.requests, tally.cost_usd, tally.unpriced) == (2, Decimal("0.000246"), 0)
    assert tally.tokens == [100, 60, 40, 50, 30]
    assert (tally.latency.counts[4], tally.latency.sum, tally.ttft.sum) == (2, 2.5, 0.6)
    assert not counts.failures


def test_an_unknown_cost_is_counted_as_such() -> None:
    """A call without a price adds nothing to the cost and one to the unpriced calls; a free one adds neither."""

    unpriced = call(
        cost_usd=None, list_cost_usd=None, cost_status=CostStatus.UNPRICED, input_tokens=None, output_tokens=None
    )
    free = call(cost_usd=Decimal(0), cost_status=CostStatus.NOT_BILLED)

    assert (only(counted(unpriced)).unpriced, only(counted(unpriced)).cost_usd) == (1, Decimal(0))
    assert only(counted(free)).unpriced == 0


def test_what_is_not_known_has_a_label_all_the_same() -> None:
    """A call of an unknown path and model is counted under words that say so."""

    counts = counted(call(provider=None, operation=None, model=None, response_model=None, request_model=None))

    assert list(counts.tallies) == [("api.openai.com", "unknown", "unknown", "ok")]


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ({"status_code": 529, "error_class": "transient"}, ("transient", "529", "false")),
        ({"status_code": None}, ("none", "none", "false")),
        ({"status_code": 99999}, ("none", "other", "false")),
        ({"status_code": 429, "error_class": "user", "policy": "budget:acme"}, ("user", "429", "true")),
    ],
)
def test_a_failure_has_few_words(told: dict[str, object], failure: tuple[str, str, str]) -> None:
    """A failure is counted by its class, its status and who failed, never by a provider's own word."""

    counts = counted(call(outcome=Outcome.ERROR, error_type="anything", **told))

    assert counts.failures == {(("openai", "gpt-5", "chat", "error"), failure): 1}


def test_what_did_not_come_from_a_provider_has_no_time() -> None:
    """Answers from the cache, and those of a policy, say nothing of how fast a provider is."""

    counts = counted(call(policy="cache"), call(policy="rate_limit:all", outcome=Outcome.ERROR))
    unreachable = counted(call(outcome=Outcome.ERROR, status_code=None))

    assert [sum(tally.latency.counts) for tally in counts.tallies.values()] == [0, 0]
    assert [sum(tally.latency.counts) for tally in unreachable.tallies.values()] == [0]
    assert [tally.cached_answers for tally in counts.tallies.values()] == [1, 0]


def test_retries_and_fallbacks_are_rows_too() -> None:
    """An attempt elsewhere is counted by who was asked first, a repeated and a skipped one once more."""

    counts = counted(
        call(requested_provider="anthropic", retry_of="event-0"), call(policy="retries:skip", retry_of="event-1")
    )

    assert counts.fallbacks == {(("openai", "gpt-5", "chat", "ok"), "anthropic"): 1}
    assert (only(counts).requests, only(counts).retries, only(counts).skipped_retries) == (2, 2, 1)


def test_a_job_is_one_row_whose_cost_comes_later() -> None:
    """However often a job is asked for it is one request, and what it cost is counted when it is first known."""

    pending = call(job_id="j", cost_usd=None, cost_status=CostStatus.PENDING, input_tokens=None, output_tokens=None)
    counts = counted(pending, pending, call(job_id="j"), call(job_id="j"), pending)

    tally = only(counts)
    assert (tally.requests, tally.unpriced, tally.cost_usd) == (1, 0, Decimal("0.000123"))
    assert sum(tally.tokens) == 140
    assert sum(tally.latency.counts) == 0


def test_a_job_that_fails_later_is_a_failure() -> None:
    """A job whose failure is seen when it is asked for is counted as failed, once."""

    pending = call(job_id="j", cost_usd=None, cost_status=CostStatus.PENDING)
    failed = call(job_id="j", outcome=Outcome.ERROR)
    counts = counted(pending, failed, failed)

    assert sum(counts.failures.values()) == 1
    assert sum(tally.requests for tally in counts.tallies.values()) == 1


@pytest.mark.parametrize("lines_first", [True, False])
def test_a_batch_is_paid_once(lines_first: bool) -> None:
    """Where a batch tells its cost as a whole and by its lines, what comes first is counted."""

    whole = call(job_id="b", results_id="r", operation="batch", cost_usd=Decimal(3))
    lines = [call(job_id=f"b/{number}", results_id="r", cost_usd=Decimal(1)) for number in range(3)]
    counts = counted(*([*lines, whole] if lines_first else [whole, *lines]))

    assert sum(tally.cost_usd for tally in counts.tallies.values()) == 3
    assert sum(tally.requests for tally in counts.tallies.values()) == 4


def test_a_batch_without_a_cost_leaves_it_to_its_lines() -> None:
    """A batch whose cost nobody knows as a whole is paid by its lines."""

    pending = call(job_id="b", results_id="r", operation="batch", cost_usd=None, cost_status=CostStatus.PENDING)
    unknown = call(job_id="b", results_id="r", operation="batch", cost_usd=None, cost_status=CostStatus.UNPRICED)
    counts = counted(pending, unknown, call(job_id="b/1", results_id="r", cost_usd=Decimal(1)))

    assert sum(tally.cost_usd for tally in counts.tallies.values()) == 1


def test_the_oldest_jobs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded however many jobs there are."""

    monkeypatch.setattr("llmobs.metrics.jobs.REMEMBERED", 2)
    counts = counted(*(call(job_id=str(number)) for number in range(4)), call(job_id="3"))

    assert only(counts).requests == 4
    assert len(counts._jobs._settled) == 2


def test_there_are_only_so_many_models() -> None:
    """Names beyond the room for them, and very long ones, are `other`; invented ones take no priced one's room."""

    models = Models(priced=2, unpriced=1)
    events = [call(model=name) for name in ("a", "b", "c", "a")]
    invented = [call(model=None, response_model=None, request_model=name) for name in ("x\ud800", "y", "x\ud800")]

    assert [models.label(event) for event in events] == ["a", "b", "other", "a"]
    assert [models.label(event) for event in invented] == ["x\\ud800", "other", "x\\ud800"]
    assert Models().label(call(model="m" * (LONGEST + 1))) == "other"


def test_a_clock_that_was_set_back_is_no_time_below_zero() -> None:
    """A negative length falls into the first bucket."""

    tally = only(counted(call(latency_ms=-5.0, ttft_ms=None)))

    assert (tally.latency.counts[0], tally.latency.sum, sum(tally.ttft.counts)) == (1, 0, 0)
    assert sum(only(counted(call(latency_ms=None))).latency.counts) == 0
