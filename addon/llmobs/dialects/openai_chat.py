"""OpenAI chat completions, legacy completions and embeddings, and the many hosts that speak the same.

Source: the OpenAI API reference (chat completion object, `usage`); the other spellings are those of DeepSeek, Mistral,
Moonshot, Groq and Together. Cached, written, audio and image tokens are inside the prompt, reasoning inside the
completion, unless the provider's own total proves them to stand beside (xAI reasoning, Mistral audio).
"""

import re
from dataclasses import replace

from llmobs.dialect import Count, Dialect, Fee, Job, Variant

# xAI counts the calls of its tools in the usage object, and the sources of its older live search.
_XAI_COUNTS = "usage.server_side_tool_usage_details"
XAI_TOOLS = (
    Fee("web_search", f"{_XAI_COUNTS}.web_search_calls"),
    Fee("web_search", f"{_XAI_COUNTS}.x_search_calls"),
    Fee("code_execution", f"{_XAI_COUNTS}.code_interpreter_calls"),
    Fee("file_search", f"{_XAI_COUNTS}.file_search_calls"),
    Fee("file_search", f"{_XAI_COUNTS}.document_search_calls"),
    Fee("source_read", "usage.num_sources_used"),
)

OPENAI_CHAT = Dialect(
    name="openai_chat",
    usage=("usage", "x_groq.usage"),
    counts=(
        Count("input", ("prompt_tokens", "total_tokens")),
        Count(
            "cached_input",
            (
                "prompt_tokens_details.cached_tokens",
                "prompt_cache_hit_tokens",
                "num_cached_tokens",
                "prompt_token_details.cached_tokens",
                "cached_tokens",
            ),
            within=("input",),
        ),
        Count("cache_write", ("prompt_tokens_details.cache_write_tokens", "cache_creation_input_tokens"), ("input",)),
        Count("input_audio", ("prompt_tokens_details.audio_tokens",), within=("input",)),
        Count("input_image", ("prompt_tokens_details.image_tokens",), within=("input",)),
        Count("input_video", ("prompt_tokens_details.video_tokens",), within=("input",)),
        Count("output", ("completion_tokens",)),
        Count(
            "reasoning",
            ("completion_tokens_details.reasoning_tokens", "completion_token_details.reasoning_tokens"),
            within=("output",),
        ),
        Count("output_audio", ("completion_tokens_details.audio_tokens",), within=("output",)),
        Count("output_image", ("completion_tokens_details.image_tokens",), within=("output",)),
        Count("audio_second", ("prompt_audio_seconds",)),
    ),
    total="total_tokens",
    final=re.compile(rb'"finish_reason"\s*:\s*"|"choices"\s*:\s*\[\s*\]'),
    fees=(
        Fee("web_search", "usage.server_tool_use_details.web_search_requests"),
        # Groq's compound systems list the tools they ran.
        Fee("web_search", "", "choices[].message.executed_tools[]", (("type", "search"),)),
        *XAI_TOOLS,
    ),
    tier=("service_tier", "usage.service_tier"),
    text=("choices",),
    prompt=("messages", "tools", "functions", "prompt", "input"),
)

# Runs of the Assistants API tell the same usage once more in each of their steps; a run is done when it says so.
OPENAI_RUN = replace(
    OPENAI_CHAT,
    name="openai_run",
    final=None,
    # A stream that stops for an action of the client names the run, and no usage.
    markers=(*OPENAI_CHAT.markers, b'"thread.run"'),
    job=Job(
        id=("id",),
        state=("status",),
        done=frozenset({"completed", "incomplete"}),
        failed=frozenset({"failed", "cancelled", "expired"}),
        only=("object", "thread.run"),
    ),
)

# Mistral's conversations and agents: what connectors read and wrote is in the total, beside prompt and completion.
MISTRAL_CONVERSATION = replace(
    OPENAI_CHAT,
    name="mistral_conversation",
    counts=(*OPENAI_CHAT.counts, Count("input", ("connector_tokens",))),
    fees=(
        Fee("web_search", "usage.connectors.web_search"),
        Fee("code_execution", "usage.connectors.code_interpreter"),
        Fee("image", "usage.connectors.image_generation"),
    ),
    final=None,
    response_id=("conversation_id",),
    text=("outputs", "content"),
    prompt=("inputs", "instructions", "tools"),
)

# Cloudflare wraps the answers of models that are called by their path.
CLOUDFLARE = replace(OPENAI_CHAT, name="cloudflare", roots=("result", ""), text=("response", "result"))

# Hosts that bill more than they list: the total holds thinking tokens that no other field shows.
OPENAI_CHAT_HIDDEN = replace(OPENAI_CHAT, name="openai_chat_hidden", gap="reasoning")

# Perplexity's fee for a request depends on how much of the web it searches.
OPENAI_CHAT_SEARCH = replace(
    OPENAI_CHAT,
    name="openai_chat_search",
    variant=(Variant(("usage.search_context_size", "web_search_options.search_context_size"), default="low"),),
)

# The Vercel gateway passes Gemini's figures on as they are: thoughts stand beside the completion, and the total lies.
OPENAI_CHAT_GATEWAY = replace(OPENAI_CHAT, name="openai_chat_gateway", apart={"reasoning": r"google/"}, total="")
