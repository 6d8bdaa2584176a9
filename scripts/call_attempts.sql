-- All attempts of the call whose event_id the variable call says, it among them, in their order; without it, of the newest.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE call = '01JD...'" < scripts/call_attempts.sql
-- A call that nobody repeated has one. call_at: when it began, where that is known already. Each attempt names the one that it
-- repeats; those within an hour count, as no client goes on longer.
SET VARIABLE call = coalesce(
    getvariable('call'), (SELECT arg_max(event_id, started_at) FROM selected WHERE getvariable('call') IS NULL)
);
SET VARIABLE began_at = coalesce(
    getvariable('call_at')::TIMESTAMP,
    (SELECT started_at FROM selected WHERE getvariable('call_at') IS NULL AND event_id = getvariable('call') LIMIT 1)
);
SET VARIABLE near_from = getvariable('began_at')::TIMESTAMP - INTERVAL 1 HOUR;
SET VARIABLE near_until = getvariable('began_at')::TIMESTAMP + INTERVAL 1 HOUR;

WITH RECURSIVE repeats AS MATERIALIZED (
    SELECT event_id, retry_of
    FROM selected
    WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_until') AND retry_of IS NOT NULL
),

linked AS (
    SELECT getvariable('call') AS event_id
    UNION
    SELECT unnest([repeats.event_id, repeats.retry_of])
    FROM repeats
    JOIN linked ON repeats.event_id = linked.event_id OR repeats.retry_of = linked.event_id
)

SELECT
    event_id,
    started_at,
    attempt,
    provider,
    model_or_path AS model,
    outcome,
    status,
    error_type,
    reason,
    latency_ms,
    cost_usd,
    cost_status
FROM selected
WHERE started_at BETWEEN getvariable('near_from') AND getvariable('near_until') AND event_id IN (SELECT event_id FROM linked)
ORDER BY started_at, event_id;
