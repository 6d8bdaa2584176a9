-- Calls that a rule of your policy file refused, by rule; no provider saw them.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/refusals.sql
SET VARIABLE since = coalesce(TRY_CAST(getvariable('since') AS TIMESTAMP), TIMESTAMP '0001-01-01');
SET VARIABLE until = coalesce(TRY_CAST(getvariable('until') AS TIMESTAMP), TIMESTAMP 'infinity');

SELECT
    policy,
    coalesce(events.provider, host) AS provider,
    count(*) AS calls,
    max(started_at) AS last_at
FROM events
WHERE regexp_matches(policy, '^(budget|rate_limit|breaker):')
    AND started_at >= getvariable('since') AND started_at < getvariable('until')
GROUP BY 1, 2
ORDER BY calls DESC, 1, 2;
