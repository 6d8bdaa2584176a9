-- How chance and money are reckoned; everything that is drawn depends on the seed, a number and a word alone.
-- A number from 0 up to 1. MD5 stays what it is, where DuckDB's own hash changes with its versions.
CREATE TEMP MACRO draw(number, word) AS
    (md5_number_lower(concat_ws(' ', getvariable('seed'), word, number)) >> 11)::DOUBLE / 9007199254740992.0;
-- One entry of a list, each as likely as the others.
CREATE TEMP MACRO pick(list, number, word) AS list[1 + floor(draw(number, word) * len(list))::BIGINT];
-- Around 1, so that half lies below: a lognormal spread, as token counts and times have it.
CREATE TEMP MACRO spread(width, number, word) AS
    exp(width * sqrt(-2 * ln(1 - draw(number, word))) * cos(2 * pi() * draw(number, word || ' angle')));
CREATE TEMP MACRO hexadecimal(number, word, digits) AS
    left(md5(concat_ws(' ', getvariable('seed'), word, number)), digits);
CREATE TEMP MACRO id(number) AS md5(concat_ws(' ', getvariable('seed'), 'event', number))::UUID::VARCHAR;

-- Whole numbers of the smallest amount that a column of money holds, exactly.
CREATE TEMP MACRO usd(smallest) AS smallest::DECIMAL(38, 0) * 0.000000000000001;
-- What so many cost in these numbers; nothing where there are none, though they have no price.
CREATE TEMP MACRO cost(quantity, each) AS CASE WHEN quantity > 0 THEN quantity * each ELSE 0 END;
CREATE TEMP MACRO line_of(unit, quantity, rate, per, amount) AS {
    'unit': unit, 'quantity': quantity::DECIMAL(24, 6), 'rate_usd': rate, 'per': per, 'amount_usd': amount
};
CREATE TEMP MACRO charge(unit, quantity, rate, per, each) AS line_of(unit, quantity, rate, per, usd(quantity * each));

-- What a vendor says of its limits, of which such a share is used; of others only when to come back.
CREATE TEMP MACRO limit_of(most, used) AS format('{{"limit":{},"remaining":{}}}', most, (most * (1 - used))::BIGINT);
CREATE TEMP MACRO limits_of(vendor, requests, tokens, used, wait_s) AS CASE
    WHEN vendor = 'anthropic' THEN format(
        '{{"requests":{},"input_tokens":{},"output_tokens":{}{}}}',
        limit_of(requests, used), limit_of(tokens, used), limit_of(tokens // 5, used / 2),
        coalesce(',"retry_after_s":' || wait_s, ''))
    WHEN vendor IS NOT NULL THEN format(
        '{{"requests":{},"tokens":{}{}}}', limit_of(requests, used), limit_of(tokens, used * 0.9),
        coalesce(',"retry_after_s":' || wait_s, ''))
    WHEN wait_s IS NOT NULL THEN format('{{"retry_after_s":{}}}', wait_s)
END;

-- The usage object in a vendor's words.
CREATE TEMP MACRO usage_of(speaks, operation, asked, cached, written, told, hidden) AS CASE
    WHEN speaks = 'anthropic' THEN format(
        '{{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{}}}',
        asked - cached - written, written, cached, told)
    WHEN speaks = 'bedrock' THEN format(
        '{{"inputTokens":{},"cacheWriteInputTokens":{},"cacheReadInputTokens":{},"outputTokens":{}}}',
        asked - cached - written, written, cached, told)
    WHEN speaks = 'gemini' THEN format(
        '{{"promptTokenCount":{},"cachedContentTokenCount":{},"candidatesTokenCount":{},"thoughtsTokenCount":{}}}',
        asked, cached, told - hidden, hidden)
    WHEN operation = 'embeddings' THEN format('{{"prompt_tokens":{},"total_tokens":{}}}', asked, asked)
    ELSE format(
        '{{"prompt_tokens":{},"completion_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}}},'
        || '"completion_tokens_details":{{"reasoning_tokens":{}}}}}',
        asked, told, cached, hidden)
END;
