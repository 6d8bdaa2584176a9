"""A call that its client left is billed as its provider bills it: what was generated until then, or all of it."""

import json
from decimal import Decimal

import pytest

from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from tests.books import TEXT, book
from tests.test_attempt import attempt

ASKED = json.dumps({"model": "gpt-x", "messages": [{"role": "user", "content": "a question of some words"}]}).encode()
CHUNK = b'{"choices":[{"delta":{"content":"an answer of some more words"}}]}'
FULL = book(TEXT.replace("    name: OpenAI\n", "    name: OpenAI\n    aborted: full\n", 1))


def left(*, in_full: bool = False, chunks: int = 3, status: int | None = 200, sent: bool = True) -> Event:
    """A stream whose client went away after some chunks."""
    call = attempt(DIALECTS["openai_chat"], status=status)
    if in_full:
        call.book, call.provider = FULL, FULL.providers["openai"]
    if sent:
        call.ask(ASKED, len(ASKED))
    for _ in range(chunks):
        call.meter.feed(CHUNK)
    return call.event(Outcome.CLIENT_ABORTED)


def test_what_was_seen_is_estimated() -> None:
    """A provider that stops generating bills prompt and answer as far as they were seen, by a tokenizer's count."""

    event = left()

    assert event.cost_status is CostStatus.ESTIMATED
    assert (event.input_tokens or 0) > 4
    assert (event.output_tokens or 0) > 10
    assert (
        event.cost_usd == Decimal(event.input_tokens or 0) * 2 / 10**6 + Decimal(event.output_tokens or 0) * 10 / 10**6
    )


def test_a_provider_that_goes_on_bills_more_than_was_seen() -> None:
    """Where the whole completion is billed, what was seen is a lower bound, and is said to be one."""

    seen, full = left(), left(in_full=True)

    assert full.cost_status is CostStatus.PARTIAL
    assert full.cost_usd == seen.cost_usd


def test_a_whole_answer_that_nobody_waited_for() -> None:
    """A call that is not streamed is billed in full although its client left: its prompt is the lower bound."""

    event = left(chunks=0, status=None)

    assert (event.cost_status, event.status_code, event.outcome) == (CostStatus.PARTIAL, None, Outcome.CLIENT_ABORTED)
    assert (event.cost_usd or 0) > 0


def test_a_request_that_never_was_complete() -> None:
    """A client that left before its request was sent costs nothing."""

    event = left(chunks=0, status=None, sent=False)

    assert (event.cost_status, event.cost_usd) == (CostStatus.NOT_BILLED, Decimal(0))


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_refused_call_is_not_billed(status: int) -> None:
    """Whoever leaves while an error is told is not charged."""

    assert left(chunks=0, status=status).cost_status is CostStatus.NOT_BILLED
