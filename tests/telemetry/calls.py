"""Rows as the tests of what goes out need them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from llmobs.event import CostStatus, Event

AT = datetime(2026, 11, 28, 10, 15, 0, 123456, UTC)


def call(**told: Any) -> Event:
    """A call that went well, and what a test says of it."""
    known: dict[str, Any] = {
        "event_id": "event-1",
        "started_at": AT,
        "host": "api.openai.com",
        "path": "/v1/chat/completions",
        "method": "POST",
        "status_code": 200,
        "provider": "openai",
        "operation": "chat",
        "request_model": "gpt-5",
        "response_model": "gpt-5-2025",
        "model": "gpt-5",
        "input_tokens": 100,
        "cached_input_tokens": 30,
        "cache_write_tokens": 20,
        "output_tokens": 40,
        "reasoning_tokens": 15,
        "cost_usd": Decimal("0.00012300"),
        "list_cost_usd": Decimal("0.000123"),
        "cost_status": CostStatus.EXACT,
        "latency_ms": 1250.0,
        "ttft_ms": 300.0,
        "request_bytes": 512,
        "response_bytes": 2048,
    }
    return Event(**known | told)
