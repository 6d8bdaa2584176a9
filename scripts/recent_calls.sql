-- The calls that began last, the newest first, 20 or as many as the variable rows says.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/recent_calls.sql
SELECT
    event_id, started_at, provider, model_or_path AS model, operation, customer, key_name, run, trace_id, section,
    input_tokens, output_tokens, cost_usd, cost_status, latency_ms, ttft_ms, outcome, status, error_type, attempt, policy
FROM selected
ORDER BY started_at DESC, event_id
LIMIT coalesce(getvariable('rows')::BIGINT, 20);
