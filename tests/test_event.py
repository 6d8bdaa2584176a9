"""The record: what goes into a JSON line comes out of it, exactly, and fits the table."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from llmobs.columns import COLUMNS
from llmobs.event import Charge, CostStatus, Event, Outcome, from_json, to_json, to_row

AT = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)
FULL = Event(
    event_id="0193e0d0-0000-7000-8000-000000000001",
    started_at=AT,
    host="api.openai.com",
    path="/v1/responses",
    method="POST",
    status_code=200,
    streamed=True,
    outcome=Outcome.CLIENT_ABORTED,
    input_tokens=0,
    charges=(Charge("input", Decimal("1.5"), Decimal("1E-15"), 1_000_000, None),),
    cost_usd=Decimal("0.000000000000001"),
    cost_status=CostStatus.PARTIAL,
    usage='{"a": "\\u00e9"}',
    latency_ms=1.25,
)
USD = st.decimals(min_value=-(10**9), max_value=10**9, places=15, allow_nan=False)
COUNT = st.none() | st.integers(min_value=0, max_value=2**62)


def test_columns_are_the_fields() -> None:
    """The table has the fields of the record, in its order."""

    assert list(COLUMNS) == list(Event.__struct_fields__)


def test_round_trip() -> None:
    """A line gives back the event it was made of, to the last digit."""

    assert from_json(to_json(FULL)) == FULL


@given(cost=st.none() | USD, tokens=COUNT, text=st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip_of_any_values(cost: Decimal | None, tokens: int | None, text: str) -> None:
    """Any money, count and text survive the line, which holds no newline."""
    event = structs.replace(FULL, cost_usd=cost, input_tokens=tokens, path=text, usage=text)

    line = to_json(event)

    assert b"\n" not in line
    assert from_json(line) == event


def test_half_a_surrogate_pair() -> None:
    """Text that UTF-8 can't hold is escaped, and nothing else of the event changes."""
    event = structs.replace(FULL, response_id="a\ud83d", usage='{"b": "\udc00"}')

    read = from_json(to_json(event))

    assert read == structs.replace(FULL, response_id="a\\ud83d", usage='{"b": "\\udc00"}')


def test_line_of_an_older_version() -> None:
    """A line that lacks the optional columns gives their defaults."""
    line = b'{"event_id":"x","started_at":"2026-01-02T03:04:05Z","host":"h","path":"/","method":"GET"}'

    assert from_json(line) == Event(
        event_id="x", started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), host="h", path="/", method="GET"
    )


@pytest.mark.parametrize("line", [b"", b'{"event_id":"x"', b"{}", b"[]", b'{"event_id": 5}'])
def test_line_that_is_no_event(line: bytes) -> None:
    """A torn or foreign line raises a ValueError of the decoder."""

    with pytest.raises(msgspec.DecodeError):
        from_json(line)


def test_row_in_duckdb() -> None:
    """The row goes into a table of COLUMNS and comes back with the same money, times and charges."""
    paris = timezone(timedelta(hours=1))
    event = structs.replace(FULL, started_at=AT.astimezone(paris))
    with duckdb.connect() as db:
        db.execute("CREATE TABLE events (" + ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items()) + ")")
        with db.appender("events") as appender:
            appender.append_row(*to_row(event))
        row = dict(zip(COLUMNS, db.execute("FROM events").fetchall()[0], strict=True))

    assert row["started_at"] == AT.replace(tzinfo=None)
    assert row["cost_usd"] == FULL.cost_usd
    assert row["charges"] == [
        {
            "unit": "input",
            "quantity": Decimal("1.5"),
            "rate_usd": Decimal("1E-15"),
            "per": 1_000_000,
            "amount_usd": None,
        }
    ]
    assert (row["outcome"], row["cost_status"]) == ("client_aborted", "partial")
