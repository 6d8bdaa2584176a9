-- Spend by any of model, provider, api_key, customer, day, run, section, feature ...; the largest first, days in order.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/spend.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['day', 'provider']" < scripts/spend.sql
-- There are experiment, variant, prompt_version, client, host and policy, too, key_name (the id of a key without one), and
-- `tag`, which is the tag that the variable tag_name names.
-- A call of unknown cost adds nothing to cost_usd and is counted in unknown_calls; where all are unknown, cost_usd is NULL.
-- So does work whose result has not been seen, which is counted in pending_calls.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['model']);
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

WITH calls AS (
    SELECT
        *,
        list_contains(getvariable('by_columns'), 'model') AS by_model,
        list_contains(getvariable('by_columns'), 'provider') AS by_provider,
        list_contains(getvariable('by_columns'), 'api_key') AS by_api_key,
        list_contains(getvariable('by_columns'), 'customer') AS by_customer,
        list_contains(getvariable('by_columns'), 'day') AS by_day,
        list_contains(getvariable('by_columns'), 'run') AS by_run,
        list_contains(getvariable('by_columns'), 'key_name') AS by_key_name,
        list_contains(getvariable('by_columns'), 'section') AS by_section,
        list_contains(getvariable('by_columns'), 'feature') AS by_feature,
        list_contains(getvariable('by_columns'), 'experiment') AS by_experiment,
        list_contains(getvariable('by_columns'), 'variant') AS by_variant,
        list_contains(getvariable('by_columns'), 'prompt_version') AS by_prompt_version,
        list_contains(getvariable('by_columns'), 'client') AS by_client,
        list_contains(getvariable('by_columns'), 'host') AS by_host,
        list_contains(getvariable('by_columns'), 'policy') AS by_policy,
        list_contains(getvariable('by_columns'), 'tag') AS by_tag
    FROM events
    WHERE started_at >= getvariable('since') AND started_at < getvariable('until')
),
spend AS (
    SELECT
        CASE WHEN by_day THEN started_at::DATE END AS day,
        CASE WHEN by_model THEN coalesce(calls.model, response_model, request_model) END AS model,
        CASE WHEN by_provider THEN coalesce(calls.provider, calls.host) END AS provider,
        CASE WHEN by_api_key THEN api_key_id END AS api_key,
        CASE WHEN by_customer THEN customer_id END AS customer,
        CASE WHEN by_run THEN run_id END AS run,
        CASE WHEN by_key_name THEN coalesce(api_key_name, api_key_id) END AS key_name,
        CASE WHEN by_section THEN calls.section END AS section,
        CASE WHEN by_feature THEN tags ->> 'feature' END AS feature,
        CASE WHEN by_experiment THEN experiment_id END AS experiment,
        CASE WHEN by_variant THEN variant_id END AS variant,
        CASE WHEN by_prompt_version THEN calls.prompt_version END AS prompt_version,
        CASE WHEN by_client THEN calls.client END AS client,
        CASE WHEN by_host THEN calls.host END AS host,
        CASE WHEN by_policy THEN calls.policy END AS policy,
        CASE WHEN by_tag THEN tags ->> getvariable('tag_name')::VARCHAR END AS tag,
        count(*) AS calls,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(cached_input_tokens)::BIGINT AS cached_input_tokens,
        sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(reasoning_tokens)::BIGINT AS reasoning_tokens,
        sum(cost_usd) AS cost_usd,
        count(*) FILTER (cost_usd IS NULL AND cost_status <> 'pending') AS unknown_calls,
        count(*) FILTER (cost_status = 'pending') AS pending_calls,
        count(*) FILTER (cost_status = 'partial') AS partial_calls,
        count(*) FILTER (cost_status = 'estimated') AS estimated_calls
    FROM calls
    GROUP BY ALL
)
SELECT
    COLUMNS(
        lambda c: list_contains(getvariable('by_columns'), c)
            OR NOT list_contains([
                'day', 'model', 'provider', 'api_key', 'customer', 'run', 'key_name', 'section', 'feature', 'experiment',
                'variant', 'prompt_version', 'client', 'host', 'policy', 'tag'
            ], c)
    ),
    cost_usd::DOUBLE / nullif(sum(cost_usd) OVER (), 0)::DOUBLE AS share
FROM spend
ORDER BY day, cost_usd DESC NULLS LAST, calls DESC, model, provider, api_key, customer, run, COLUMNS(*);
