"""Where a host that speaks OpenAI's chat format counts otherwise, by the table of WIRE.md section 1.

It imports nothing of the product, so that a mistake here and a mistake there are unlikely to coincide.
"""

from dataclasses import replace

from tests.corpus.expected import Expected, count, units
from tests.corpus.recording import Exchange, Json
from tests.corpus.wire_rules import openai_chat


def mistral(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI, but audio tokens are beside `prompt_tokens` (section 1), and audio is billed by the second."""
    said = openai_chat(exchange, found)
    if not said:
        return None
    audio = count(said.usage, "prompt_tokens_details.audio_tokens") or 0
    seconds = units(audio_second=count(said.usage, "prompt_audio_seconds"))
    return replace(said, input_tokens=(said.input_tokens or 0) + audio, quantities=seconds)


def deepseek(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI; `prompt_cache_hit_tokens` is the cached part of the prompt (section 1)."""
    said = openai_chat(exchange, found)
    return said and replace(said, cached_input_tokens=count(said.usage, "prompt_cache_hit_tokens"))


def xai_chat(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI, but reasoning is beside `completion_tokens` (section 1)."""
    said = openai_chat(exchange, found)
    return said and replace(said, output_tokens=(said.output_tokens or 0) + (said.reasoning_tokens or 0))


def azure_models(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI; on hosted Grok the cached count can exceed the prompt, so it is cut to it (section 1)."""
    said = openai_chat(exchange, found)
    return said and replace(said, cached_input_tokens=min(said.cached_input_tokens or 0, said.input_tokens or 0))


def openrouter_chat(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI; the reasoning count is an estimate that may exceed the completion and is never added (section 1)."""
    said = openai_chat(exchange, found)
    if not said:
        return None
    return replace(
        said,
        reasoning_tokens=min(said.reasoning_tokens or 0, said.output_tokens or 0),
        web_searches=count(said.usage, "server_tool_use_details.web_search_requests"),
    )


def vercel(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI, but reasoning of a Gemini behind it is beside `completion_tokens`, whatever the total says."""
    said = openai_chat(exchange, found)
    if not said:
        return None
    said = replace(said, cache_write_tokens=count(said.usage, "cache_creation_input_tokens"))
    if not str(exchange.request.get("model", "")).startswith("google/"):
        return said
    return replace(said, output_tokens=(said.output_tokens or 0) + (said.reasoning_tokens or 0), total=None)


def together(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI; the cached count lies at the top of `usage` (section 7)."""
    said = openai_chat(exchange, found)
    return said and replace(said, cached_input_tokens=count(said.usage, "cached_tokens"))


def total_only(exchange: Exchange, found: list[Json]) -> Expected | None:
    """Rerank sends `total_tokens` and nothing else, all of it input (as Voyage in section 7)."""
    said = openai_chat(exchange, found)
    return said and replace(said, input_tokens=said.total)


def writer(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI, but whole answers spell the details' names in the singular (seen in the recordings)."""
    said = openai_chat(exchange, found)
    if not said:
        return None
    return replace(
        said,
        cached_input_tokens=count(said.usage, "prompt_token_details.cached_tokens"),
        reasoning_tokens=count(said.usage, "completion_token_details.reasoning_tokens"),
    )


def assistants_run(exchange: Exchange, found: list[Json]) -> Expected | None:
    """As OpenAI, but the detail of the prompt is spelled in the singular (section 2)."""
    said = openai_chat(exchange, found)
    return said and replace(said, cached_input_tokens=count(said.usage, "prompt_token_details.cached_tokens"))
