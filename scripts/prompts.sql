-- Where the tokens of text models go, by any dimension: how long prompts and answers are, and how much comes from a cache.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/prompts.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['feature', 'model']; SET VARIABLE top = 5" < scripts/prompts.sql
-- The dearest groups first, twenty by itself; all_rows says how many there are. Percentiles are exact.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['section', 'model']);

WITH measured AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        count(*) AS calls,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        quantile_disc(input_tokens, [0.5, 0.95]) AS input_at,
        quantile_disc(output_tokens, [0.5, 0.95]) AS output_at,
        max(output_tokens) AS output_max,
        sum(cost_usd) AS cost_usd,
        count(*) FILTER (unknown_cost) AS unknown_calls,
        count(*) FILTER (cost_status = 'partial') AS partial_calls,
        count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
        count(content) AS captured_calls
    FROM selected
    WHERE NOT failed AND NOT from_cache AND input_tokens > 0 AND output_tokens > 0
    GROUP BY ALL
)

SELECT
    COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
    calls,
    input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    input_at[1] AS input_p50,
    input_at[2] AS input_p95,
    output_at[1] AS output_p50,
    output_at[2] AS output_p95,
    output_max,
    cost_usd,
    unknown_calls,
    partial_calls,
    estimated_calls,
    captured_calls,
    count(*) OVER () AS all_rows
FROM measured
ORDER BY cost_usd DESC NULLS LAST, calls DESC
LIMIT coalesce(getvariable('top'), 20);
