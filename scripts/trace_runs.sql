-- Runs, and traces without one, the newest first: of one customer where the variable `customer` is set.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/trace_runs.sql
-- An unknown cost adds nothing to cost_usd: see unknown_calls. The variable `most` says how many rows there are at most.
-- First their names alone are looked for, as there may be very many.
SET VARIABLE newest = (
    SELECT list({'name': name, 'began': began, 'runs': runs})
    FROM (
        SELECT coalesce(run, trace_id) AS name, min(started_at) AS began, count(*) OVER () AS runs
        FROM selected
        WHERE name IS NOT NULL AND (getvariable('customer') IS NULL OR customer = getvariable('customer'))
        GROUP BY name
        ORDER BY began DESC, name
        LIMIT coalesce(getvariable('most'), 20)
    )
);
SET VARIABLE newest_names = list_transform(getvariable('newest'), lambda run: run.name);
SET VARIABLE newest_from = list_min(list_transform(getvariable('newest'), lambda run: run.began));

SELECT
    CASE WHEN any_value(run) IS NULL THEN 'trace' ELSE 'run' END AS kind,
    coalesce(run, trace_id) AS name,
    min(customer) AS customer,
    min(started_at) AS started_at,
    max(epoch_us(started_at) / 1000 + coalesce(latency_ms, 0)) - min(epoch_us(started_at)) / 1000 AS took_ms,
    count(*) AS calls,
    count(*) FILTER (failed) AS errors,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (unknown_cost OR cost_status IN ('partial', 'pending')) AS unknown_calls,
    count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
    getvariable('newest')[1].runs AS runs
FROM selected
WHERE started_at >= getvariable('newest_from')
    AND coalesce(run, trace_id) IN (SELECT unnest(getvariable('newest_names')))
    AND (getvariable('customer') IS NULL OR customer = getvariable('customer'))
GROUP BY coalesce(run, trace_id)
ORDER BY started_at DESC, name;
