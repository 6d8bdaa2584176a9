-- The traffic as rows of the event table, in the order of time.
SELECT
    id(traffic.number) AS event_id,
    started_at,
    host,
    path,
    'POST' AS method,
    CASE WHEN served OR fate = 'pending' THEN 200 ELSE coalesce(refusals.status, failures.status) END AS status_code,
    as_stream AND served AS streamed,
    provider,
    operation,
    asked AS request_model,
    CASE WHEN served THEN answered END AS response_model,
    CASE WHEN served THEN price_model END AS model,
    CASE WHEN cut THEN fate WHEN served OR fate = 'pending' THEN 'ok' ELSE 'error' END AS outcome,
    coalesce(refusals.error_type, failures.error_type) AS error_type,
    -- No token was used where the proxy's own cache answered.
    CASE WHEN served AND NOT cached THEN asked_tokens END AS input_tokens,
    CASE WHEN served AND NOT cached THEN cached_tokens END AS cached_input_tokens,
    CASE WHEN served AND NOT cached THEN written_tokens END AS cache_write_tokens,
    CASE WHEN served AND NOT cached THEN told_tokens END AS output_tokens,
    CASE WHEN served AND NOT cached THEN hidden_tokens END AS reasoning_tokens,
    CASE
        WHEN reported AND said_usd <> list_usd
            THEN list_append(lines, line_of('adjustment', 1, said_usd - list_usd, 1, said_usd - list_usd))
        WHEN paid THEN lines
        ELSE []
    END AS charges,
    CASE WHEN fate = 'pending' THEN NULL WHEN NOT paid THEN 0 WHEN reported THEN said_usd ELSE list_usd END AS cost_usd,
    CASE WHEN fate <> 'pending' THEN list_usd END AS list_cost_usd,
    CASE
        WHEN fate = 'pending' THEN 'pending'
        WHEN NOT paid THEN 'not_billed'
        WHEN reported THEN 'provider_reported'
        WHEN list_usd IS NULL THEN 'unpriced'
        WHEN executions > 0 AND code_execution_usd IS NULL THEN 'partial'
        WHEN cut THEN 'estimated'
        ELSE 'exact'
    END AS cost_status,
    CASE WHEN served AND NOT cut AND NOT cached
        THEN usage_of(speaks, operation, asked_tokens, cached_tokens, written_tokens, told_tokens, hidden_tokens)
    END AS usage,
    CASE WHEN served THEN version END AS price_version,
    CASE WHEN served THEN tier END AS service_tier,
    CASE WHEN served
        THEN hexadecimal(CASE WHEN cached THEN asked_number ELSE traffic.number END, 'response', 24)
    END AS response_id,
    round(first_ms + writing_ms, 3) AS latency_ms,
    CASE WHEN failures.error_type IS DISTINCT FROM 'connection_error'
        THEN round(CASE WHEN as_stream THEN first_ms ELSE greatest(0, first_ms + writing_ms - 0.4) END, 3)
    END AS ttft_ms,
    (620 + asked_tokens * 4.3)::BIGINT AS request_bytes,
    CASE WHEN served THEN (540 + told_tokens * CASE WHEN as_stream THEN 190 ELSE 4.6 END)::BIGINT ELSE 260
    END AS response_bytes,
    left(md5('key ' || feature), 12) || '...' || right(md5(feature), 4) AS api_key_id,
    client,
    customer AS customer_id,
    -- A program that works on its own tells which run it is.
    CASE WHEN streamed = 1 OR feature IN ('research', 'evaluation')
        THEN strftime(session_at, '%Y%m%d-%H%M%S-') || hexadecimal(session, 'run', 6)
    END AS run_id,
    CASE WHEN operation = 'batch' AND (served OR fate = 'pending')
        THEN 'batch_' || hexadecimal(traffic.number, 'job', 24)
    END AS job_id,
    region,
    key_name AS api_key_name,
    sections[1 + step % len(sections)] AS section,
    -- The first section is around the others; each step inside is a span of its own.
    CASE WHEN growth > 0 THEN hexadecimal(session, 'trace', 32) END AS trace_id,
    CASE
        WHEN growth > 0 AND step % len(sections) = 0 THEN hexadecimal(session, 'span', 16)
        WHEN growth > 0 THEN hexadecimal(session * 64 + step, 'step', 16)
    END AS span_id,
    CASE WHEN growth > 0 AND step % len(sections) > 0 THEN hexadecimal(session, 'span', 16) END AS parent_span_id,
    format('{{"feature":"{}"}}', feature) AS tags,
    feature_version,
    'v' || (1 + floor(day_share * 4 + length(feature) % 3 / 3))::BIGINT AS prompt_version,
    CASE WHEN variant IS NOT NULL THEN experiment END AS experiment_id,
    variant AS variant_id,
    round(900 * (draw(traffic.number, 'skew') - 0.5)) AS provider_skew_ms,
    sha256(concat_ws(' ', getvariable('seed'), 'request', asked_session, step)) AS request_id,
    attempt,
    CASE WHEN attempt > 1 THEN id(traffic.number - 1) END AS retry_of,
    CASE WHEN fate = 'upstream_aborted' THEN 'transient' ELSE coalesce(refusals.error_class, failures.error_class)
    END AS error_class,
    CASE
        WHEN cached OR refusals.policy IS NOT NULL OR failures.error_type = 'connection_error' THEN NULL
        WHEN failures.status = 429
            THEN limits_of(limited_by, requests_limit, tokens_limit, 1, 1 + floor(20 * draw(traffic.number, 'wait'))::BIGINT)
        -- In fiftieths, as the file would be much larger otherwise.
        ELSE limits_of(limited_by, requests_limit, tokens_limit, floor(50 * least(0.98,
            CASE WHEN burst AND provider = 'openai' THEN 0.8 ELSE 0.05 + 0.3 * day_share END
            + 0.25 * draw(traffic.number, 'used'))) / 50, NULL)
    END AS rate_limits,
    CASE
        WHEN refusals.policy IS NOT NULL THEN replace(refusals.policy, '{host}', host)
        WHEN fate = 'cache' THEN 'cache'
        WHEN fate = 'skipped' THEN 'retries:skip'
        WHEN elsewhere THEN 'fallback:' || feature
        WHEN attempt > 1 AND NOT repeats THEN 'retries'
    END AS policy,
    CASE WHEN elsewhere THEN (SELECT provider FROM models WHERE models.name = choices[1]) END AS requested_provider,
    CASE
        WHEN refusals.policy IS NOT NULL THEN replace(refusals.reason, '{host}', host)
        WHEN fate = 'cache' THEN id(asked_number)
        WHEN attempt > 1 AND NOT repeats THEN coalesce('status ' || before.status, before.error_type)
    END AS reason,
    CASE WHEN burst AND provider = 'openai' AND fate IN ('transient', 'left_alone') THEN 'open' ELSE 'closed' END AS breaker
FROM traffic
LEFT JOIN failures ON failures.error_class = fate AND failures.number = floor(8 * draw(traffic.number, 'how'))
LEFT JOIN failures AS before ON attempt > 1 AND before.error_class = 'transient'
    AND before.number = floor(8 * draw(traffic.number - 1, 'how'))
LEFT JOIN refusals ON refusals.kind = fate
    AND refusals.number = CASE WHEN fate = 'refused' THEN floor(7 * draw(traffic.number, 'how')) ELSE 0 END
ORDER BY started_at
