"""Gemini and Vertex AI generateContent, streams, embeddings and interactions.

Source: the Gemini API reference (UsageMetadata) and google-genai: total = prompt + tool use + candidates + thoughts,
with cached content inside the prompt. Figures of a stream are running totals that may also fall: the last object holds.
"""

import re

from llmobs.dialect import Count, Dialect, Fee


def _by_modality(unit: str, modality: str, lists: tuple[str, ...], within: tuple[str, ...]) -> Count:
    return Count(unit, tuple(f"{name}[modality={modality}].tokenCount" for name in lists), within)


_PROMPT = ("promptTokensDetails", "promptTokenDetails")
_CACHE = ("cacheTokensDetails",)
_CANDIDATES = ("candidatesTokensDetails", "responseTokensDetails")


def modalities(**names: str) -> tuple[Count, ...]:
    """The counts of a usage object, with what it calls the modalities: audio, image and video."""
    return (
        Count("input", ("promptTokenCount",)),
        Count("input", ("toolUsePromptTokenCount",)),
        Count("cached_input", ("cachedContentTokenCount",), within=("input",)),
        *(_by_modality(f"input_{kind}", name, _PROMPT, within=("input",)) for kind, name in names.items()),
        *(
            _by_modality(f"cached_input_{kind}", name, _CACHE, ("cached_input", f"input_{kind}", "input"))
            for kind, name in names.items()
        ),
        Count("output", ("candidatesTokenCount", "responseTokenCount")),
        _by_modality("output_audio", names["audio"], _CANDIDATES, within=("output",)),
        _by_modality("output_image", names["image"], _CANDIDATES, within=("output",)),
        Count("reasoning", ("thoughtsTokenCount",)),
    )


GEMINI = Dialect(
    name="gemini",
    roots=("response", ""),
    usage=("usageMetadata",),
    counts=modalities(audio="AUDIO", image="IMAGE", video="VIDEO"),
    total="totalTokenCount",
    final=re.compile(rb'"finishReason"\s*:\s*"'),
    fees=(
        Fee("web_search", "", "candidates[].groundingMetadata.webSearchQueries[]"),
        Fee("grounded_prompt", "", "candidates[].groundingMetadata.webSearchQueries[]", once=True),
    ),
    model=("modelVersion", "model"),
    response_id=("responseId", "id"),
    tier=("usageMetadata.trafficType", "usageMetadata.serviceTier"),
    tiers={
        "ON_DEMAND_FLEX": "flex",
        "ON_DEMAND_PRIORITY": "priority",
        "PROVISIONED_THROUGHPUT": "provisioned",
        "TRAFFIC_TYPE_UNSPECIFIED": "default",
        "1": "default",
    },
    error=("error.status", "error.code", "error"),
    markers=(b'"usageMetadata"', b'"error"'),
    text=("candidates",),
    prompt=("contents", "systemInstruction", "system_instruction", "tools", "content", "requests"),
)

GEMINI_INTERACTIONS = Dialect(
    name="gemini_interactions",
    roots=("interaction", "metadata", ""),
    usage=("usage",),
    counts=(
        Count("input", ("total_input_tokens",)),
        Count("input", ("total_tool_use_tokens",)),
        Count("cached_input", ("total_cached_tokens",), within=("input",)),
        *(
            Count(f"input_{kind}", (f"input_tokens_by_modality[modality={kind}].tokens",), within=("input",))
            for kind in ("audio", "image", "video")
        ),
        Count("output", ("total_output_tokens",)),
        Count("reasoning", ("total_thought_tokens",)),
    ),
    total="total_tokens",
    fees=(
        Fee("web_search", "usage.grounding_tool_count[type=google_search].count"),
        Fee("grounded_prompt", "usage.grounding_tool_count[type=google_search].count", once=True),
    ),
    text=("delta", "outputs", "steps"),
    prompt=("input", "system_instruction", "tools"),
)

# Vertex embeddings count each instance of a batch inside its prediction.
VERTEX_PREDICT = Dialect(
    name="vertex_predict",
    operation="embeddings",
    usage=("",),
    counts=(Count("input", ("predictions[].embeddings.statistics.token_count",)),),
    markers=(b'"token_count"', b'"error"'),
    prompt=("instances",),
)
