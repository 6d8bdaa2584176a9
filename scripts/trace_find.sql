-- The run, trace or customer whose name the variable `wanted` is; if there is none, those whose name begins with it.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE wanted = '20261128-101500'" < scripts/trace_find.sql
SET VARIABLE wanted = coalesce(getvariable('wanted'), '');
-- A whole name is found at its first call; beginnings have to be looked for in all of them.
SET VARIABLE whole = (
    SELECT list({'kind': kind, 'name': name})
    FROM (
        (SELECT 'run' AS kind, run AS name FROM selected WHERE run = getvariable('wanted') LIMIT 1)
        UNION ALL
        (SELECT 'trace', trace_id FROM selected WHERE trace_id = lower(getvariable('wanted')) LIMIT 1)
        UNION ALL
        (SELECT 'customer', customer FROM selected WHERE customer = getvariable('wanted') LIMIT 1)
    )
);

WITH found AS (
    SELECT 'run' AS kind, run AS name, max(started_at) AS last_at
    FROM selected
    WHERE getvariable('whole') IS NULL AND starts_with(run, getvariable('wanted'))
    GROUP BY name
    UNION ALL
    SELECT 'trace', trace_id AS name, max(started_at)
    FROM selected
    WHERE getvariable('whole') IS NULL AND starts_with(trace_id, lower(getvariable('wanted')))
    GROUP BY name
    UNION ALL
    SELECT 'customer', customer AS name, max(started_at)
    FROM selected
    WHERE getvariable('whole') IS NULL AND starts_with(customer, getvariable('wanted'))
    GROUP BY name
)

SELECT unnest(getvariable('whole')).kind AS kind, unnest(getvariable('whole')).name AS name, true AS whole, NULL AS last_at
UNION ALL BY NAME
(SELECT kind, name, false AS whole, last_at FROM found ORDER BY last_at DESC, kind, name LIMIT 20);
