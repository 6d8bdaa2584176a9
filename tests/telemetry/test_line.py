import json
from decimal import Decimal

from llmobs.event import CostStatus, Event, Outcome
from llmobs.telemetry.line import MEMBERS, line
from tests.telemetry.calls import AT, call


def test_a_line_tells_a_call() -> None:
    """A line is one JSON object with every member, the digits of the cost as they are."""

    text = line(call(tags='{"team":"a"}', customer_id="acme", breaker="closed"))
    told = json.loads(text, parse_float=Decimal)

    assert text.endswith(b"}\n")
    assert list(told) == list(MEMBERS)
    assert told["time"] == "2026-11-28T10:15:00.123456Z"
    assert str(told["cost_usd"]) == "0.00012300"
    assert (told["tags"], told["customer"], told["breaker"]) == ({"team": "a"}, "acme", "closed")
    assert (told["prompt_bytes"], told["response_bytes"], told["latency_ms"]) == (512, 2048, 1250)


def test_what_is_not_known_is_null() -> None:
    """An unknown cost is null and never 0, and so is everything else that nobody told."""

    told = json.loads(line(Event(event_id="1", started_at=AT, host="h", path="/p?key=no", method="POST")))

    assert {name for name, value in told.items() if value is not None} == {
        *("time", "event_id", "host", "streamed", "outcome", "cost_status"),
    }
    assert told["cost_status"] == "unpriced"


def test_nothing_secret_is_told() -> None:
    """Neither key ids, nor paths and queries, nor content and usage are in a line."""

    secret = call(api_key_id="SECRET", path="/SECRET", content='"SECRET"', usage='"SECRET"', charges=())

    assert b"SECRET" not in line(secret)


def test_controls_are_escaped() -> None:
    """What a terminal would obey is written as an escape, and reads back as it was."""

    for name in ("\x1b[2J\n", "del\x7f", "c1\x9b", "\u202egpj.exe", "\u2028", "né"):
        text = line(call(request_model=name))
        assert json.loads(text)["request_model"] == name
        assert not any(sign in text.decode() for sign in "\x1b\x7f\x9b\u202e\u2028")
        assert text.count(b"\n") == 1


def test_half_a_surrogate_pair_is_escaped() -> None:
    """A name that no encoder takes is told as its escape."""

    told = json.loads(line(call(request_model="a\ud800", outcome=Outcome.ERROR, cost_status=CostStatus.PARTIAL)))

    assert (told["request_model"], told["outcome"], told["cost_status"]) == ("a\\ud800", "error", "partial")
