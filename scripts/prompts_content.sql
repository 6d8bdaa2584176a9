-- Requests and answers that were kept, a sample of them (variable sample, 1,000) that is always the same: what prompts.py takes apart.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/prompts_content.sql
SELECT
    provider,
    model,
    started_at,
    input_tokens,
    coalesce(cached_input_tokens, 0) AS cached_input_tokens,
    output_tokens,
    content,
    count(*) OVER () AS captured_calls
FROM selected
WHERE content IS NOT NULL AND NOT failed AND NOT from_cache AND model IS NOT NULL
ORDER BY hash(event_id)
LIMIT coalesce(getvariable('sample'), 1000);
