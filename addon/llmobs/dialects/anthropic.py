"""Anthropic Messages: uncached, cached and written input in fields of their own, thinking inside the output.

Source: the Anthropic API reference (Message, `usage`; MessageDeltaUsage is cumulative and overrides field by field).
The 5-minute/1-hour split can be stale or missing in the last event, so the total of written tokens decides and what
the split leaves over is a 5-minute write.
"""

from llmobs.dialect import Count, Dialect, Fee

ANTHROPIC = Dialect(
    name="anthropic",
    roots=("message", ""),
    opening_roots=("message",),
    usage=("usage",),
    merge=True,
    counts=(
        Count("input", ("input_tokens",)),
        Count("cached_input", ("cache_read_input_tokens",)),
        Count("cache_write", ("cache_creation_input_tokens", "cache_creation.ephemeral_5m_input_tokens")),
        Count("cache_write_1h", ("cache_creation.ephemeral_1h_input_tokens",), within=("cache_write",)),
        Count("output", ("output_tokens",)),
        Count("reasoning", ("output_tokens_details.thinking_tokens",), within=("output",)),
    ),
    parts="iterations",
    fees=(Fee("web_search", "usage.server_tool_use.web_search_requests"),),
    tier=("usage.speed", "usage.service_tier"),
    region=("usage.inference_geo",),
    declined=(("stop_reason", "refusal"), ("delta.stop_reason", "refusal")),
    text=("content", "content_block", "delta", "completion"),
    prompt=("system", "messages", "tools", "prompt"),
)
