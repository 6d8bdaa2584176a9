-- Spend by any dimension of the view `calls`: model, provider, customer, day, run, section, feature ...; the largest first, times in order.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/spend.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['day', 'provider']" < scripts/spend.sql
-- `tag` is the tag that the variable tag_name names; the variables since, until and only_model ... choose calls.
-- sort_by is calls, input, output, cached, errors, unknown, cost or time (the default is cost, or time where there is one).
-- row_limit is how many rows are wanted; all others are one more row, and `others` says how many it stands for.
-- A call of unknown cost adds nothing to cost_usd and is counted in unknown_calls; where all are unknown, cost_usd is NULL.
-- So does work whose result has not been seen, which is counted in pending_calls.
-- trend_usd is what was spent in each twelfth of the period, by its number from 0 on; one without a call is left out. A twelfth
-- that is longer than a day is made of whole days; where it is shorter, the calls themselves are read.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['model']);
SET VARIABLE trend = (SELECT {'from': min(first_at), 'to': max(last_at)} FROM spent);
SET VARIABLE trend_from = (SELECT getvariable('trend')['from']);
SET VARIABLE trend_to = (SELECT getvariable('trend')['to']);
SET VARIABLE trend_days = (
    SELECT CASE WHEN getvariable('trend_to') - getvariable('trend_from') >= INTERVAL 12 DAYS
        THEN getvariable('trend_to')::DATE - getvariable('trend_from')::DATE + 1 END
);
SET VARIABLE trend_step = (
    SELECT greatest(1, (epoch_us(getvariable('trend_to')) - epoch_us(getvariable('trend_from'))) // 12 + 1)
);

WITH source AS (
    SELECT *, (day - getvariable('trend_from')::DATE) * 12 // getvariable('trend_days') AS part
    FROM spent
    WHERE getvariable('trend_days') IS NOT NULL
    UNION ALL
    SELECT *, (epoch_us(first_at) - epoch_us(getvariable('trend_from'))) // getvariable('trend_step') AS part
    FROM spent_calls
    WHERE getvariable('trend_days') IS NULL
        AND first_at >= getvariable('trend_from') AND first_at <= getvariable('trend_to')
),

parts AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        min(CASE WHEN list_contains(getvariable('by_columns'), 'minute') THEN minute
            WHEN list_contains(getvariable('by_columns'), 'hour') THEN hour
            WHEN list_contains(getvariable('by_columns'), 'day') THEN day
            WHEN list_contains(getvariable('by_columns'), 'month') THEN month END) AS moment,
        part,
        sum(calls)::BIGINT AS calls,
        sum(input_tokens) AS input_tokens,
        sum(cached_input_tokens) AS cached_input_tokens,
        sum(cache_write_tokens) AS cache_write_tokens,
        sum(output_tokens) AS output_tokens,
        sum(reasoning_tokens) AS reasoning_tokens,
        sum(cost_usd) AS cost_usd,
        coalesce(sum(calls) FILTER (unknown_cost), 0)::BIGINT AS unknown_calls,
        coalesce(sum(calls) FILTER (cost_status = 'pending'), 0)::BIGINT AS pending_calls,
        coalesce(sum(calls) FILTER (cost_status = 'partial'), 0)::BIGINT AS partial_calls,
        coalesce(sum(calls) FILTER (cost_status = 'estimated'), 0)::BIGINT AS estimated_calls,
        coalesce(sum(calls) FILTER (error), 0)::BIGINT AS error_calls
    FROM source
    GROUP BY ALL
),

spend AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        min(moment) AS moment,
        sum(COLUMNS(['calls', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens',
            'reasoning_tokens'])),
        sum(cost_usd) AS cost_usd,
        sum(COLUMNS(['unknown_calls', 'pending_calls', 'partial_calls', 'estimated_calls', 'error_calls'])),
        map(list(part), list(cost_usd)) AS trend_usd
    FROM parts
    GROUP BY ALL
),

ordered AS (
    SELECT
        * EXCLUDE (moment),
        if(coalesce(getvariable('sort_by'), 'time') = 'time', moment, NULL) AS moment,
        CASE coalesce(getvariable('sort_by'), if(moment IS NULL, 'cost', 'time'))
            WHEN 'time' THEN epoch_us(moment)
            WHEN 'calls' THEN calls
            WHEN 'input' THEN input_tokens
            WHEN 'cached' THEN cached_input_tokens
            WHEN 'output' THEN output_tokens
            WHEN 'errors' THEN error_calls
            WHEN 'unknown' THEN unknown_calls + pending_calls
            ELSE cost_usd
        END AS size
    FROM spend
),

placed AS (
    SELECT
        *,
        row_number() OVER (
            ORDER BY size DESC NULLS LAST, cost_usd DESC NULLS LAST, calls DESC,
                COLUMNS(lambda name: list_contains(getvariable('by_columns'), name))
        ) > coalesce(getvariable('row_limit')::BIGINT, count(*) OVER ()) AS beyond
    FROM ordered
),

shown AS (
    SELECT
        CASE WHEN NOT beyond THEN COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)) END,
        beyond,
        if(beyond, NULL, moment) AS moment,
        if(beyond, NULL, size) AS size,
        sum(COLUMNS(['calls', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens',
            'reasoning_tokens'])),
        sum(cost_usd) AS cost_usd,
        sum(COLUMNS(['unknown_calls', 'pending_calls', 'partial_calls', 'estimated_calls', 'error_calls'])),
        nullif(count(*) FILTER (beyond), 0) AS others,
        any_value(trend_usd) FILTER (NOT beyond) AS trend_usd
    FROM placed
    GROUP BY ALL
)

SELECT
    * EXCLUDE (beyond, moment, size, error_calls, others, trend_usd),
    cost_usd::DOUBLE / nullif(sum(cost_usd) OVER (), 0)::DOUBLE AS share,
    error_calls,
    others,
    trend_usd
FROM shown
ORDER BY beyond, moment, size DESC NULLS LAST, cost_usd DESC NULLS LAST, calls DESC,
    COLUMNS(lambda name: list_contains(getvariable('by_columns'), name));
