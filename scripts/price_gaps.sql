-- Calls for which the provider says that it charges more than 1 % more or less than the list price.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/price_gaps.sql
-- A rise of the provider's prices shows up here first, and so does a discount; list_usd is what pricing.yaml says.
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    coalesce(events.provider, host) AS provider,
    coalesce(events.model, response_model, request_model, path) AS model,
    count(*) AS calls,
    sum(cost_usd) AS reported_usd,
    sum(list_cost_usd) AS list_usd,
    sum(cost_usd - list_cost_usd) AS difference_usd
FROM events
WHERE cost_status = 'provider_reported' AND abs(cost_usd - list_cost_usd) > 0.01 * list_cost_usd
    AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2
ORDER BY abs(difference_usd) DESC, calls DESC, 1, 2;
