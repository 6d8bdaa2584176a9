"""Exports in the form of each provider, written for these tests, and the calls that they are compared with."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from llmobs import store
from llmobs.event import Charge, CostStatus, Event, to_row
from tests.writer.calls import ended

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
PRICES = """\
updated: 2026-11-01
providers:
  openai:
    models:
      gpt-4o: [{input: 2.5, cached_input: 1.25, output: 10}]
      gpt-4o-mini: [{input: 0.15, output: 0.6}]
      gpt-5: [{input: 1.25, output: 10}]
      o3: [{input: 2, output: 8}]
      dall-e-3: [{image: 0.04}]
  anthropic:
    models:
      claude-sonnet-4-5: [{input: 3, cached_input: 0.3, output: 15}]
      claude-3-5-haiku: [{input: 0.8, output: 4}]
  openrouter:
    prices_from: [openai]
    models:
      anthropic/claude-sonnet-4.5: [{input: 3, output: 15}]
      openai/gpt-4.1: [{input: 2, output: 8}]
"""
KEY, OTHER_KEY = "0123456789ab...wxyz", "ba9876543210...abcd"


def bucket(day: datetime, *results: Mapping[str, Any]) -> dict[str, Any]:
    """A day of OpenAI's organization APIs."""
    start = int(day.timestamp())
    return {"object": "bucket", "start_time": start, "end_time": start + 86_400, "results": list(results)}


def page(*entries: Mapping[str, Any], more: bool = False) -> str:
    """A page of any of the APIs."""
    return json.dumps(
        {"object": "page", "data": list(entries), "has_more": more, "next_page": "next" if more else None}
    )


def completions(model: str | None, calls: int, tokens: tuple[int, int, int], key: str | None = None) -> dict[str, Any]:
    """A result of OpenAI's usage API: calls, and tokens in (of them cached) and out."""
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": tokens[0],
        "input_cached_tokens": tokens[1],
        "output_tokens": tokens[2],
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
        "num_model_requests": calls,
        "project_id": None,
        "user_id": None,
        "api_key_id": key,
        "model": model,
        "batch": None,
        "service_tier": None,
    }


def cost(line_item: str | None, value: object, key: str | None = None) -> dict[str, Any]:
    """A result of OpenAI's costs API."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        "line_item": line_item,
        "project_id": None,
        "api_key_id": key,
        "quantity": None,
    }


OPENAI_USAGE_CSV = """\
start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,\
input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1794787200,1794873600,2026-11-16T00:00:00+00:00,2026-11-17T00:00:00+00:00,proj_a,2.0,,key_a,gpt-4o-2024-08-06,False,\
default,2000.0,600.0,500.0,1500.0
1794873600,1794960000,2026-11-17T00:00:00+00:00,2026-11-18T00:00:00+00:00,,,,,,,,,,,
"""
OPENAI_COST_CSV = """\
start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,user_id,\
api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source
1794787200,1794873600,2026-11-16T00:00:00,2026-11-17T00:00:00,0.003750000000000000000000000000,usd,1500,tokens,\
"gpt-4o-2024-08-06, input",,key_a,proj_a,org-a,A,Org,,
1794787200,1794873600,2026-11-16T00:00:00,2026-11-17T00:00:00,0E-6176,usd,0,tokens,\
"gpt-4o-2024-08-06, cached input",,key_a,proj_a,org-a,A,Org,,
1794787200,1794873600,2026-11-16T00:00:00,2026-11-17T00:00:00,0.02,usd,2,,web search tool calls,,key_a,\
proj_a,org-a,A,Org,,
1794873600,1794960000,2026-11-17T00:00:00,2026-11-18T00:00:00,,,,,,,,,,,,,
"""
OPENAI_EMPTY_CSV = """\
start_time,end_time,start_time_iso,end_time_iso
1794787200,1794873600,2026-11-16T00:00:00+00:00,2026-11-17T00:00:00+00:00
"""
CONSOLE_USAGE_CSV = """\
usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,\
usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,\
web_search_count,inference_geo,speed
2026-11-16,claude-sonnet-4-5-20250929,production,Default,standard,≤ 200k,700,100,50,150,400,0,not_available,
"""
CONSOLE_COST_CSV = """\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,\
inference_geo,speed,api_key_id,api_key_status
2026-11-16,Claude Sonnet 4.5,Default,production,message,≤ 200k,\
input_no_cache,0.01,0.01,token,not_available,,apikey_01A,active
2026-11-16,Claude Sonnet 4.5,Default,production,message,≤ 200k,output,0.01,0.01,token,not_available,,apikey_01A,active
2026-11-16,,Default,production,message,,,0.02,0.02,web_search,,,apikey_01A,active
"""
OPENROUTER_DAYS_CSV = """\
Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,Reasoning Tokens
"2026-11-16 00:00:00","anthropic/claude-4.5-sonnet-20250929","0.0105","0.5","1","1000","500","0"
"""
OPENROUTER_CALLS_CSV = """\
generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,tokens_prompt,\
tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,streamed,user,\
finish_reason_raw,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,app_name,api_key_name
gen-1,2026-11-16 23:59:59.271,0.0105,0,0,0,0,1000,500,20,300,openai/gpt-4.1-2025-04-14,OpenAI,standard,false,true,,\
stop,stop,1200,300,App,production
"""


def anthropic_bucket(day: datetime, *results: Mapping[str, Any]) -> dict[str, Any]:
    """A day of Anthropic's Admin API."""
    end = day + timedelta(days=1)
    return {
        "starting_at": f"{day:%Y-%m-%dT%H:%M:%SZ}",
        "ending_at": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "results": list(results),
    }


