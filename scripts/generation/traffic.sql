-- What happens in the calls first_row to end_row: who calls, how it ends, how long it takes, what it costs.
-- The tables block, features, models, rates, hours, failures and refusals say what there is; see filling.py.
CREATE TEMP VIEW traffic AS
WITH numbered AS (
    SELECT
        number,
        number - number % getvariable('block') + block.session AS session,
        block.* EXCLUDE (session, feature, elsewhere),
        features.* EXCLUDE (name, models),
        features.name AS feature,
        features.models AS choices,
        elsewhere AND fallback IS NOT NULL AS elsewhere
    FROM range(getvariable('first_row')::BIGINT, getvariable('end_row')::BIGINT) AS numbers(number)
    JOIN block ON block.place = number % getvariable('block')
    JOIN features ON features.name = block.feature
),
begun AS (
    SELECT
        numbered.*,
        -- What is asked is what an equal request before asked: in another session, or in another attempt.
        session - back AS asked_session,
        number - back - (attempt - 1) AS asked_number,
        starts_at + to_microseconds((3.6e9 * (reached - low) / (high - low))::BIGINT) AS session_at,
        day_share,
        burst,
        spike AND growth > 0 AND draw(session, 'spender') < 0.8 AS spending
    FROM (SELECT *, (session + draw(session, 'begin')) / getvariable('rows') AS reached FROM numbered) AS numbered
    ASOF JOIN hours ON numbered.reached >= hours.low
),
called AS (
    SELECT
        *,
        CASE
            WHEN spending THEN getvariable('spender')
            WHEN draw(session, 'customer') < 0.96 THEN getvariable('customers')[
                1 + floor(len(getvariable('customers')) * pow(draw(session, 'which'), 2.6))::BIGINT]
        END AS customer,
        CASE
            WHEN elsewhere THEN fallback
            WHEN spending AND streamed = 1 THEN 'claude-opus'
            ELSE pick(choices, asked_session, 'model')
        END AS model_name,
        CASE WHEN day_share BETWEEN 0.5 AND 0.97 AND experiment IS NOT NULL
            THEN CASE WHEN draw(session, 'variant') < 0.5 THEN 'control' ELSE 'candidate' END
        END AS variant
    FROM begun
),
counted AS (
    SELECT
        called.*,
        models.* EXCLUDE (name),
        -- The one variant that is truly slower and dearer.
        coalesce(experiment = 'warmer-tone' AND variant = 'candidate', false) AS warmer,
        least(getvariable('longest'), prefix + step * growth + ceil(
            fresh * CASE WHEN spending THEN 3 ELSE 1 END
            * spread(CASE WHEN operation = 'chat' THEN 0.55 ELSE 1 END, asked_number, 'fresh')
        ))::BIGINT AS asked_tokens,
        ceil(
            answer * CASE WHEN warmer THEN 1.35 ELSE 1 END * CASE WHEN spending THEN 2 ELSE 1 END
            * spread(0.6, CASE WHEN cached THEN asked_number ELSE number END, 'answer')
        )::BIGINT AS full_tokens,
        operation = 'chat' AND draw(number, 'stream') < streamed AS as_stream
    FROM called JOIN models ON models.name = model_name
),
fated AS (
    SELECT
        *,
        CASE
            WHEN cached THEN 'cache'
            WHEN kept THEN 'ok'
            WHEN repeats THEN 'skipped'
            WHEN failing THEN 'transient'
            WHEN attempt = 1 AND draw(number, 'refusal') < 0.003 THEN 'refused'
            WHEN burst AND provider = 'openai' AND draw(number, 'breaker') < 0.1 THEN 'left_alone'
            WHEN burst AND provider = 'openai' AND draw(number, 'burst') < 0.45 THEN 'transient'
            WHEN draw(number, 'failure') < 0.009 THEN pick(['transient', 'user', 'user', 'system'], number, 'class')
            WHEN as_stream AND draw(number, 'left') < 0.009 THEN 'client_aborted'
            WHEN as_stream AND draw(number, 'cut') < 0.001 THEN 'upstream_aborted'
            WHEN as_stream AND draw(number, 'stop') < 0.0002 THEN 'interrupted'
            WHEN operation = 'batch' AND session_at > getvariable('ended')::TIMESTAMP - INTERVAL 20 HOURS THEN 'pending'
            ELSE 'ok'
        END AS fate,
        operation = 'chat' AND prefix >= 1024 AND draw(asked_session, 'cold') > 0.15 AS cacheable,
        -- What the calls before have in common with this one is read from the provider's cache.
        CASE
            WHEN NOT cacheable THEN 0
            WHEN step > 0 THEN least(asked_tokens, prefix + (step - 1) * growth)
            WHEN draw(asked_session, 'warm') < 0.6 THEN prefix
            ELSE 0
        END::BIGINT AS cached_tokens
    FROM counted
),
measured AS (
    SELECT
        *,
        fate IN ('client_aborted', 'upstream_aborted', 'interrupted') AS cut,
        cut OR fate IN ('ok', 'cache', 'skipped') AS served,
        CASE WHEN speaks IN ('anthropic', 'bedrock') AND cacheable
            THEN greatest(0, least(asked_tokens, prefix + step * growth) - cached_tokens) ELSE 0
        END AS written_tokens,
        CASE WHEN cut THEN ceil(full_tokens * draw(number, 'how far'))::BIGINT ELSE full_tokens END AS told_tokens,
        (told_tokens * reasoning)::BIGINT AS hidden_tokens,
        (fate = 'ok' AND draw(number, 'search') < searches)::BIGINT AS web_searches,
        (fate = 'ok' AND feature = 'research' AND draw(number, 'fee') < 0.01)::BIGINT AS executions
    FROM fated
),
timed AS (
    SELECT
        *,
        spread(0.38, number, 'ttft') * CASE
            WHEN fate IN ('refused', 'left_alone') THEN 0.6
            WHEN fate = 'cache' THEN 1.8
            WHEN NOT served THEN 210
            ELSE (ttft_ms + 0.012 * (asked_tokens - cached_tokens))
                * CASE WHEN burst AND provider = 'openai' THEN 3.5 ELSE 1 END
        END AS first_ms,
        CASE WHEN served AND fate <> 'cache'
            THEN told_tokens * token_ms * CASE WHEN warmer THEN 1.12 ELSE 1 END * spread(0.15, number, 'pace') ELSE 0
        END AS writing_ms,
        CASE WHEN failing THEN 500 WHEN streamed = 1 THEN 1500 ELSE 24000 END * spread(0.5, number, 'pause') AS pause_ms
    FROM measured
),
dated AS (
    -- Steps follow each other; a session that would end too late began earlier.
    SELECT
        *,
        session_at + to_microseconds((1000 * (
            coalesce(sum(first_ms + writing_ms + pause_ms) OVER before, 0)
            - greatest(0, date_diff('ms', getvariable('ended')::TIMESTAMP, session_at)
                + sum(first_ms + writing_ms + pause_ms) OVER (PARTITION BY session))
        ))::BIGINT) AS started_at
    FROM timed
    WINDOW before AS (PARTITION BY session ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
priced AS (
    SELECT
        dated.*,
        rates.* EXCLUDE (name, since, until),
        -- Some vendors count their searches in another unit.
        CASE WHEN web_search_each IS NULL THEN 0 ELSE web_searches END AS searched,
        fate = 'ok' AND billing = 'reported' AS reported,
        fate IN ('ok', 'client_aborted', 'upstream_aborted', 'interrupted') AND billing <> 'plan' AS paid,
        CASE WHEN served THEN list_filter([
            charge('input', asked_tokens - cached_tokens - written_tokens, input_usd, 1000000, input_each),
            charge('cached_input', cached_tokens, cached_input_usd, 1000000, cached_input_each),
            charge('cache_write', written_tokens, cache_write_usd, 1000000, cache_write_each),
            charge('output', told_tokens - hidden_tokens, output_usd, 1000000, output_each),
            charge('reasoning', hidden_tokens, reasoning_usd, 1000000, reasoning_each),
            charge('web_search', searched, web_search_usd, 1000, web_search_each),
            charge('code_execution', executions, code_execution_usd, 1000, code_execution_each)
        ], lambda line: line.quantity > 0) ELSE [] END AS lines,
        CASE WHEN served THEN usd(
            cost(asked_tokens - cached_tokens - written_tokens, input_each) + cost(cached_tokens, cached_input_each)
            + cost(written_tokens, cache_write_each) + cost(told_tokens - hidden_tokens, output_each)
            + cost(hidden_tokens, reasoning_each)
            -- A fee without a price leaves the rest as it is.
            + cost(searched, web_search_each) + coalesce(cost(executions, code_execution_each), 0)
        ) ELSE 0 END AS list_usd,
        -- What a reseller says it charges differs from the list a little.
        (list_usd * (0.97 + 0.08 * draw(number, 'said'))::DECIMAL(4, 3))::DECIMAL(38, 9)::DECIMAL(38, 15) AS said_usd
    FROM dated
    LEFT JOIN rates ON rates.name = model_name AND started_at >= since AND started_at < until
)
FROM priced;
