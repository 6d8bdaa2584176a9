-- How long calls took, all of them in one row, streamed or not; the same calls as in latency.sql.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/latency_overall.sql
SELECT
    count(latency_ms) AS calls,
    quantile_cont(latency_ms, 0.5) AS p50_ms,
    quantile_cont(latency_ms, 0.95) AS p95_ms,
    quantile_cont(latency_ms, 0.99) AS p99_ms,
    quantile_cont(ttft_ms, 0.5) FILTER (streamed) AS ttft_p50_ms
FROM selected
WHERE latency_ms IS NOT NULL AND NOT from_cache AND job_id IS NULL AND results_id IS NULL AND NOT refused
    AND (outcome = 'ok' OR coalesce(getvariable('with_failed'), false));
