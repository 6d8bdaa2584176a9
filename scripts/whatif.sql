-- Finished calls that a provider bills or a plan pays for, by all that can decide their price elsewhere: the traffic that whatif.py prices at other models.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/whatif.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE steps = [200000]; SET VARIABLE minutes = [990, 30]" < scripts/whatif.sql
-- units are those of the invoice, in its order; quantity_1 belongs to the first of them. Calls that a plan pays for have no invoice,
-- so that their tokens count. steps: input tokens beyond which a price changes; minutes: of the UTC day, likewise; weekly: days matter.
-- now_usd is what was paid, or the list price where a plan paid; known says whether it is known.
WITH traffic AS (
    SELECT
        operation,
        tier,
        region,
        price_variant,
        model,
        cost_status = 'not_billed' AS planned,
        CASE WHEN planned THEN list_cost_usd ELSE cost_usd END AS now_usd,
        now_usd IS NOT NULL AS known,
        list_transform(charges, lambda line: line.unit) AS units,
        list_transform(charges, lambda line: line.quantity) AS quantities,
        coalesce((input_tokens > getvariable('steps')[1])::INT, 0) + coalesce((input_tokens > getvariable('steps')[2])::INT, 0)
        + coalesce((input_tokens > getvariable('steps')[3])::INT, 0) + coalesce((input_tokens > getvariable('steps')[4])::INT, 0)
        + coalesce((input_tokens > getvariable('steps')[5])::INT, 0) + coalesce((input_tokens > getvariable('steps')[6])::INT, 0)
        + coalesce((input_tokens > getvariable('steps')[7])::INT, 0) + coalesce((input_tokens > getvariable('steps')[8])::INT, 0)
        + coalesce((input_tokens > getvariable('steps')[9])::INT, 0) + coalesce((input_tokens > getvariable('steps')[10])::INT, 0)
        + coalesce((input_tokens > getvariable('steps')[11])::INT, 0) + coalesce((input_tokens > getvariable('steps')[12])::INT, 0) AS step,
        CASE WHEN getvariable('minutes') IS NOT NULL
            THEN len(list_filter(getvariable('minutes')::INT[], lambda begin_at: begin_at <= hour(started_at) * 60 + minute(started_at)))
        END AS slot,
        CASE WHEN getvariable('weekly') THEN isodow(started_at) END AS weekday,
        started_at,
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
        reasoning_tokens
    FROM selected
    WHERE operation IS NOT NULL AND cost_status <> 'pending' AND NOT from_cache AND NOT refused AND NOT skipped_retry
        AND NOT (cost_status = 'not_billed' AND coalesce(list_cost_usd, 0) = 0)
)
SELECT
    operation,
    tier,
    region,
    price_variant,
    model,
    planned,
    known,
    units,
    step,
    count(*) AS calls,
    sum(now_usd) AS now_usd,
    max(input_tokens) AS largest_input_tokens,
    min(started_at) AS first_at,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
    sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
    sum(quantities[1]) AS quantity_1,
    sum(quantities[2]) AS quantity_2,
    sum(quantities[3]) AS quantity_3,
    sum(quantities[4]) AS quantity_4,
    sum(quantities[5]) AS quantity_5,
    sum(quantities[6]) AS quantity_6,
    sum(quantities[7]) AS quantity_7,
    sum(quantities[8]) AS quantity_8,
    sum(quantities[9]) AS quantity_9,
    sum(quantities[10]) AS quantity_10,
    sum(quantities[11]) AS quantity_11,
    sum(quantities[12]) AS quantity_12
FROM traffic
GROUP BY operation, tier, region, price_variant, model, planned, known, units, step, slot, weekday
ORDER BY now_usd DESC NULLS LAST, calls DESC;
