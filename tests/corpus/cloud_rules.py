"""What the clouds that host other vendors' models say: Bedrock (WIRE.md section 5) and watsonx (section 7).

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

from tests.corpus.expected import Expected, at, count, last
from tests.corpus.recording import Exchange, Json
from tests.corpus.wire_rules import anthropic, openai_chat

HEADER = "x-amzn-bedrock-{}-token-count"


def bedrock_converse(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`usage` of the answer or of the last frame: cached and written tokens stand beside `inputTokens`."""
    usage = last(found, "usage")
    if not usage:
        return None
    read, written = count(usage, "cacheReadInputTokens"), count(usage, "cacheWriteInputTokens")
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=(count(usage, "inputTokens") or 0) + (read or 0) + (written or 0),
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=count(usage, "outputTokens"),
        total=count(usage, "totalTokens"),
        usage=usage,
    )


def bedrock_invoke(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Token headers; a stream has none but its last message's metrics; else the vendor's own body."""
    headers = {name: _header(exchange, name) for name in ("input", "output", "cache-read-input", "cache-write-input")}
    metrics = last(found, "amazon-bedrock-invocationMetrics")
    if metrics:
        headers = {
            "input": count(metrics, "inputTokenCount"),
            "output": count(metrics, "outputTokenCount"),
            "cache-read-input": count(metrics, "cacheReadInputTokenCount"),
            "cache-write-input": count(metrics, "cacheWriteInputTokenCount"),
        }
    if headers["input"] is None:
        return _vendor(exchange, found)
    read, written = headers["cache-read-input"], headers["cache-write-input"]
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=headers["input"] + (read or 0) + (written or 0),
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=headers["output"],
    )


def _header(exchange: Exchange, name: str) -> int | None:
    value = exchange.response_headers.get(HEADER.format(name))
    return None if value is None else int(value)


def _vendor(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Recorders took the headers off some answers; what is left is the body of Titan, Anthropic or a chat."""
    titan = [message for message in found if count(message, "inputTextTokenCount") is not None]
    if titan:
        made = max(count(message, "totalOutputTextTokenCount") or 0 for message in found)
        return Expected(
            metered=True, has_usage=True, input_tokens=count(titan[0], "inputTextTokenCount"), output_tokens=made
        )
    return (anthropic if "anthropic" in exchange.path else openai_chat)(exchange, found)


def bedrock_agent(exchange: Exchange, found: list[Json]) -> Expected | None:
    """One usage for each step of the trace: distinct calls, so here they are summed."""
    usages = [usage for message in found for usage in _usages(at(message, "trace"))]
    if not usages:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=sum(count(usage, "inputTokens") or 0 for usage in usages),
        output_tokens=sum(count(usage, "outputTokens") or 0 for usage in usages),
        usage=usages[-1],
    )


def _usages(trace: object) -> list[Json]:
    if not isinstance(trace, dict):
        return []
    usage = at(trace, "modelInvocationOutput.metadata.usage")
    inner = [found for value in trace.values() for found in _usages(value)]
    return [*inner, usage] if isinstance(usage, dict) else inner


def watsonx(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Counts in `results`; a stream repeats the input as 0 later and counts the output up: the largest holds."""
    results = [item for message in found for item in _list(message.get("results"))]
    if not results:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=max(count(item, "input_token_count") or 0 for item in results),
        output_tokens=max(count(item, "generated_token_count") or 0 for item in results),
        usage={"results": results[-1:]},
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
