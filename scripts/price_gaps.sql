-- Calls for which the provider says that it charges more than 1 % more or less than the list price.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/price_gaps.sql
-- A rise of the provider's prices shows up here first, and so does a discount; list_usd is what pricing.yaml says.
SELECT
    provider,
    coalesce(model, model_or_path) AS model,
    sum(calls)::BIGINT AS calls,
    sum(cost_usd) AS reported_usd,
    sum(list_cost_usd) AS list_usd,
    sum(cost_usd) - sum(list_cost_usd) AS difference_usd
FROM spent
WHERE price_gap
GROUP BY 1, 2
ORDER BY abs(difference_usd) DESC, calls DESC, 1, 2;
