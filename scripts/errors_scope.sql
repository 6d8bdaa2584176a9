-- How many calls there are, what became of them, and how many no provider saw, in one row; with the newest call of all.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_scope.sql
WITH sums AS (
    SELECT
        coalesce(sum(calls), 0)::BIGINT AS calls,
        coalesce(sum(calls) FILTER (sent), 0)::BIGINT AS attempts,
        coalesce(sum(calls) FILTER (error), 0)::BIGINT AS errors,
        coalesce(sum(calls) FILTER (outcome = 'client_aborted'), 0)::BIGINT AS client_aborted,
        coalesce(sum(calls) FILTER (refused), 0)::BIGINT AS refused,
        coalesce(sum(calls) FILTER (from_cache), 0)::BIGINT AS from_cache
    FROM spent
)

SELECT
    calls,
    attempts,
    errors,
    errors / nullif(attempts, 0) AS error_rate,
    client_aborted,
    refused,
    from_cache,
    (SELECT max(started_at) FROM calls) AS newest_at
FROM sums;
