-- Equal requests that `llmobserve_retries=skip` did not count again, and their list price; the provider bills them all the same.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/skipped_retries.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    coalesce(events.provider, host) AS provider,
    coalesce(events.model, response_model, request_model, path) AS model,
    count(*) AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(list_cost_usd) AS list_cost_usd,
    count(*) FILTER (list_cost_usd IS NULL) AS unknown_calls
FROM events
WHERE policy = 'retries:skip' AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2
ORDER BY list_cost_usd DESC NULLS LAST, calls DESC, 1, 2;
