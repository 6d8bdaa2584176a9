-- All calls of a period in one row. An unknown cost adds nothing to cost_usd: see unknown_calls and pending_calls.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/summary.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE since = '2026-11-01'" < scripts/summary.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    count(*) AS calls,
    min(started_at) AS first_at,
    max(started_at) AS last_at,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (cost_usd IS NULL AND cost_status <> 'pending') AS unknown_calls,
    count(*) FILTER (cost_status = 'pending') AS pending_calls,
    count(*) FILTER (cost_status = 'partial') AS partial_calls,
    count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
    count(*) FILTER (outcome <> 'ok') AS failed_calls
FROM events
WHERE started_at >= getvariable('since') AND started_at < getvariable('until');
