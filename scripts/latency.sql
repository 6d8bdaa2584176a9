-- Latency, time to first token and output speed by any dimension, streamed answers apart, the most calls first, times in order; with `split`, of what came before it, too.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/latency.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['customer']" < scripts/latency.sql
-- Answers from the cache and batch jobs do not count, nor what failed, unless the variable with_failed is true.
-- Output speed is all output tokens through all the time that they took: after the first byte where they were streamed.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['provider', 'model']);

WITH timed AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns') || ['streamed'], name)),
        started_at >= coalesce(TRY_CAST(getvariable('split') AS TIMESTAMP), TIMESTAMP '0001-01-01') AS recent,
        CASE WHEN list_contains(getvariable('by_columns'), 'hour') THEN hour
            WHEN list_contains(getvariable('by_columns'), 'day') THEN day
            WHEN list_contains(getvariable('by_columns'), 'month') THEN month END AS moment,
        latency_ms,
        -- Without a stream it is the time of the whole answer.
        CASE WHEN streamed THEN ttft_ms END AS first_ms,
        CASE WHEN latency_ms > coalesce(first_ms, 0) THEN nullif(output_tokens, 0) END AS spoken_tokens,
        CASE WHEN spoken_tokens IS NOT NULL THEN latency_ms - coalesce(first_ms, 0) END AS spoken_ms
    FROM selected
    WHERE latency_ms IS NOT NULL AND NOT from_cache AND job_id IS NULL AND results_id IS NULL AND NOT refused
        AND (outcome = 'ok' OR coalesce(getvariable('with_failed'), false))
),

measured AS (
    SELECT
        COLUMNS(* EXCLUDE (moment, latency_ms, first_ms, spoken_tokens, spoken_ms)),
        min(moment) AS moment,
        count(*) AS calls,
        quantile_cont(latency_ms, [0.5, 0.95, 0.99]) AS latency,
        avg(latency_ms) AS average_ms,
        min(latency_ms) AS minimum_ms,
        max(latency_ms) AS maximum_ms,
        quantile_cont(first_ms, [0.5, 0.95, 0.99]) AS first,
        avg(first_ms) AS ttft_average_ms,
        (sum(spoken_tokens) / nullif(sum(spoken_ms) / 1000, 0))::DOUBLE AS output_tokens_per_s
    FROM timed
    GROUP BY ALL
),

-- The period and what came before it side by side.
compared AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns') || ['streamed'], name)),
        min(moment) AS moment,
        coalesce(any_value(calls) FILTER (recent), 0) AS calls,
        any_value(latency) FILTER (recent) AS latency,
        any_value(average_ms) FILTER (recent) AS average_ms,
        any_value(minimum_ms) FILTER (recent) AS minimum_ms,
        any_value(maximum_ms) FILTER (recent) AS maximum_ms,
        any_value(first) FILTER (recent) AS first,
        any_value(ttft_average_ms) FILTER (recent) AS ttft_average_ms,
        any_value(output_tokens_per_s) FILTER (recent) AS output_tokens_per_s,
        coalesce(any_value(calls) FILTER (NOT recent), 0) AS before_calls,
        any_value(latency) FILTER (NOT recent) AS latency_before,
        any_value(first) FILTER (NOT recent) AS first_before
    FROM measured
    GROUP BY ALL
)

SELECT
    COLUMNS(lambda name: list_contains(getvariable('by_columns') || ['streamed'], name)),
    calls,
    latency[1] AS p50_ms,
    latency[2] AS p95_ms,
    latency[3] AS p99_ms,
    average_ms,
    minimum_ms,
    maximum_ms,
    first[1] AS ttft_p50_ms,
    first[2] AS ttft_p95_ms,
    first[3] AS ttft_p99_ms,
    ttft_average_ms,
    output_tokens_per_s,
    before_calls,
    latency_before[1] AS before_p50_ms,
    latency_before[2] AS before_p95_ms,
    first_before[2] AS before_ttft_p95_ms
FROM compared
WHERE calls > 0
ORDER BY moment, calls DESC, COLUMNS(*);
