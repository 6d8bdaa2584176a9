-- The calls that did not end well, by how they ended; those that a rule of yours refused are in refusals.sql.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/endings.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    outcome,
    coalesce(events.provider, host) AS provider,
    status_code,
    error_type,
    count(*) AS calls,
    sum(cost_usd) AS cost_usd,
    max(started_at) AS last_at
FROM events
WHERE outcome <> 'ok' AND NOT regexp_matches(coalesce(policy, ''), '^(budget|rate_limit|breaker):')
    AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC, 1, 2, 3, 4;
