-- How many calls took how long, in six steps for each power of ten; the same calls as in latency.sql.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/latency_histogram.sql
SELECT
    10 ** (floor(log10(greatest(latency_ms, 1)) * 6) / 6) AS from_ms,
    10 ** ((floor(log10(greatest(latency_ms, 1)) * 6) + 1) / 6) AS below_ms,
    count(*) AS calls,
    count(*) FILTER (streamed) AS streamed_calls
FROM selected
WHERE latency_ms IS NOT NULL AND NOT from_cache AND job_id IS NULL AND results_id IS NULL AND NOT refused
    AND (outcome = 'ok' OR coalesce(getvariable('with_failed'), false))
    AND started_at >= coalesce(TRY_CAST(getvariable('split') AS TIMESTAMP), TIMESTAMP '0001-01-01')
GROUP BY ALL
ORDER BY from_ms;
