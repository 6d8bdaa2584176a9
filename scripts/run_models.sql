-- What a run cost by model, the dearest first; a call without a model goes by its path. Without a run, all calls.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE run = '20261128-101500-a1b2c3'" < scripts/run_models.sql
SELECT
    provider,
    coalesce(model, path) AS model,
    count(*) AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (cost_status = 'unpriced') AS unpriced_calls,
    count(*) FILTER (unknown_cost) AS unknown_calls,
    count(*) FILTER (cost_status = 'pending') AS pending_calls,
    count(*) FILTER (cost_status = 'partial') AS partial_calls,
    count(*) FILTER (cost_status = 'estimated') AS estimated_calls
FROM selected
WHERE getvariable('run') IS NULL OR run = getvariable('run')
GROUP BY 1, 2
ORDER BY cost_usd DESC NULLS LAST, calls DESC, provider, model;
