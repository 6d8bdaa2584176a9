"""What each wire family says in its usage object, by the rules of WIRE.md and nothing else, as literally as possible.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

from decimal import Decimal

from tests.corpus.expected import Expected, at, count, last, units
from tests.corpus.recording import Exchange, Json

# Embeddings spell it in the singular (section 4).
PROMPT_DETAILS = ("promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails")


def openai_chat(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Chat, legacy completions and embeddings: the last `usage`, inclusive on both sides (WIRE.md sections 1 and 2)."""
    usage = last(found, "usage") or last(found, "x_groq.usage")
    if not usage:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=count(usage, "prompt_tokens"),
        cached_input_tokens=count(usage, "prompt_tokens_details.cached_tokens"),
        cache_write_tokens=count(usage, "prompt_tokens_details.cache_write_tokens"),
        output_tokens=count(usage, "completion_tokens"),
        reasoning_tokens=count(usage, "completion_tokens_details.reasoning_tokens"),
        total=count(usage, "total_tokens"),
        usage=usage,
        quantities=units(
            input_audio=count(usage, "prompt_tokens_details.audio_tokens"),
            output_audio=count(usage, "completion_tokens_details.audio_tokens"),
            output_image=count(usage, "completion_tokens_details.image_tokens"),
        ),
    )


def openai_responses(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Responses, images, transcriptions: `usage`, or `response.usage` of the terminal event (section 2)."""
    usage = last(found, "response.usage") or last(found, "usage")
    if not usage:
        return None
    items = _output(found)
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=count(usage, "input_tokens"),
        cached_input_tokens=count(usage, "input_tokens_details.cached_tokens"),
        cache_write_tokens=count(usage, "input_tokens_details.cache_write_tokens"),
        output_tokens=count(usage, "output_tokens"),
        reasoning_tokens=count(usage, "output_tokens_details.reasoning_tokens"),
        total=count(usage, "total_tokens"),
        web_searches=_openai_searches(found),
        usage=usage,
        quantities=units(
            input_audio=count(usage, "input_token_details.audio_tokens"),
            input_image=count(usage, "input_tokens_details.image_tokens"),
            output_image=count(usage, "output_tokens_details.image_tokens"),
            file_search=sum(at(item, "type") == "file_search_call" for item in items),
            code_execution=len({at(i, "container_id") for i in items if at(i, "type") == "code_interpreter_call"}),
        ),
    )


def anthropic(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`message_start` overridden by fields of `message_delta`; `input_tokens` is the uncached part only (section 3)."""
    usage: Json = {}
    for part in [at(m, "message.usage") for m in found] + [m.get("usage") for m in found]:
        if isinstance(part, dict):
            usage.update({key: value for key, value in part.items() if value is not None})
    if not usage:
        return None
    passes = usage.get("iterations")
    hops = [hop for hop in passes if isinstance(hop, dict)] if isinstance(passes, list) else []
    billed = [hop for hop in hops if hop.get("output_tokens") or hop.get("type") != "message"] or [usage]

    def summed(key: str) -> int:
        return sum(count(hop, key) or 0 for hop in billed)

    read, written = summed("cache_read_input_tokens"), summed("cache_creation_input_tokens")
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=summed("input_tokens") + read + written,
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=summed("output_tokens"),
        reasoning_tokens=count(usage, "output_tokens_details.thinking_tokens"),
        web_searches=count(usage, "server_tool_use.web_search_requests"),
        usage=usage,
        quantities=units(cache_write_1h=count(usage, "cache_creation.ephemeral_1h_input_tokens")),
    )


def gemini(exchange: Exchange, found: list[Json]) -> Expected | None:
    """The last whole `usageMetadata`; tool use is input beside the prompt, thoughts are output beside candidates."""
    usage = last(found, "usageMetadata")
    if not usage:
        return None
    embeds = "mbedContent" in exchange.path
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=(count(usage, "promptTokenCount") or 0) + (count(usage, "toolUsePromptTokenCount") or 0),
        cached_input_tokens=count(usage, "cachedContentTokenCount"),
        output_tokens=None
        if embeds
        else (count(usage, "candidatesTokenCount") or 0) + (count(usage, "thoughtsTokenCount") or 0),
        reasoning_tokens=count(usage, "thoughtsTokenCount"),
        total=count(usage, "totalTokenCount"),
        usage=usage,
        quantities=_modalities(usage),
    )


