"""Calls of every kind as the addon meters them, drawn at will, under any price book."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from hypothesis import strategies as st

from llmobs.attempt import UNKNOWN, Attempt
from llmobs.dialects import DIALECTS
from llmobs.event import Event, Outcome
from llmobs.meter import Meter
from llmobs.pricing import Billing, PriceBook

START = datetime(2026, 11, 20, tzinfo=UTC)
counts = st.integers(0, 300_000)


def usages(dialect: str) -> st.SearchStrategy[dict[str, object]]:
    """Usage objects as the API of a dialect sends them."""
    if dialect == "anthropic":
        return st.fixed_dictionaries(
            {"input_tokens": counts, "output_tokens": counts},
            optional={
                "cache_read_input_tokens": counts,
                "cache_creation_input_tokens": counts,
                "server_tool_use": st.fixed_dictionaries({"web_search_requests": st.integers(0, 3)}),
                "service_tier": st.sampled_from(["standard", "batch", "priority"]),
            },
        )
    if dialect == "openai_responses":
        details = st.fixed_dictionaries({"cached_tokens": st.integers(0, 9)})
        return st.fixed_dictionaries(
            {"input_tokens": counts, "output_tokens": counts}, optional={"input_tokens_details": details}
        )
    if dialect == "gemini":
        return st.fixed_dictionaries({"promptTokenCount": counts, "candidatesTokenCount": counts})
    return st.fixed_dictionaries(
        {"prompt_tokens": counts, "completion_tokens": counts},
        optional={
            "total_tokens": counts,
            "prompt_audio_seconds": st.integers(0, 90),
            "cost": st.decimals("0", "9", places=6),
            "prompt_tokens_details": st.fixed_dictionaries({"cached_tokens": st.integers(0, 9)}),
        },
    )


# provider, path, dialect, models that are asked for
PLACES = (
    ("openai", "/v1/chat/completions", "openai_chat", ("gpt-x", "gpt-x-2026-01-01", "search-x", "voice-x", "new")),
    ("openai", "/v1/embeddings", "openai_chat", ("gpt-x",)),
    ("openai", "/v1/responses", "openai_responses", ("gpt-x", "new")),
    ("openai", "/v1/images/generations", "openai_responses", ("gpt-x",)),
    ("openai", "/v1/nowhere", "unknown", ("gpt-x",)),
    ("openai", "/v1/moderations", "unknown", ("gpt-x",)),
    ("anthropic", "/v1/messages", "anthropic", ("claude-x", "claude-y", "new")),
    ("openrouter", "/api/v1/chat/completions", "openai_chat", ("some/model", "new")),
    ("plan", "/v1/chat/completions", "openai_chat", ("gpt-x", "new")),
    ("gcp.gemini", "/v1beta/models/gemini-x:generateContent", "gemini", ("gemini-x",)),
)


def messages(dialect: str, usage: dict[str, object], model: str, part: int) -> Iterator[bytes]:
    """The messages of an answer: some text, then usage that is cut at one of several places."""

    def said(**members: object) -> bytes:
        return json.dumps(members, default=float).encode()

    if dialect == "anthropic":
        yield said(type="message_start", message={"model": model, "usage": usage | {"output_tokens": 1}})
        yield said(type="content_block_delta", delta={"text": "four five"})
        if part:
            yield said(type="message_delta", usage=usage)
    elif dialect == "openai_responses":
        yield said(type="response.output_text.delta", delta="four five")
        searches = [{"type": "web_search_call", "action": {"type": "search"}}] * (part - 1)
        if part:
            yield said(type="response.completed", response={"model": model, "usage": usage, "output": searches})
    elif dialect == "gemini":
        found = {"content": {"parts": [{"text": "four"}]}, "groundingMetadata": {"webSearchQueries": ["q"] * part}}
        if part:
            yield said(modelVersion=model, usageMetadata=usage, candidates=[found])
            yield said(usageMetadata=usage, candidates=[{"finishReason": "STOP"}][: part - 1])
    else:
        yield said(model=model, choices=[{"delta": {"content": "four five"}}])
        if part:
            yield said(model=model, choices=[{"finish_reason": "stop"}] if part > 1 else [{}], usage=usage)


def attempt(prices: PriceBook, provider: str, path: str) -> Attempt:
    """The attempt that the addon makes of a request to a path."""
    whose = prices.providers[provider]
    route = prices.route(whose, "POST", path)
    dialect = DIALECTS.get(route.dialect or "", UNKNOWN) if route else UNKNOWN
    operation = (route.operation if route else None) or dialect.operation or None
    opening = Event(
        event_id="e", started_at=START, host="h", path=path, method="POST", provider=provider, operation=operation
    )
    return Attempt(opening=opening, book=prices, provider=whose, route=route, dialect=dialect, meter=Meter(dialect))


@st.composite
def calls(draw: st.DrawFn) -> Callable[[PriceBook], Event]:
    """A call, as a function from the prices of its day to its row."""
    provider, path, dialect, models = draw(st.sampled_from(PLACES))
    asked, answered = (draw(st.sampled_from(models)) for _ in range(2))
    told = list(messages(dialect, draw(usages(dialect)), answered, draw(st.integers(0, 2))))
    status = draw(st.sampled_from([200, 200, 200, 429, None]))
    tier = draw(st.sampled_from([None, None, "flex", "batch", "provisioned", "gold"]))
    billing = draw(st.sampled_from([None, None, Billing.SUBSCRIPTION]))
    outcome, guess = draw(st.sampled_from(list(Outcome))), draw(st.booleans())

    def row(prices: PriceBook) -> Event:
        made = attempt(prices, provider, path)
        made.ask(json.dumps({"model": asked, "messages": [{"role": "user", "content": "one two"}]}).encode(), 70)
        made.status_code, made.tier, made.billing = status, tier, billing
        for message in told if status == 200 else []:
            made.meter.feed(message)
        return made.event(outcome, guess=guess or outcome is not Outcome.INTERRUPTED)

    return row
