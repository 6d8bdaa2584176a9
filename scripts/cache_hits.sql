-- Calls that the cache answered in the provider's place, and what that saved.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/cache_hits.sql
SELECT
    provider,
    coalesce(model, model_or_path) AS model,
    sum(calls)::BIGINT AS calls,
    sum(list_cost_usd) AS saved_usd,
    coalesce(sum(calls) FILTER (unknown_list_cost), 0)::BIGINT AS unknown_calls
FROM spent
WHERE from_cache
GROUP BY 1, 2
ORDER BY saved_usd DESC NULLS LAST, calls DESC, 1, 2;
