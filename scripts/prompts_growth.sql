-- How conversations grow, by model: calls of one run (or trace) that send ever more, and how much of that was sent before.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/prompts_growth.sql
-- A conversation has at least three calls of one model, the last of which sends more than the first. What its calls send beyond the
-- longest of them was sent before, if each sends all that went before it; repeated_tokens is at most that, and uncached_tokens the
-- part of it that no cache gave. The first ten by itself (variable top); all_rows says how many there are.
WITH conversations AS (
    SELECT
        provider,
        model,
        coalesce(run, trace_id) AS conversation,
        count(*) AS calls,
        arg_min(input_tokens, started_at) AS first_tokens,
        max(input_tokens) AS longest_tokens,
        sum(input_tokens) AS input_tokens,
        sum(coalesce(cached_input_tokens, 0)) AS cached_tokens
    FROM selected
    WHERE coalesce(run, trace_id) IS NOT NULL AND NOT failed AND NOT from_cache AND input_tokens > 0 AND output_tokens > 0
    GROUP BY ALL
    HAVING count(*) >= 3 AND arg_max(input_tokens, started_at) > first_tokens
)
SELECT
    provider,
    model,
    count(*) AS conversations,
    sum(calls)::BIGINT AS calls,
    avg(first_tokens) AS first_tokens,
    avg(longest_tokens) AS longest_tokens,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(input_tokens - longest_tokens)::BIGINT AS repeated_tokens,
    sum(greatest(input_tokens - longest_tokens - cached_tokens, 0))::BIGINT AS uncached_tokens,
    count(*) OVER () AS all_rows
FROM conversations
GROUP BY ALL
ORDER BY uncached_tokens DESC, repeated_tokens DESC
LIMIT coalesce(getvariable('top'), 10);
