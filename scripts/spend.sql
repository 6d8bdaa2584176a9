-- Spend by any of model, provider, api_key, customer, day, run; the largest first, days in their order.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/spend.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['day', 'provider']" < scripts/spend.sql
-- A call of unknown cost adds nothing to cost_usd and is counted in unknown_calls; where all are unknown, cost_usd is NULL.
-- So does work whose result has not been seen, which is counted in pending_calls.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['model']);
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

WITH calls AS (
    SELECT
        *,
        list_contains(getvariable('by_columns'), 'model') AS by_model,
        list_contains(getvariable('by_columns'), 'provider') AS by_provider,
        list_contains(getvariable('by_columns'), 'api_key') AS by_api_key,
        list_contains(getvariable('by_columns'), 'customer') AS by_customer,
        list_contains(getvariable('by_columns'), 'day') AS by_day,
        list_contains(getvariable('by_columns'), 'run') AS by_run
    FROM events
    WHERE started_at >= getvariable('since') AND started_at < getvariable('until')
),
spend AS (
    SELECT
        CASE WHEN by_day THEN started_at::DATE END AS day,
        CASE WHEN by_model THEN coalesce(calls.model, response_model, request_model) END AS model,
        CASE WHEN by_provider THEN coalesce(calls.provider, host) END AS provider,
        CASE WHEN by_api_key THEN api_key_id END AS api_key,
        CASE WHEN by_customer THEN customer_id END AS customer,
        CASE WHEN by_run THEN run_id END AS run,
        count(*) AS calls,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
        sum(cost_usd) AS cost_usd,
        count(*) FILTER (cost_usd IS NULL AND cost_status <> 'pending') AS unknown_calls,
        count(*) FILTER (cost_status = 'pending') AS pending_calls,
        count(*) FILTER (cost_status = 'partial') AS partial_calls,
        count(*) FILTER (cost_status = 'estimated') AS estimated_calls
    FROM calls
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT
    COLUMNS(
        lambda c: list_contains(getvariable('by_columns'), c)
            OR NOT list_contains(['day', 'model', 'provider', 'api_key', 'customer', 'run'], c)
    ),
    cost_usd::DOUBLE / nullif(sum(cost_usd) OVER (), 0)::DOUBLE AS share
FROM spend
ORDER BY day, cost_usd DESC NULLS LAST, calls DESC, model, provider, api_key, customer, run;
