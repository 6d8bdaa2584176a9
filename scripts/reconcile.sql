-- What was metered that a provider bills, by UTC day, provider, model and key, with the calls that make a sum doubtful.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/reconcile.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE since = '2026-11-01'" < scripts/reconcile.sql
-- Failed and free calls are left out; those of a subscription, and jobs that are not done, are only counted.
WITH billed AS (
    SELECT
        *,
        -- A failed or free call has a list cost of 0; a free one that counts tokens stands in the provider's usage.
        -- A batch whose lines are here has no cost of its own.
        -- An equal request that is not counted again here is billed there.
        cost_status = 'not_billed' AND list_cost_usd IS DISTINCT FROM 0 AND NOT skipped_retry
            AND operation IS DISTINCT FROM 'batch' AS subscription,
        cost_status NOT IN ('not_billed', 'pending')
            OR (cost_status = 'not_billed' AND list_cost_usd = 0 AND outcome = 'ok' AND input_tokens > 0)
            OR skipped_retry AS counted,
        list_sum([
            charge.amount_usd FOR charge IN charges
            IF charge.unit IN ('web_search', 'grounded_prompt', 'source_read', 'file_search', 'code_execution')
        ]) AS tools_usd
    FROM selected
    WHERE NOT from_cache -- the provider never saw it
)
SELECT
    day,
    provider,
    model,
    api_key AS api_key_id,
    count(*) FILTER (counted) AS calls,
    (sum(input_tokens) FILTER (counted))::BIGINT AS input_tokens,
    (sum(cached_input_tokens) FILTER (counted))::BIGINT AS cached_input_tokens,
    (sum(output_tokens) FILTER (counted))::BIGINT AS output_tokens,
    sum(CASE WHEN skipped_retry THEN list_cost_usd ELSE cost_usd END) FILTER (counted) AS cost_usd,
    sum(tools_usd) FILTER (counted) AS tools_usd,
    count(*) FILTER (cost_status = 'unpriced') AS unpriced,
    count(*) FILTER (cost_status = 'partial') AS partial,
    count(*) FILTER (cost_status = 'estimated' AND outcome <> 'ok') AS cut_off,
    count(*) FILTER (cost_status = 'estimated' AND outcome = 'ok') AS estimated,
    count(*) FILTER (cost_status = 'pending') AS pending,
    count(*) FILTER (counted AND operation = 'batch') AS batches,
    count(*) FILTER (subscription) AS subscription
FROM billed
GROUP BY 1, 2, 3, 4
HAVING count(*) FILTER (counted OR subscription OR cost_status = 'pending') > 0
ORDER BY 1, 2, 3, 4;
