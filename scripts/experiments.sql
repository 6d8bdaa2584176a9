-- Variants of experiments side by side: calls, failures, and count, mean and variance of what they cost and how long they took.
--   .venv/bin/duckdb -readonly llmobserve.duckdb < scripts/experiments.sql
--   .venv/bin/duckdb -readonly llmobserve.duckdb -cmd "SET VARIABLE only_experiment = 'warmer-tone'" < scripts/experiments.sql
-- A call of unknown cost is not in the mean of cost_usd; it is counted in unknown_calls. Times and tokens are those of calls
-- that ended well, because an error is a quick answer. Calls that a rule of yours refused are no part of an experiment.
-- What does not count is NULL to the aggregates: with a FILTER each they take half as long again.
WITH observed AS (
    SELECT
        experiment,
        coalesce(variant, '(none)') AS variant,
        failed,
        run,
        cost_usd,
        cost_usd::DOUBLE AS cost_double,
        cost_status,
        CASE WHEN NOT failed THEN latency_ms END AS latency_ms,
        CASE WHEN NOT failed AND streamed THEN ttft_ms END AS ttft_ms,
        CASE WHEN NOT failed THEN input_tokens END AS input_tokens,
        CASE WHEN NOT failed THEN output_tokens END AS output_tokens
    FROM selected
    WHERE experiment IS NOT NULL AND NOT refused
)

SELECT
    experiment,
    variant,
    count(*) AS calls,
    count(*) FILTER (failed) AS failures,
    approx_count_distinct(run) AS runs,
    count(run) AS calls_in_runs,
    sum(cost_usd) AS cost_usd,
    count(*) - count(cost_usd) AS unknown_calls,
    count(*) FILTER (cost_status = 'estimated') AS estimated_calls,
    count(*) FILTER (cost_status = 'partial') AS partial_calls,
    count(cost_usd) AS cost_usd_n,
    avg(cost_double) AS cost_usd_mean,
    var_samp(cost_double) AS cost_usd_variance,
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
FROM observed
GROUP BY ALL
ORDER BY experiment, variant;
