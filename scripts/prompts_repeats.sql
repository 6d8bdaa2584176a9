-- Requests that were sent again, word for word, though the first was answered: what a cache of answers would have saved, by model.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/prompts_repeats.sql
-- Linked retries do not count, nor does what the cache answered already. The first ten by itself (variable top); all_rows says how many there are.
WITH sent AS NOT MATERIALIZED (
    SELECT provider, model, hash(request_id) AS request, started_at, cost_usd, unknown_cost
    FROM selected
    WHERE request_id IS NOT NULL AND NOT failed AND NOT from_cache AND retry_of IS NULL AND cost_status NOT IN ('pending', 'not_billed')
),

-- Most requests are sent once: to find the others first halves the time.
repeated AS (
    SELECT request FROM sent GROUP BY request HAVING count(*) > 1
),

requests AS (
    SELECT
        provider,
        model,
        request,
        count(*) AS calls,
        sum(cost_usd) - arg_min(cost_usd, started_at) AS again_usd,
        count(*) FILTER (unknown_cost) AS unknown_calls
    FROM sent
    WHERE request IN (SELECT request FROM repeated)
    GROUP BY ALL
    HAVING count(*) > 1
)

SELECT
    provider,
    model,
    count(*) AS requests,
    sum(calls - 1)::BIGINT AS again_calls,
    max(calls) AS most_calls,
    sum(again_usd) AS again_usd,
    sum(unknown_calls)::BIGINT AS unknown_calls,
    count(*) OVER () AS all_rows,
    (sum(sum(calls - 1)) OVER ())::BIGINT AS all_again_calls
FROM requests
GROUP BY ALL
ORDER BY again_usd DESC NULLS LAST, again_calls DESC
LIMIT coalesce(getvariable('top'), 10);
