-- Everything about one call, whose event_id the variable call says; without it, about the newest.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE call = '01JD...'" < scripts/call.sql
SELECT * EXCLUDE (tag, month, day, hour, minute, model_or_path), model_or_path AS name
FROM selected
WHERE getvariable('call') IS NULL OR event_id = getvariable('call')::VARCHAR
ORDER BY started_at DESC
LIMIT 1;
