-- The calls of each hour that did not end well, by class of their error or by how they ended, beside all of that hour.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_over_time.sql
-- The variable by_columns names other columns than the hour. Calls that a rule of yours refused are `refused`.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['hour']);

WITH kinds AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        CASE WHEN refused THEN 'refused' WHEN failed THEN coalesce(error_class, outcome) END AS kind,
        count(*) AS calls
    FROM selected
    GROUP BY ALL
)
SELECT
    * EXCLUDE (kind, calls),
    sum(calls)::BIGINT AS calls,
    coalesce(map_from_entries(list((kind, calls) ORDER BY kind) FILTER (kind IS NOT NULL)), MAP {}) AS failed_calls
FROM kinds
GROUP BY ALL
ORDER BY ALL;
