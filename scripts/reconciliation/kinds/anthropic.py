"""Exports of Anthropic: pages of the Admin API's usage and cost reports, and the Console's CSV files."""

from decimal import Decimal

from scripts.reconciliation.export import Kind

# https://platform.claude.com/docs/en/api/admin/usage_report, .../admin/cost_report
_ANTHROPIC = "https://platform.claude.com/docs/en/build-with-claude/usage-cost-api"
_ANTHROPIC_OTHER = (
    *("ending_at", "workspace_id", "account_id", "service_account_id", "service_tier", "context_window"),
    *("inference_geo", "speed", "server_tool_use.web_search_requests", "server_tool_use.web_fetch_requests"),
    *("server_tool_use.code_execution_requests", "cache_creation", "server_tool_use"),
)
# Its amounts are whole cents.
_CENT = Decimal("0.005")
# The Console's files: claude_api_tokens_*.csv and claude_api_cost_*.csv.
_CONSOLE_OTHER = (
    *("workspace", "usage_type", "context_window", "inference_geo", "speed", "api_key_status", "workspace_id"),
)

KINDS = (
    Kind(
        title="Anthropic usage report",
        provider="anthropic",
        source=_ANTHROPIC,
        day="starting_at",
        marks=("starting_at", "uncached_input_tokens", "output_tokens"),
        models=("model",),
        keys=("api_key_id",),
        sums={
            "input_tokens": (
                "uncached_input_tokens",
                "cache_creation.ephemeral_5m_input_tokens",
                "cache_creation.ephemeral_1h_input_tokens",
                "cache_read_input_tokens",
            ),
            "cached_input_tokens": ("cache_read_input_tokens",),
            "output_tokens": ("output_tokens",),
        },
        other=_ANTHROPIC_OTHER,
    ),
    Kind(
        title="Anthropic cost report",
        provider="anthropic",
        source=_ANTHROPIC,
        day="starting_at",
        marks=("starting_at", "amount", "currency"),
        models=("model",),
        fee="cost_type",
        sums={"cost_usd": ("amount",)},
        currency="currency",
        per_usd=100,
        other=(*_ANTHROPIC_OTHER, "description", "token_type"),
    ),
    Kind(
        title="Anthropic report without an entry",
        provider="anthropic",
        source=_ANTHROPIC,
        day="starting_at",
        marks=("starting_at", "ending_at"),
        closed=True,
    ),
    Kind(
        title="Anthropic Console usage",
        provider="anthropic",
        source=_ANTHROPIC,
        day="usage_date_utc",
        marks=("usage_date_utc", "usage_input_tokens_no_cache", "usage_output_tokens"),
        models=("model_version",),
        keys=("api_key_id", "api_key"),
        sums={
            "input_tokens": (
                "usage_input_tokens_no_cache",
                "usage_input_tokens_cache_write_5m",
                "usage_input_tokens_cache_write_1h",
                "usage_input_tokens_cache_read",
            ),
            "cached_input_tokens": ("usage_input_tokens_cache_read",),
            "output_tokens": ("usage_output_tokens",),
        },
        other=(*_CONSOLE_OTHER, "web_search_count"),
    ),
    Kind(
        title="Anthropic Console cost",
        provider="anthropic",
        source=_ANTHROPIC,
        day="usage_date_utc",
        marks=("usage_date_utc", "cost_usd"),
        models=("model",),
        fee="cost_type",
        keys=("api_key_id", "api_key"),
        sums={"cost_usd": ("cost_usd",)},
        rounding=_CENT,
        other=(*_CONSOLE_OTHER, "token_type", "list_price_usd"),
    ),
)
