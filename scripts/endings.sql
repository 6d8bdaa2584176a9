-- The calls that did not end well, by how they ended; those that a rule of yours refused are in refusals.sql.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/endings.sql
SELECT
    outcome,
    provider,
    status AS status_code,
    error_type,
    sum(calls)::BIGINT AS calls,
    sum(cost_usd) AS cost_usd,
    max(last_at) AS last_at
FROM spent
WHERE failed AND NOT refused
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC, 1, 2, 3, 4;
