-- The present: what runs up, how fast, how well and for whom, in one row of lists; of the last 60 minutes and since midnight UTC.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/top.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE now = '2026-11-20 12:00'" < scripts/top.sql
-- minutes: how far back the figures by `by_columns` reach (15). sort_by: cost, calls, errors, latency. row_limit: rows of each list (50).
-- Latencies are of calls that went well. Each list of minutes tells how many minutes ago, from 0 to 59; one without a call is left out.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['model']);
SET VARIABLE now = coalesce(TRY_CAST(getvariable('now') AS TIMESTAMP), timezone('UTC', now()));
SET VARIABLE minutes = coalesce(getvariable('minutes')::BIGINT, 15);
SET VARIABLE row_limit = coalesce(getvariable('row_limit')::BIGINT, 50);

WITH recent AS MATERIALIZED (
    SELECT
        -- Under a name that nothing else has.
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name))::VARCHAR AS "who_\0",
        started_at,
        (epoch_us(getvariable('now')::TIMESTAMP) - epoch_us(started_at)) // 60000000 AS ago,
        provider,
        host,
        model_or_path,
        customer,
        cost_usd,
        cost_status,
        unknown_cost,
        output_tokens,
        latency_ms,
        ttft_ms,
        outcome,
        failed,
        error,
        sent,
        refused,
        status,
        error_type,
        error_class,
        breaker
    FROM selected
    WHERE started_at >= getvariable('now')::TIMESTAMP - INTERVAL 60 MINUTE AND started_at <= getvariable('now')::TIMESTAMP
),

named AS (
    SELECT *, [*COLUMNS('who_.*')] AS who FROM recent
),

today AS (
    SELECT {
        calls: count(*),
        sent_calls: count(*) FILTER (sent),
        error_calls: count(*) FILTER (error),
        cost_usd: sum(cost_usd),
        unknown_calls: count(*) FILTER (unknown_cost),
        partial_calls: count(*) FILTER (cost_status = 'partial'),
        estimated_calls: count(*) FILTER (cost_status = 'estimated'),
        last_at: max(started_at)
    } AS today
    FROM selected
    WHERE started_at >= date_trunc('day', getvariable('now')::TIMESTAMP) AND started_at <= getvariable('now')::TIMESTAMP
),

latest AS (
    SELECT {
        calls: count(*),
        calls_minute: count(*) FILTER (ago < 1),
        sent_calls: count(*) FILTER (sent),
        error_calls: count(*) FILTER (error),
        refused_calls: count(*) FILTER (refused),
        cost_usd: sum(cost_usd),
        cost_minute_usd: sum(cost_usd) FILTER (ago < 1),
        latency_ms: quantile_cont(latency_ms, [0.5, 0.95]) FILTER (NOT failed),
        ttft_ms: quantile_cont(ttft_ms, [0.5, 0.95]) FILTER (NOT failed)
    } AS latest
    FROM recent
    WHERE ago < getvariable('minutes')
),

by_minute AS (
    SELECT ago, count(*) AS calls, count(*) FILTER (sent) AS sent_calls,
        count(*) FILTER (error) AS error_calls, sum(cost_usd) AS cost_usd,
        quantile_cont(latency_ms, 0.95) FILTER (NOT failed) AS latency_ms
    FROM recent
    GROUP BY 1
),

minutes AS (
    SELECT list(by_minute ORDER BY ago) AS minutes FROM by_minute
),

trends AS (
    SELECT who, map(list(ago), list(cost_usd)) AS trend_usd
    FROM (SELECT who, ago, sum(cost_usd) AS cost_usd FROM named GROUP BY 1, 2)
    GROUP BY 1
),

grouped AS (
    SELECT
        who,
        count(*) AS calls,
        count(*) FILTER (sent) AS sent_calls,
        count(*) FILTER (error) AS error_calls,
        sum(cost_usd) AS cost_usd,
        count(*) FILTER (unknown_cost) AS unknown_calls,
        count(*) FILTER (cost_status = 'partial') AS partial_calls,
        count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
        sum(output_tokens)::BIGINT AS output_tokens,
        quantile_cont(latency_ms, [0.5, 0.95]) FILTER (NOT failed) AS latency_ms,
        quantile_cont(ttft_ms, 0.5) FILTER (NOT failed) AS ttft_ms
    FROM named
    WHERE ago < getvariable('minutes')
    GROUP BY 1
),

sorted AS (
    SELECT
        *,
        CASE getvariable('sort_by')
            WHEN 'calls' THEN calls
            WHEN 'errors' THEN error_calls
            WHEN 'latency' THEN latency_ms[2]
            ELSE cost_usd
        END::DOUBLE AS size
    FROM grouped
    JOIN trends USING (who)
    ORDER BY size DESC NULLS LAST, calls DESC, who
    LIMIT getvariable('row_limit')
),

groups AS (
    SELECT list(sorted ORDER BY size DESC NULLS LAST, calls DESC, who) AS groups FROM sorted
),

last_calls AS (
    SELECT list(call ORDER BY started_at DESC) AS last_calls
    FROM (
        SELECT started_at, provider, model_or_path AS model, customer, outcome, status, latency_ms, cost_usd, cost_status
        FROM recent
        ORDER BY started_at DESC
        LIMIT getvariable('row_limit')
    ) AS call
),

last_errors AS (
    SELECT list(call ORDER BY started_at DESC) AS last_errors
    FROM (
        SELECT started_at, provider, model_or_path AS model, customer, outcome, status, error_type, error_class
        FROM recent
        WHERE error
        ORDER BY started_at DESC
        LIMIT getvariable('row_limit')
    ) AS call
),

breakers AS (
    SELECT list(breaker ORDER BY host) AS breakers
    FROM (
        SELECT host, arg_max(breaker, started_at) AS state, max(started_at) AS last_at
        FROM recent
        WHERE breaker IS NOT NULL
        GROUP BY 1
    ) AS breaker
)

FROM today, latest, minutes, groups, last_calls, last_errors, breakers;
