-- The calls whose cost is unknown, known in part, or estimated, by name, or by path where no route knows it.
-- cost_usd is what is known of it, NULL if nothing.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/unknown_costs.sql
SELECT
    cost_status,
    provider,
    model_or_path AS model,
    sum(calls)::BIGINT AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cost_usd) AS cost_usd
FROM spent
WHERE cost_status IN ('unpriced', 'partial', 'estimated')
GROUP BY 1, 2, 3
ORDER BY list_position(['unpriced', 'partial', 'estimated'], cost_status), calls DESC, 2, 3;
