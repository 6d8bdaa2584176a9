-- Work whose result has not been seen, such as a batch or a video that is not done, by name; its cost is not known yet.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/pending.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    coalesce(events.provider, host) AS provider,
    coalesce(events.model, response_model, request_model, path) AS model,
    operation,
    count(*) AS jobs,
    min(started_at) AS first_at
FROM events
WHERE cost_status = 'pending' AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2, 3
ORDER BY jobs DESC, 1, 2, 3;
