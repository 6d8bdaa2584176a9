-- The same as spend_days.sql by any dimension, for the groups that cost most (variable top, 20 by itself).
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/spend_days_by.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['customer']; SET VARIABLE top = 5" < scripts/spend_days_by.sql
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['model']);

WITH days AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        day AS on_day,
        sum(calls)::BIGINT AS calls,
        coalesce(sum(cost_usd), 0) AS cost_usd,
        coalesce(sum(square_usd), 0) AS square_usd,
        coalesce(sum(calls) FILTER (unknown_cost OR cost_status = 'pending'), 0)::BIGINT AS unknown_calls,
        coalesce(sum(calls) FILTER (cost_status = 'partial'), 0)::BIGINT AS partial_calls,
        coalesce(sum(calls) FILTER (cost_status = 'estimated'), 0)::BIGINT AS estimated_calls
    FROM spent
    GROUP BY ALL
),
named AS (
    SELECT *, row(*COLUMNS(lambda name: list_contains(getvariable('by_columns'), name))) AS name FROM days
),
summed AS (
    SELECT *, sum(cost_usd) OVER (PARTITION BY name) AS whole_usd, sum(calls) OVER (PARTITION BY name) AS whole_calls FROM named
),
ranked AS (SELECT *, dense_rank() OVER (ORDER BY whole_usd DESC, whole_calls DESC, name) AS place FROM summed)
SELECT * EXCLUDE (name, whole_usd, whole_calls, on_day), on_day AS day, max(place) OVER () AS groups
FROM ranked
QUALIFY place <= coalesce(getvariable('top'), 20)
ORDER BY place, day;
