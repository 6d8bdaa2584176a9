"""Exports of OpenRouter: the activity API, and the two CSV files of the Activity page."""

from scripts.reconciliation.export import Kind

# https://openrouter.ai/docs/api-reference/analytics/get-activity; the page https://openrouter.ai/activity exports CSV.
_OPENROUTER = "https://openrouter.ai/docs/api-reference/analytics/get-activity"

KINDS = (
    Kind(
        title="OpenRouter activity",
        provider="openrouter",
        source=_OPENROUTER,
        day="date",
        marks=("date", "usage", "requests", "prompt_tokens"),
        models=("model", "model_permaslug"),
        sums={
            "calls": ("requests",),
            "input_tokens": ("prompt_tokens",),
            "output_tokens": ("completion_tokens",),
            "cost_usd": ("usage", "byok_usage_inference"),
        },
        other=("endpoint_id", "provider_name", "reasoning_tokens"),
    ),
    Kind(
        title="OpenRouter activity by day (CSV)",
        provider="openrouter",
        source=_OPENROUTER,
        day="Date",
        marks=("Date", "Slug", "Usage", "Requests"),
        models=("Slug",),
        sums={
            "calls": ("Requests",),
            "input_tokens": ("Prompt Tokens",),
            "output_tokens": ("Completion Tokens",),
            "cost_usd": ("Usage", "BYOK Usage"),
        },
        other=("Reasoning Tokens",),
    ),
    Kind(
        title="OpenRouter activity by generation (CSV)",
        provider="openrouter",
        source=_OPENROUTER,
        day="created_at",
        marks=("created_at", "model_permaslug", "cost_total"),
        models=("model_permaslug",),
        keys=("api_key_name",),
        call=True,
        sums={
            "input_tokens": ("tokens_prompt",),
            "cached_input_tokens": ("tokens_cached",),
            "output_tokens": ("tokens_completion",),
            "cost_usd": ("cost_total", "byok_usage_inference"),
        },
        other=(
            *("generation_id", "provider_name", "app_name", "tokens_reasoning", "cost_cache", "cost_web_search"),
            *("cost_file_processing", "generation_time_ms", "time_to_first_token_ms", "finish_reason_normalized"),
            *("finish_reason_raw", "streamed", "cancelled", "num_search_results", "user", "variant", "api_type"),
        ),
    ),
)
