-- Calls that a provider refused with status 429, by provider, model and key, with how long it told to wait.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/errors_throttled.sql
SELECT
    provider,
    model_or_path AS model,
    key_name AS key,
    count(*) AS rate_limited,
    max(TRY_CAST(rate_limits ->> 'retry_after_s' AS DOUBLE)) * 1000 AS longest_wait_ms,
    max(started_at) AS last_at
FROM selected
WHERE status = 429 AND sent
GROUP BY ALL
ORDER BY rate_limited DESC, provider, model, key;
