-- Equal requests that `llmobserve_retries=skip` did not count again, and their list price; the provider bills them all the same.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/skipped_retries.sql
SELECT
    provider,
    coalesce(model, model_or_path) AS model,
    sum(calls)::BIGINT AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(list_cost_usd) AS list_cost_usd,
    coalesce(sum(calls) FILTER (unknown_list_cost), 0)::BIGINT AS unknown_calls
FROM spent
WHERE skipped_retry
GROUP BY 1, 2
ORDER BY list_cost_usd DESC NULLS LAST, calls DESC, 1, 2;
