-- How many calls there are, what became of them, and how many no provider saw, in one row; with the newest call of all.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_scope.sql
WITH whole AS (
    SELECT count(*) AS calls FROM selected
),

-- Most calls went well, and need not be looked at.
others AS (
    SELECT
        count(*) FILTER (NOT sent) AS unsent,
        count(*) FILTER (error) AS errors,
        count(*) FILTER (outcome = 'client_aborted') AS client_aborted,
        count(*) FILTER (refused) AS refused,
        count(*) FILTER (from_cache) AS from_cache
    FROM selected
    WHERE failed OR policy IS NOT NULL
)

SELECT
    whole.calls,
    whole.calls - unsent AS attempts,
    errors,
    errors / nullif(attempts, 0) AS error_rate,
    client_aborted,
    refused,
    from_cache,
    (SELECT max(started_at) FROM calls) AS newest_at
FROM whole, others;
