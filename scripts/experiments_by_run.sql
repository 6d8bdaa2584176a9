-- The same as experiments.sql with a run as one observation: what runs cost, how long their calls took, which had a failure.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/experiments_by_run.sql
-- Calls of one run are alike, so that their number promises more than is known; runs are independent. Calls without a run are left out.
-- A run with a call of unknown cost is not in the mean of cost_usd; it is counted in unknown_calls.
WITH runs AS (
    SELECT
        experiment,
        coalesce(variant, '(none)') AS variant,
        run,
        count(*) AS calls,
        bool_or(failed) AS failed,
        sum(cost_usd) AS known_usd,
        CASE WHEN bool_and(cost_usd IS NOT NULL) THEN known_usd END AS cost_usd,
        count(*) FILTER (cost_status = 'estimated') AS estimated,
        count(*) FILTER (cost_status = 'partial') AS partial,
        avg(latency_ms) FILTER (NOT selected.failed) AS latency_ms,
        avg(ttft_ms) FILTER (NOT selected.failed AND streamed) AS ttft_ms,
        sum(input_tokens) FILTER (NOT selected.failed) AS input_tokens,
        sum(output_tokens) FILTER (NOT selected.failed) AS output_tokens
    FROM selected
    WHERE experiment IS NOT NULL AND NOT refused AND run IS NOT NULL
    GROUP BY ALL
)
SELECT
    experiment,
    variant,
    count(*) AS calls,
    count(*) FILTER (failed) AS failures,
    count(*) AS runs,
    sum(calls)::BIGINT AS calls_in_runs,
    sum(known_usd) AS cost_usd,
    count(*) FILTER (cost_usd IS NULL) AS unknown_calls,
    count(*) FILTER (estimated > 0) AS estimated_calls,
    count(*) FILTER (partial > 0) AS partial_calls,
    count(cost_usd) AS cost_usd_n,
    avg(cost_usd::DOUBLE) AS cost_usd_mean,
    var_samp(cost_usd::DOUBLE) AS cost_usd_variance,
    count(latency_ms) AS latency_ms_n,
    avg(latency_ms) AS latency_ms_mean,
    var_samp(latency_ms) AS latency_ms_variance,
    count(ttft_ms) AS ttft_ms_n,
    avg(ttft_ms) AS ttft_ms_mean,
    var_samp(ttft_ms) AS ttft_ms_variance,
    count(input_tokens) AS input_tokens_n,
    avg(input_tokens) AS input_tokens_mean,
    var_samp(input_tokens) AS input_tokens_variance,
    count(output_tokens) AS output_tokens_n,
    avg(output_tokens) AS output_tokens_mean,
    var_samp(output_tokens) AS output_tokens_variance
FROM runs
GROUP BY ALL
ORDER BY experiment, variant;
