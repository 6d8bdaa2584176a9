-- Calls that the cache answered in the provider's place, and what that saved.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/cache_hits.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    coalesce(events.provider, host) AS provider,
    coalesce(events.model, response_model, request_model, path) AS model,
    count(*) AS calls,
    sum(list_cost_usd) AS saved_usd,
    count(*) FILTER (list_cost_usd IS NULL) AS unknown_calls
FROM events
WHERE policy = 'cache' AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2
ORDER BY saved_usd DESC NULLS LAST, calls DESC, 1, 2;