def _modalities(usage: Json) -> dict[str, Decimal]:
    """Tokens of audio, pictures and video; what was cached of them is inside the prompt's (section 4)."""
    quantities: dict[str, object] = {}
    for kind in ("audio", "image", "video"):
        cached = _of_kind(usage, "cacheTokensDetails", kind)
        prompt = sum(_of_kind(usage, key, kind) for key in PROMPT_DETAILS)
        made = _of_kind(usage, "candidatesTokensDetails", kind)
        quantities |= {f"cached_input_{kind}": cached, f"input_{kind}": prompt - cached, f"output_{kind}": made}
    return units(**quantities)


def _of_kind(usage: Json, key: str, kind: str) -> int:
    entries = usage.get(key)
    fitting = [e for e in entries if at(e, "modality") == kind.upper()] if isinstance(entries, list) else []
    return sum(count(entry, "tokenCount") or 0 for entry in fitting)


def vertex_predict(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Embeddings by `:predict`: one `token_count` per text, no total (section 4)."""
    predictions = found[0].get("predictions") if found else None
    counts = (
        [count(p, "embeddings.statistics.token_count") for p in predictions] if isinstance(predictions, list) else []
    )
    if not any(counts):
        return None
    return Expected(metered=True, has_usage=True, input_tokens=sum(count or 0 for count in counts))


def gemini_interactions(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`usage`, or `interaction.usage` of the completed event; thoughts and tool use are beside (section 4)."""
    usage = last(found, "interaction.usage") or last(found, "usage")
    if not usage:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=(count(usage, "total_input_tokens") or 0) + (count(usage, "total_tool_use_tokens") or 0),
        cached_input_tokens=count(usage, "total_cached_tokens"),
        output_tokens=(count(usage, "total_output_tokens") or 0) + (count(usage, "total_thought_tokens") or 0),
        reasoning_tokens=count(usage, "total_thought_tokens"),
        total=count(usage, "total_tokens"),
        usage=usage,
    )


def cohere(exchange: Exchange, found: list[Json]) -> Expected | None:
    """`billed_units`, not `tokens`: v1 under `meta`, v2 under `usage`, streams in their last event (section 7)."""
    places = ("meta", "response.meta", "usage", "delta.usage")
    usage = next((u for u in (last(found, place) for place in places) if u.get("billed_units")), None)
    if not usage:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=count(usage, "billed_units.input_tokens"),
        output_tokens=count(usage, "billed_units.output_tokens"),
        reasoning_tokens=count(usage, "tokens.reasoning_tokens"),
        usage=usage,
        quantities=units(
            search_unit=count(usage, "billed_units.search_units"), image=count(usage, "billed_units.images")
        ),
    )


def ollama(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Counts at the top of the last line; the prompt's is absent where it was cached whole (section 7)."""
    done = [m for m in found if "eval_count" in m or "prompt_eval_count" in m]
    if not done:
        return None
    return Expected(
        metered=True,
        has_usage=True,
        input_tokens=count(done[-1], "prompt_eval_count"),
        output_tokens=count(done[-1], "eval_count"),
        usage={key: value for key, value in done[-1].items() if key.endswith("_count")},
    )


def _openai_searches(found: list[Json]) -> int | None:
    counted = at(_final(found), "tool_usage.web_search.num_requests")
    if isinstance(counted, int):
        return counted
    return sum(_is_search(item) for item in _output(found)) if isinstance(at(_final(found), "output"), list) else None


def _final(found: list[Json]) -> object:
    return next((m.get("response", m) for m in reversed(found) if at(m, "response.usage") or m.get("usage")), None)


def _output(found: list[Json]) -> list[object]:
    items = at(_final(found), "output")
    return items if isinstance(items, list) else []


def _is_search(item: object) -> bool:
    return at(item, "type") == "web_search_call" and at(item, "action.type") == "search"
