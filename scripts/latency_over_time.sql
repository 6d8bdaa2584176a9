-- How long calls took, hour by hour, or by the columns that the variable by_columns names; the same calls as in latency.sql.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/latency_over_time.sql
-- Streamed answers and others together. ttft is the time to the first byte of the streamed ones.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['hour']);

SELECT
    COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
    count(latency_ms) AS calls,
    quantile_cont(latency_ms, 0.5) AS p50_ms,
    quantile_cont(latency_ms, 0.95) AS p95_ms,
    quantile_cont(latency_ms, 0.99) AS p99_ms,
    max(latency_ms) AS max_ms,
    quantile_cont(ttft_ms, 0.5) FILTER (streamed) AS ttft_p50_ms,
    quantile_cont(ttft_ms, 0.95) FILTER (streamed) AS ttft_p95_ms
FROM selected
WHERE latency_ms IS NOT NULL AND NOT from_cache AND job_id IS NULL AND results_id IS NULL AND NOT refused
    AND (outcome = 'ok' OR coalesce(getvariable('with_failed'), false))
GROUP BY ALL
ORDER BY ALL;
