-- The calls of one run or trace, as the variables `run` and `trace` say, in their order, with what makes a tree of them.
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE run = '20261128-101500-a1b2c3'" < scripts/trace_calls.sql
-- Without a run and a trace it is all calls.
-- `of_calls` is how many there are, should they be more than the variable `most` lets in.
SELECT
    event_id,
    started_at,
    run,
    trace_id,
    span_id,
    parent_span_id,
    section,
    attempt,
    retry_of,
    provider,
    model_or_path AS model,
    operation,
    outcome,
    status,
    error_type,
    policy,
    refused,
    from_cache,
    failed,
    streamed,
    latency_ms,
    ttft_ms,
    input_tokens,
    cached_input_tokens,
    output_tokens,
    cost_usd,
    cost_status,
    unknown_cost OR cost_status IN ('partial', 'pending') AS cost_in_doubt,
    cost_status = 'estimated' AS cost_estimated,
    content IS NOT NULL AS has_content,
    CASE WHEN getvariable('with_content') THEN content END AS content,
    count(*) OVER () AS of_calls
FROM selected
WHERE (getvariable('run') IS NULL OR run = getvariable('run'))
    AND (getvariable('trace') IS NULL OR trace_id = getvariable('trace'))
ORDER BY started_at, event_id
LIMIT coalesce(getvariable('most'), 20000);
