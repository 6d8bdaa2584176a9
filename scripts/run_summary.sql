-- What a run cost in one row, with what makes the sum doubtful and its slowest call; without a run, all calls.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE run = '20261128-101500-a1b2c3'" < scripts/run_summary.sql
-- An unknown cost adds nothing to cost_usd: see unknown_calls and pending_calls.
SELECT
    count(*) AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (unknown_cost) AS unknown_calls,
    count(*) FILTER (cost_status = 'pending') AS pending_calls,
    count(*) FILTER (cost_status = 'partial') AS partial_calls,
    count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
    sum(cost_usd) FILTER (cost_status IN ('estimated', 'partial')) AS doubtful_usd,
    count(*) FILTER (failed) AS failed_calls,
    max(latency_ms) AS slowest_ms,
    arg_max(coalesce(model, path), latency_ms) AS slowest
FROM selected
WHERE getvariable('run') IS NULL OR run = getvariable('run');
