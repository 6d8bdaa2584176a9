-- Retries by provider and model: how many ended well, what they cost, and the time that the failed attempts took.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_retries.sql
-- An unknown cost adds nothing to cost_usd: see unknown_calls. A retry whose first attempt ended well is a duplicate.
WITH asked AS NOT MATERIALIZED (
    SELECT
        event_id,
        retry_of,
        provider,
        model_or_path AS model,
        attempt,
        coalesce(attempt > 1, false) AS retry,
        outcome,
        error,
        latency_ms,
        cost_usd,
        unknown_cost
    FROM selected
    WHERE sent
),

-- Errors, and retries that are none, apart: each is a test of one column, by which a scan passes over rows. Whether it
-- was repeated is asked of an error only.
attempts AS (
    SELECT * EXCLUDE (attempt) FROM asked WHERE error
    UNION ALL
    SELECT * EXCLUDE (attempt) REPLACE (NULL AS event_id) FROM asked WHERE attempt > 1 AND NOT error
),

repeated AS (
    SELECT retry_of FROM attempts WHERE retry AND retry_of IS NOT NULL
),

known AS (
    SELECT attempts.*, attempts.event_id IN (SELECT retry_of FROM repeated) AS was_repeated FROM attempts
)

SELECT
    provider,
    model,
    count(*) FILTER (retry) AS retries,
    count(*) FILTER (retry AND outcome = 'ok') AS retries_ok,
    count(*) FILTER (error AND was_repeated IS NOT true) AS given_up,
    sum(cost_usd) FILTER (retry) AS cost_usd,
    count(*) FILTER (retry AND unknown_cost) AS unknown_calls,
    sum(cost_usd) FILTER (error) AS failed_usd,
    count(*) FILTER (error AND unknown_cost) AS failed_unknown_calls,
    sum(latency_ms) FILTER (error) AS lost_ms
FROM known
GROUP BY ALL
HAVING retries > 0
ORDER BY retries DESC, provider, model;
