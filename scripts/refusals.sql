-- Calls that a rule of your policy file refused, by rule; no provider saw them.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/refusals.sql
SELECT
    policy,
    provider,
    sum(calls)::BIGINT AS calls,
    max(last_at) AS last_at
FROM spent
WHERE refused
GROUP BY 1, 2
ORDER BY calls DESC, 1, 2;
