-- Work whose result has not been seen, such as a batch or a video that is not done, by name; its cost is not known yet.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/pending.sql
SELECT
    provider,
    coalesce(model, model_or_path) AS model,
    operation,
    sum(calls)::BIGINT AS jobs,
    min(first_at) AS first_at
FROM spent
WHERE cost_status = 'pending'
GROUP BY 1, 2, 3
ORDER BY jobs DESC, 1, 2, 3;
