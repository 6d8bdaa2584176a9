-- The longest runs of errors with no good answer between them, by host and model, with when they were and whether they go on.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_streaks.sql
-- Numbers are sorted much faster than names: `who` stands for host and model, and times are microseconds.
WITH answers AS NOT MATERIALIZED (
    SELECT
        host,
        model,
        hash(host, model) AS who,
        epoch_us(started_at) AS at_us,
        outcome,
        coalesce(error_type, outcome) AS error_type
    FROM selected
    WHERE sent
),

good AS MATERIALIZED (
    SELECT who, at_us FROM answers WHERE outcome = 'ok'
),

bad AS MATERIALIZED (
    SELECT who, at_us, host, model, error_type
    FROM answers
    -- The first test goes without saying, but a scan passes over rows by it alone.
    WHERE outcome <> 'ok' AND outcome IN ('error', 'upstream_aborted')
),

-- All errors since the same good answer are one streak.
streaks AS (
    SELECT
        bad.who,
        good.at_us AS good_us,
        count(*) AS errors,
        min(bad.at_us) AS first_us,
        max(bad.at_us) AS last_us
    FROM bad
    ASOF LEFT JOIN good ON bad.who = good.who AND bad.at_us >= good.at_us
    GROUP BY bad.who, good.at_us
    HAVING count(*) > 1
),

longest AS (
    SELECT * FROM streaks
    QUALIFY row_number() OVER (PARTITION BY who ORDER BY errors DESC, last_us DESC) = 1
),

last_good AS (
    SELECT who, max(at_us) AS good_us FROM good GROUP BY who
)

SELECT
    any_value(bad.host) AS host,
    any_value(bad.model) AS model,
    longest.errors,
    make_timestamp(longest.first_us) AS first_at,
    make_timestamp(longest.last_us) AS last_at,
    ((longest.last_us - longest.first_us) / 1000)::DOUBLE AS length_ms,
    mode(bad.error_type ORDER BY bad.error_type) AS error_type,
    longest.good_us IS NOT DISTINCT FROM any_value(last_good.good_us) AS goes_on
FROM longest
LEFT JOIN last_good ON last_good.who = longest.who
JOIN bad ON bad.who = longest.who AND bad.at_us BETWEEN longest.first_us AND longest.last_us
GROUP BY longest.who, longest.errors, longest.first_us, longest.last_us, longest.good_us
ORDER BY errors DESC, length_ms DESC, host, model;
