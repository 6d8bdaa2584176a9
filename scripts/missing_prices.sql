-- What was called and has no price, or none for a part of it: models, fees by their units, and paths that no route knows.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/missing_prices.sql
WITH missing AS (
    SELECT
        provider,
        -- Where no route knows the path, the model of a body may be anything.
        CASE WHEN operation IS NOT NULL THEN coalesce(response_model, request_model, price_model) END AS model,
        CASE WHEN operation IS NULL THEN path END AS path,
        price_variant AS variant,
        list_transform(list_filter(charges, lambda charge: charge.amount_usd IS NULL), lambda charge: charge.unit) AS units,
        input_tokens,
        output_tokens,
        started_at
    FROM selected
    -- Only these can have a charge without a price, and to look into all charges takes long.
    WHERE (cost_status IN ('unpriced', 'partial', 'provider_reported')
            AND len(list_filter(charges, lambda charge: charge.amount_usd IS NULL)) > 0)
        OR (cost_status = 'unpriced' AND (operation IS NULL OR (usage IS NOT NULL AND input_tokens IS NOT NULL)))
        -- A plan pays for it, but what it is worth is not known either.
        OR (cost_status = 'not_billed' AND list_cost_usd IS NULL AND input_tokens IS NOT NULL)
)
SELECT
    provider,
    model,
    path,
    list_sort(list_distinct(flatten(list(units)))) AS units,
    coalesce(list_sort(list_distinct(list(variant))), []) AS variants,
    count(*) AS calls,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    max(started_at) AS last_at
FROM missing
GROUP BY 1, 2, 3
ORDER BY calls DESC, 1, 2, 3;
