-- Errors by class, type, status and provider, the most frequent first, with what was charged for them all the same.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_kinds.sql
SELECT
    error_class,
    coalesce(error_type, outcome) AS error_type,
    status,
    provider,
    sum(calls)::BIGINT AS errors,
    sum(calls) / sum(sum(calls)) OVER () AS share,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(calls) FILTER (unknown_cost), 0)::BIGINT AS unknown_calls,
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM spent
WHERE error
GROUP BY ALL
ORDER BY errors DESC, error_class, error_type, status, provider;
