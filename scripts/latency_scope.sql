-- Which calls the latency report leaves out, and why, in one row; with the newest call of the whole database.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/latency_scope.sql
SELECT
    count(*) AS calls,
    count(*) FILTER (from_cache) AS cached_calls,
    count(*) FILTER (refused) AS refused_calls,
    count(*) FILTER (job_id IS NOT NULL OR results_id IS NOT NULL) AS job_calls,
    count(*) FILTER (failed AND NOT refused) AS failed_calls,
    (SELECT max(started_at) FROM calls) AS newest_at
FROM selected
WHERE started_at >= coalesce(TRY_CAST(getvariable('split') AS TIMESTAMP), TIMESTAMP '0001-01-01');
