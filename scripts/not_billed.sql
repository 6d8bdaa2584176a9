-- Calls that a subscription or a reservation pays for, and what they cost at list price (NULL where no price is known).
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/not_billed.sql
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
-- A failed or free call has a list cost of 0. See cache_hits.sql and skipped_retries.sql for the other two.
WHERE cost_status = 'not_billed' AND list_cost_usd IS DISTINCT FROM 0
    AND coalesce(policy, '') NOT IN ('cache', 'retries:skip')
    AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2
ORDER BY list_cost_usd DESC NULLS LAST, calls DESC, 1, 2;
