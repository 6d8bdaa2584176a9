-- What cached input saved against the full price of input, by model, and what writing the caches cost more than plain input.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/cached_input.sql
-- The rates are those of the charges. Where a call was cached to its last token and tells no full price, the other calls'
-- rates stand for it, and `estimated` is true.
SELECT
    provider,
    model,
    sum(caching_calls)::BIGINT AS calls,
    sum(caching_input_tokens)::BIGINT AS input_tokens,
    sum(caching_read_tokens)::BIGINT AS cached_input_tokens,
    sum(caching_write_tokens)::BIGINT AS cache_write_tokens,
    (sum(caching_read_tokens) * sum(caching_saved_usd)::DOUBLE / nullif(sum(caching_told_read_tokens), 0))::DECIMAL(38, 6) AS saved_usd,
    (sum(caching_write_tokens) * sum(caching_write_extra_usd)::DOUBLE / nullif(sum(caching_told_write_tokens), 0))::DECIMAL(38, 6)
        AS write_extra_usd,
    sum(caching_untold_calls) > 0 AS estimated
FROM caching
WHERE caching_calls > 0
GROUP BY ALL
ORDER BY saved_usd DESC NULLS LAST, calls DESC, 1, 2;
