-- The calls whose cost is unknown, known in part, or estimated, by name, or by path where no route knows it.
-- cost_usd is what is known of it, NULL if nothing.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/unknown_costs.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    cost_status,
    coalesce(events.provider, host) AS provider,
    CASE WHEN operation IS NULL THEN path ELSE coalesce(events.model, response_model, request_model, path) END AS model,
    count(*) AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cost_usd) AS cost_usd
FROM events
WHERE cost_status IN ('unpriced', 'partial', 'estimated')
    AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2, 3
ORDER BY list_position(['unpriced', 'partial', 'estimated'], cost_status), calls DESC, 2, 3;
