"""Calls as the tests of policies make them: an attempt that is about to go, and the row that it becomes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import structs

from llmobs.attempt import Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus, Event, Outcome
from llmobs.meter import Meter
from tests.books import BOOK

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASKED = b'{"model":"gpt-x","messages":[{"role":"user","content":"hello there"}],"max_tokens":100}'
# (4 + 4) x 2 + 100 x 10, per million
COST = Decimal("0.001016")


def attempt(
    name: str = "a", body: bytes = ASKED, path: str = "/v1/chat/completions", dialect: str = "openai_chat", **more: Any
) -> Attempt:
    """A call whose request is complete."""
    provider = BOOK.providers["openai"]
    route = BOOK.route(provider, "POST", path)
    operation = (route.operation if route else None) or DIALECTS[dialect].operation
    opening = Event(
        **{
            "event_id": name,
            "started_at": AT,
            "host": "api.openai.com",
            "path": path,
            "method": "POST",
            "provider": "openai",
            "operation": operation,
            **more,
        }
    )
    made = Attempt(
        opening=opening,
        book=BOOK,
        provider=provider,
        route=route,
        dialect=DIALECTS[dialect],
        meter=Meter(DIALECTS[dialect]),
    )
    made.ask(body, len(body))
    return made


def row(name: str = "a", usd: str | None = "0.001", **more: Any) -> Event:
    """A call that ended."""
    ended = Event(
        event_id=name,
        started_at=AT,
        host="api.openai.com",
        path="/v1/chat/completions",
        method="POST",
        provider="openai",
        request_model="gpt-x",
        model="gpt-x",
        outcome=Outcome.OK,
        cost_usd=None if usd is None else Decimal(usd),
        cost_status=CostStatus.UNPRICED if usd is None else CostStatus.EXACT,
    )
    return structs.replace(ended, **more)
