-- Spend by UTC day, with what makes it doubtful: what forecast.py projects from.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/spend_days.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE since = '2026-11-01'" < scripts/spend_days.sql
-- A call of unknown cost adds nothing to cost_usd and is counted in unknown_calls. square_usd tells how much single calls differ.
SELECT
    day,
    sum(calls)::BIGINT AS calls,
    coalesce(sum(cost_usd), 0) AS cost_usd,
    coalesce(sum(square_usd), 0) AS square_usd,
    coalesce(sum(calls) FILTER (unknown_cost OR cost_status = 'pending'), 0)::BIGINT AS unknown_calls,
    coalesce(sum(calls) FILTER (cost_status = 'partial'), 0)::BIGINT AS partial_calls,
    coalesce(sum(calls) FILTER (cost_status = 'estimated'), 0)::BIGINT AS estimated_calls
FROM spent
GROUP BY ALL
ORDER BY day;
