"""What calls are grouped and chosen by, and how each is read off an event: names and expressions, no statements."""


def _policy(test: str) -> str:
    """A test of the policy; most calls have none, and are passed over before anything is compared. It is never NULL."""
    return f"events.policy IS NOT NULL AND {test}"


_REFUSED = " OR ".join(f"starts_with(events.policy, '{kind}:')" for kind in ("budget", "rate_limit", "breaker"))

# What calls can be grouped and filtered by -> how it is read off an event.
DIMENSIONS: dict[str, str] = {
    "model": "coalesce(events.model, events.response_model, events.request_model)",
    "provider": "coalesce(events.provider, events.host)",
    "host": "events.host",
    "operation": "events.operation",
    "api_key": "events.api_key_id",
    "key_name": "coalesce(events.api_key_name, events.api_key_id)",
    "customer": "events.customer_id",
    "run": "events.run_id",
    "section": "events.section",
    "feature": "events.tags ->> 'feature'",
    "feature_version": "events.feature_version",
    "prompt_version": "events.prompt_version",
    "experiment": "events.experiment_id",
    "variant": "events.variant_id",
    "client": "events.client",
    "region": "events.region",
    "tier": "events.service_tier",
    "policy": "events.policy",
    "outcome": "events.outcome",
    "status": "events.status_code",
    "error_type": "events.error_type",
    "error_class": "events.error_class",
    "cost_status": "events.cost_status",
}
# What they can be grouped by besides, the coarsest first.
PERIODS: dict[str, str] = {
    "month": "date_trunc('month', events.started_at)::DATE",
    "day": "events.started_at::DATE",
    "hour": "date_trunc('hour', events.started_at)",
    "minute": "date_trunc('minute', events.started_at)",
}
SAID: dict[str, str] = {
    "model_or_path": "CASE WHEN events.operation IS NULL THEN events.path "
    "ELSE coalesce(events.model, events.response_model, events.request_model, events.path) END",
    "price_model": "events.model",
    "price_variant": "events.variant",
    "failed": "events.outcome <> 'ok'",
    "refused": _policy(f"({_REFUSED})"),
    "from_cache": _policy("events.policy = 'cache'"),
    # Its provider was asked, which a rule or the cache may have prevented.
    "sent": f"NOT ({_policy(f"({_REFUSED} OR events.policy = 'cache')")})",
    # A client that leaves makes no error. The first test goes without saying, but a scan passes over rows by it alone.
    "error": "events.outcome <> 'ok' AND events.outcome IN ('error', 'upstream_aborted') "
    f"AND NOT ({_policy(f'({_REFUSED})')})",
    "skipped_retry": _policy("events.policy = 'retries:skip'"),
    # What nobody is charged for has a list cost of 0.
    "free": "events.list_cost_usd = 0",
    "price_gap": "events.cost_status = 'provider_reported' "
    "AND abs(events.cost_usd - events.list_cost_usd) > 0.01 * events.list_cost_usd",
    "unknown_list_cost": "events.list_cost_usd IS NULL",
    "unknown_cost": "events.cost_usd IS NULL AND events.cost_status <> 'pending'",
}


def wanted(name: str, expression: str) -> str:
    """Whether a dimension's variable lets a call in; to the planner it is a constant, and unset it costs nothing."""
    match = f"regexp_full_match(coalesce({expression}, ''), getvariable('only_{name}')::VARCHAR)"
    return f"CASE WHEN getvariable('only_{name}') IS NULL THEN true ELSE {match} END"


TAG = "tags ->> getvariable('tag_name')::VARCHAR"
PERIOD = (
    "started_at >= coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01')",
    "started_at < coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity')",
)
