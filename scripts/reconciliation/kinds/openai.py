"""Exports of OpenAI: pages of the usage and costs APIs, and the dashboard's CSV files."""

import re

from scripts.reconciliation.export import Kind

# Buckets of the API and lines of the dashboard's CSV carry the same names.
# https://platform.openai.com/docs/api-reference/usage (types: openai-python, types/admin/organization/usage_*)
_OPENAI = "https://platform.openai.com/docs/api-reference/usage"
_OPENAI_COSTS = "https://platform.openai.com/docs/api-reference/usage/costs"
_BUCKET = ("object", "end_time", "start_time_iso", "end_time_iso")
_WHOSE = (
    *("project_id", "user_id", "api_source", "project_name", "organization_id", "organization_name", "user_email"),
    *("user_name", "api_key_redacted"),
)
_OPENAI_OTHER = (
    *_BUCKET,
    *_WHOSE,
    *("batch", "service_tier", "size", "source", "images", "characters", "seconds", "num_images", "num_characters"),
    *("num_seconds", "input_uncached_tokens", "input_cache_write_tokens", "input_cache_write_30m_tokens"),
    *("input_cache_write_12h_tokens", "input_text_tokens", "output_text_tokens", "input_cached_text_tokens"),
    *("input_audio_tokens", "input_cached_audio_tokens", "output_audio_tokens", "input_image_tokens"),
    *("input_cached_image_tokens", "output_image_tokens"),
)
# "gpt-4o-mini-2024-07-18, cached input", "priority | gpt-5, output, long context", "gpt-image-1 image, output"; a line
# without a comma, such as "web search tool calls", is no model's.
_LINE_ITEM = re.compile(r"(?:[^|]+ \| )?([^\s,|]+)(?: (?:audio|image|text|video))?, .+")

KINDS = (
    *(
        Kind(
            title="OpenAI usage of tools",
            provider="openai",
            source=_OPENAI,
            day="start_time",
            marks=("start_time", mark),
            other=(*_OPENAI_OTHER, "api_key_id", "model", "num_model_requests", "vector_store_id", "context_level"),
            remark="counts searches, sessions or bytes, which belong to calls of models and are compared by their cost",
        )
        for mark in ("num_requests", "num_sessions", "usage_bytes")
    ),
    Kind(
        title="OpenAI usage",
        provider="openai",
        source=_OPENAI,
        day="start_time",
        marks=("start_time", "num_model_requests"),
        models=("model",),
        keys=("api_key_id", "api_key_name"),
        sums={
            "calls": ("num_model_requests",),
            "input_tokens": ("input_tokens",),
            "cached_input_tokens": ("input_cached_tokens",),
            "output_tokens": ("output_tokens",),
        },
        other=_OPENAI_OTHER,
    ),
    *(
        Kind(
            title="OpenAI costs",
            provider="openai",
            source=_OPENAI_COSTS,
            day="start_time",
            marks=("start_time", f"amount{dot}value"),
            models=("line_item",),
            model_in=_LINE_ITEM,
            fee="line_item",
            keys=("api_key_id", "api_key_name"),
            sums={"cost_usd": (f"amount{dot}value",)},
            currency=f"amount{dot}currency",
            other=(*_BUCKET, *_WHOSE, "quantity", "quantity_unit", "amount"),
        )
        for dot in "._"
    ),
    Kind(
        title="OpenAI usage or costs without an entry",
        provider="openai",
        source=_OPENAI,
        day="start_time",
        marks=("start_time", "end_time"),
        closed=True,
        other=_BUCKET,
    ),
)
