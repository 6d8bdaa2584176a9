-- Error rates by any dimension, with classes, rate limits, aborts, retries, and the rate in 24 equal parts of the period.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE by_columns = ['customer']" < scripts/errors.sql
-- Each attempt counts that a provider was asked to answer; a client that went away made no error.
SET VARIABLE by_columns = coalesce(getvariable('by_columns'), ['provider', 'model']);
SET VARIABLE first_at = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), (SELECT min(started_at) FROM calls));
SET VARIABLE last_at = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), (SELECT max(started_at) FROM calls));

WITH attempts AS (
    SELECT
        COLUMNS(lambda name: list_contains(getvariable('by_columns'), name)),
        least(24, 1 + floor(24 * epoch_us(started_at - getvariable('first_at')::TIMESTAMP)
            / greatest(1, epoch_us(getvariable('last_at')::TIMESTAMP - getvariable('first_at')::TIMESTAMP))))::INTEGER
            AS _part,
        CASE WHEN list_contains(getvariable('by_columns'), 'hour') THEN hour
            WHEN list_contains(getvariable('by_columns'), 'day') THEN day
            WHEN list_contains(getvariable('by_columns'), 'month') THEN month END AS _moment,
        error AS _error,
        error_class AS _class,
        status AS _status,
        outcome AS _outcome,
        coalesce(attempt > 1, false) AS _retry,
        started_at AS _at
    FROM selected
    WHERE sent
),

parts AS (
    SELECT
        COLUMNS(lambda name: NOT starts_with(name, '_')),
        _part,
        min(_moment) AS _moment,
        count(*) AS _calls,
        count(*) FILTER (_error) AS _errors,
        count(*) FILTER (_error AND _class = 'transient') AS _transient,
        count(*) FILTER (_error AND _class = 'user') AS _user,
        count(*) FILTER (_error AND _class = 'system') AS _system,
        count(*) FILTER (_error AND _status = 429) AS _limited,
        count(*) FILTER (_outcome = 'upstream_aborted') AS _upstream,
        count(*) FILTER (_outcome = 'client_aborted') AS _client,
        count(*) FILTER (_retry) AS _retries,
        max(_at) FILTER (_error) AS _last_error_at
    FROM attempts
    GROUP BY ALL
),

sums AS (
    SELECT
        COLUMNS(lambda name: NOT starts_with(name, '_')),
        min(_moment) AS moment,
        sum(_calls)::BIGINT AS calls,
        sum(_errors)::BIGINT AS errors,
        sum(_errors) / sum(_calls) AS error_rate,
        sum(_transient)::BIGINT AS transient_errors,
        sum(_user)::BIGINT AS user_errors,
        sum(_system)::BIGINT AS system_errors,
        sum(_limited)::BIGINT AS rate_limited,
        sum(_upstream)::BIGINT AS upstream_aborted,
        sum(_client)::BIGINT AS client_aborted,
        sum(_retries)::BIGINT AS retries,
        max(_last_error_at) AS last_error_at,
        map_from_entries(list((_part, _errors / _calls))) AS rates
    FROM parts
    GROUP BY ALL
)

SELECT * EXCLUDE (moment) REPLACE (list_transform(range(1, 25), lambda part: rates[part]) AS rates)
FROM sums
ORDER BY moment, errors DESC, calls DESC, COLUMNS(* EXCLUDE (moment, rates));
