-- Calls that a subscription or a reservation pays for, and what they cost at list price (NULL where no price is known).
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/not_billed.sql
SELECT
    provider,
    coalesce(model, model_or_path) AS model,
    sum(calls)::BIGINT AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(list_cost_usd) AS list_cost_usd,
    coalesce(sum(calls) FILTER (unknown_list_cost), 0)::BIGINT AS unknown_calls
FROM spent
-- A failed or free call has a list cost of 0. See cache_hits.sql and skipped_retries.sql for the other two.
WHERE cost_status = 'not_billed' AND free IS NOT TRUE
    AND NOT from_cache AND NOT skipped_retry
GROUP BY 1, 2
ORDER BY list_cost_usd DESC NULLS LAST, calls DESC, 1, 2;
