-- All calls of a period in one row. An unknown cost adds nothing to cost_usd: see unknown_calls and pending_calls.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/summary.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE since = '2026-11-01'" < scripts/summary.sql
SELECT
    coalesce(sum(calls), 0)::BIGINT AS calls,
    min(first_at) AS first_at,
    max(last_at) AS last_at,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(calls) FILTER (unknown_cost), 0)::BIGINT AS unknown_calls,
    coalesce(sum(calls) FILTER (cost_status = 'pending'), 0)::BIGINT AS pending_calls,
    coalesce(sum(calls) FILTER (cost_status = 'partial'), 0)::BIGINT AS partial_calls,
    coalesce(sum(calls) FILTER (cost_status = 'estimated'), 0)::BIGINT AS estimated_calls,
    coalesce(sum(calls) FILTER (failed), 0)::BIGINT AS failed_calls,
    coalesce(sum(calls) FILTER (error), 0)::BIGINT AS error_calls
FROM spent;
