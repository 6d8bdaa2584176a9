-- How near each rate limit is, as the providers tell it: the share that is used, at last and at most, by key and window.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_limits.sql
-- Of equal words the last ones count, which are read once; of equal shares too, where it says when most was used.
WITH spoken AS (
    SELECT provider, key_name, rate_limits, max(started_at) AS started_at
    FROM selected
    WHERE rate_limits IS NOT NULL AND sent
    GROUP BY ALL
),

told AS (
    SELECT provider, key_name, started_at, unnest(map_entries(rate_limits::MAP(VARCHAR, JSON))) AS entry
    FROM spoken
),

figures AS (
    SELECT
        provider,
        key_name,
        started_at,
        entry.key AS limited,
        TRY_CAST(entry.value ->> 'limit' AS DOUBLE) AS most,
        TRY_CAST(entry.value ->> 'remaining' AS DOUBLE) AS remaining,
        coalesce(
            1 - remaining / nullif(most, 0),
            TRY_CAST(entry.value ->> 'used' AS DOUBLE) / nullif(most, 0),
            TRY_CAST(entry.value ->> 'utilization' AS DOUBLE),
            TRY_CAST(entry.value ->> 'used_percent' AS DOUBLE) / 100,
            1 - TRY_CAST(entry.value ->> 'remaining_percent' AS DOUBLE) / 100
        ) AS used
    FROM told
    WHERE json_type(entry.value) = 'OBJECT'
)

SELECT
    provider,
    key_name AS key,
    limited,
    arg_max(most, started_at) AS most,
    arg_max(remaining, started_at) AS remaining,
    arg_max(used, started_at) AS used_last,
    max(used) AS used_most,
    arg_max(started_at, row(used, started_at)) AS most_used_at,
    max(started_at) AS told_at
FROM figures
WHERE used IS NOT NULL
GROUP BY ALL
ORDER BY used_most DESC, provider, key, limited;