MESSAGES = {
    "uncached_input_tokens": 700,
    "cache_creation": {"ephemeral_1h_input_tokens": 50, "ephemeral_5m_input_tokens": 100},
    "cache_read_input_tokens": 150,
    "output_tokens": 400,
    "server_tool_use": {"web_search_requests": 0},
    "api_key_id": "apikey_01A",
    "workspace_id": None,
    "model": "claude-sonnet-4-5-20250929",
    "service_tier": "standard",
    "context_window": "0-200k",
    "inference_geo": None,
}


def report_cost(amount: str, model: str | None = "claude-sonnet-4-5-20250929", kind: str = "tokens") -> dict[str, Any]:
    """A result of Anthropic's cost report, in cents."""
    return {
        "currency": "USD",
        "amount": amount,
        "workspace_id": None,
        "description": "Claude Sonnet 4.5 Usage - Input Tokens",
        "cost_type": kind,
        "context_window": "0-200k",
        "model": model,
        "service_tier": "standard",
        "token_type": "uncached_input_tokens",
        "inference_geo": None,
    }


ACTIVITY = {
    "date": "2026-11-16",
    "model": "openai/gpt-4.1",
    "model_permaslug": "openai/gpt-4.1-2025-04-14",
    "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
    "provider_name": "OpenAI",
    "usage": 0.015,
    "byok_usage_inference": 0.012,
    "requests": 5,
    "prompt_tokens": 50,
    "completion_tokens": 125,
    "reasoning_tokens": 25,
}


def call(key: str, usd: str | None = "0.01", **more: Any) -> Event:
    """A call on Monday at noon: 1000 tokens in, 500 out."""
    known = {
        "started_at": MONDAY + timedelta(hours=12),
        "cost_usd": None if usd is None else Decimal(usd),
        "output_tokens": 500,
        "api_key_id": KEY,
        "charges": (),
    }
    return replace(ended(key), **known | more)


def searched(key: str, usd: str, fee: str, **more: Any) -> Event:
    """A call of which a part is paid for a web search."""
    charge = Charge("web_search", Decimal(1), Decimal(fee) * 1000, 1000, Decimal(fee))
    return call(key, usd, charges=(charge,), **more)


def subscription(key: str, **more: Any) -> Event:
    """A call that a subscription pays for."""
    return call(key, "0", cost_status=CostStatus.NOT_BILLED, list_cost_usd=Decimal("0.5"), **more)


def database(folder: Path, calls: Iterable[Event]) -> Path:
    """A database of these calls."""
    path = folder / "events.duckdb"
    path.unlink(missing_ok=True)
    with store.writing(path) as db:
        db.load([to_row(event) for event in calls], {})
    return path
