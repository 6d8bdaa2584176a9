-- Errors by class, type, status and provider, the most frequent first, with what was charged for them all the same.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_kinds.sql
SELECT
    error_class,
    coalesce(error_type, outcome) AS error_type,
    status,
    provider,
    count(*) AS errors,
    count(*) / sum(count(*)) OVER () AS share,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (unknown_cost) AS unknown_calls,
    min(started_at) AS first_at,
    max(started_at) AS last_at
FROM selected
WHERE error
GROUP BY ALL
ORDER BY errors DESC, error_class, error_type, status, provider;
