"""The usage objects below are written by hand after the providers' references; sums are checked by eye."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from llmobs.dialect import read
from llmobs.dialects import DIALECTS
from llmobs.units import UNITS

CASES: dict[str, tuple[str, Mapping[str, object], dict[str, int | Decimal]]] = {
    "openai chat: cached and reasoning are inside": (
        "openai_chat",
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 192, "audio_tokens": 0, "rejected_prediction_tokens": 7},
        },
        {"input": 86, "cached_input": 1920, "output": 108, "reasoning": 192},
    ),
    "openai chat: cache writes are inside": (
        "openai_chat",
        {
            "prompt_tokens": 1220,
            "completion_tokens": 8,
            "total_tokens": 1228,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 1217},
        },
        {"input": 3, "cache_write": 1217, "output": 8},
    ),
    "openai chat: audio in and out": (
        "openai_chat",
        {
            "prompt_tokens": 60,
            "completion_tokens": 90,
            "total_tokens": 150,
            "prompt_tokens_details": {"audio_tokens": 44, "text_tokens": 16},
            "completion_tokens_details": {"audio_tokens": 70, "text_tokens": 20},
        },
        {"input": 16, "input_audio": 44, "output": 20, "output_audio": 70},
    ),
    "openai realtime: cached sound is inside both": (
        "openai_realtime",
        {
            "total_tokens": 400,
            "input_tokens": 300,
            "output_tokens": 100,
            "input_token_details": {
                "text_tokens": 90,
                "audio_tokens": 200,
                "image_tokens": 10,
                "cached_tokens": 190,
                "cached_tokens_details": {"text_tokens": 35, "audio_tokens": 150, "image_tokens": 5},
            },
            "output_token_details": {"text_tokens": 10, "audio_tokens": 90},
        },
        {
            "input": 55,
            "input_audio": 50,
            "input_image": 5,
            "cached_input": 35,
            "cached_input_audio": 150,
            "cached_input_image": 5,
            "output": 10,
            "output_audio": 90,
        },
    ),
    "xai realtime: seconds beside tokens": (
        "openai_realtime",
        {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30, "billable_audio_seconds": 3},
        {"input": 10, "output": 20, "audio_second": 3},
    ),
    "gemini live: sound in and out, thoughts beside": (
        "gemini_live",
        {
            "promptTokenCount": 1000,
            "responseTokenCount": 80,
            "thoughtsTokenCount": 7,
            "totalTokenCount": 1080,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 400},
                {"modality": "AUDIO", "tokenCount": 582},
            ],
            "responseTokensDetails": [
                {"modality": "TEXT", "tokenCount": 16},
                {"modality": "AUDIO", "tokenCount": 64},
            ],
        },
        {"input": 418, "input_audio": 582, "output": 16, "output_audio": 64, "reasoning": 7},
    ),
    "openai live: seconds of the session": ("openai_live", {"seconds": 12}, {"audio_second": 12}),
    "embeddings: nothing but a prompt": (
        "openai_chat",
        {"prompt_tokens": 8, "total_tokens": 8},
        {"input": 8},
    ),
    "voyage: nothing but a total": ("openai_chat", {"total_tokens": 12}, {"input": 12}),
    "deepseek: hits are inside": (
        "openai_chat",
        {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "total_tokens": 105,
            "prompt_cache_hit_tokens": 64,
            "prompt_cache_miss_tokens": 36,
        },
        {"input": 36, "cached_input": 64, "output": 5},
    ),
    "together and moonshot: cached at the top": (
        "openai_chat",
        {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55, "cached_tokens": 20},
        {"input": 30, "cached_input": 20, "output": 5},
    ),
    "xai chat: reasoning is beside, the total proves it": (
        "openai_chat",
        {
            "prompt_tokens": 176,
            "completion_tokens": 30,
            "total_tokens": 506,
            "completion_tokens_details": {"reasoning_tokens": 300},
        },
        {"input": 176, "output": 30, "reasoning": 300},
    ),
    "mistral: audio is beside, the total proves it": (
        "openai_chat",
        {
            "prompt_tokens": 11,
            "completion_tokens": 15,
            "total_tokens": 401,
            "prompt_audio_seconds": 30,
            "prompt_tokens_details": {"audio_tokens": 375},
        },
        {"input": 11, "input_audio": 375, "output": 15, "audio_second": 30},
    ),
    "openrouter: a reasoning estimate above the completion is never added": (
        "openai_chat",
        {
            "prompt_tokens": 10,
            "completion_tokens": 40,
            "total_tokens": 50,
            "completion_tokens_details": {"reasoning_tokens": 55},
        },
        {"input": 10, "reasoning": 40},
    ),
    "azure grok: cached above the prompt is cut": (
        "openai_chat",
        {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 161},
        },
        {"cached_input": 10, "output": 4},
    ),
    "gemini by the openai path: thoughts only in the total": (
        "openai_chat_hidden",
        {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
        {"input": 35, "output": 12, "reasoning": 62},
    ),
    "responses: all inclusive": (
        "openai_responses",
        {
            "input_tokens": 320,
            "input_tokens_details": {"cached_tokens": 128, "cache_write_tokens": 100},
            "output_tokens": 64,
            "output_tokens_details": {"reasoning_tokens": 32},
            "total_tokens": 384,
        },
        {"input": 92, "cached_input": 128, "cache_write": 100, "output": 32, "reasoning": 32},
    ),
    "images: text and image tokens": (
        "openai_responses",
        {
            "input_tokens": 50,
            "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
            "output_tokens": 1056,
            "output_tokens_details": {"image_tokens": 1056, "text_tokens": 0},
            "total_tokens": 1106,
        },
        {"input": 10, "input_image": 40, "output_image": 1056},
    ),
    "transcription: seconds": ("openai_responses", {"type": "duration", "seconds": 4}, {"audio_second": 4}),
    "anthropic: three inputs and the one-hour split": (
        "anthropic",
        {
            "input_tokens": 5,
            "cache_creation_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40},
            "cache_read_input_tokens": 7,
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 3},
        },
        {"input": 5, "cached_input": 7, "cache_write": 60, "cache_write_1h": 40, "output": 6, "reasoning": 3},
    ),
    "anthropic: a stale split leaves its rest to five minutes": (
        "anthropic",
        {
            "input_tokens": 5,
            "cache_creation_input_tokens": 10345,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
        },
        {"input": 5, "cache_write": 10345, "output": 1},
    ),
    "anthropic: a split of what is no longer written is dropped": (
        "anthropic",
        {
            "input_tokens": 5,
            "cache_creation_input_tokens": 0,
            "cache_creation": {"ephemeral_1h_input_tokens": 40},
            "output_tokens": 1,
        },
        {"input": 5, "output": 1},
    ),
    "gemini: thoughts and tool use are beside, cached is inside": (
        "gemini",
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 50,
            "candidatesTokenCount": 10,
            "thoughtsTokenCount": 5,
            "toolUsePromptTokenCount": 7,
            "totalTokenCount": 122,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 60},
                {"modality": "AUDIO", "tokenCount": 40},
                {"modality": "VIDEO"},
            ],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}, {"modality": "TEXT", "tokenCount": 20}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 4}],
        },
        {
            "input": 47,
            "cached_input": 20,
            "input_audio": 10,
            "cached_input_audio": 30,
            "output": 6,
            "output_image": 4,
            "reasoning": 5,
        },
    ),
    "gemini embeddings: singular details": (
        "gemini",
        {"promptTokenCount": 9, "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 4}]},
        {"input": 5, "input_image": 4},
    ),
    "interactions: thoughts are beside": (
        "gemini_interactions",
        {
            "total_input_tokens": 20,
            "total_cached_tokens": 8,
            "total_output_tokens": 6,
            "total_thought_tokens": 30,
            "total_tool_use_tokens": 4,
            "total_tokens": 60,
            "input_tokens_by_modality": [{"modality": "text", "tokens": 15}, {"modality": "image", "tokens": 5}],
        },
        {"input": 11, "cached_input": 8, "input_image": 5, "output": 6, "reasoning": 30},
    ),
    "cohere: billed units": (
        "cohere",
        {
            "billed_units": {"input_tokens": 46, "output_tokens": 30},
            "tokens": {"input_tokens": 1445, "output_tokens": 33, "reasoning_tokens": 20},
        },
        {"input": 46, "output": 10, "reasoning": 20},
    ),
    "cohere rerank: search units": ("cohere", {"billed_units": {"search_units": 1}}, {"search_unit": 1}),
    "ollama": ("ollama", {"prompt_eval_count": 26, "eval_count": 298}, {"input": 26, "output": 298}),
    "ollama: the prompt was cached": ("ollama", {"eval_count": 298}, {"output": 298}),
    "watsonx": (
        "watsonx",
        {"results": [{"input_token_count": 7, "generated_token_count": 2}]},
        {"input": 7, "output": 2},
    ),
    "watsonx embeddings": ("watsonx", {"input_token_count": 10}, {"input": 10}),
    "hugging face: headers": (
        "huggingface",
        {"x-prompt-tokens": 12, "x-generated-tokens": 20, "x-compute-time": Decimal("0.5")},
        {"input": 12, "output": 20, "compute_second": Decimal("0.5")},
    ),
    "mistral conversation: connectors stand beside, the total proves it": (
        "mistral_conversation",
        {"prompt_tokens": 188, "completion_tokens": 55, "connector_tokens": 7112, "total_tokens": 7355},
        {"input": 7300, "output": 55},
    ),
    "vertex embeddings": (
        "vertex_predict",
        {"predictions": [{"embeddings": {"statistics": {"token_count": 4}}}] * 2},
        {"input": 8},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_usage_object(case: str) -> None:
    """A usage object of its provider gives disjoint units that add up to what the provider bills."""

    dialect, usage, expected = CASES[case]

    (reading,) = read(DIALECTS[dialect], usage)

    assert reading.quantities == expected
    assert not reading.mismatch


def test_vercel_gemini_stands_apart() -> None:
    """The gateway's Gemini figures list thoughts beside the completion, other models' inside."""

    usage: dict[str, object] = {
        "prompt_tokens": 61,
        "completion_tokens": 18,
        "total_tokens": 79,
        "completion_tokens_details": {"reasoning_tokens": 137},
    }
    gateway = DIALECTS["openai_chat_gateway"]

    assert read(gateway, usage, "google/gemini-3-pro")[0].quantities == {"input": 61, "output": 18, "reasoning": 137}
    assert read(gateway, usage, "openai/gpt-5")[0].quantities == {"input": 61, "reasoning": 18}


def test_anthropic_iterations_are_billed_one_by_one() -> None:
    """Compaction and advisor passes are hidden in the totals and billed all the same, each at its own model."""

    usage: dict[str, object] = {
        "input_tokens": 181,
        "output_tokens": 8,
        "iterations": [
            {"type": "compaction", "input_tokens": 100, "cache_read_input_tokens": 55096, "output_tokens": 83},
            {"type": "message", "input_tokens": 181, "output_tokens": 8},
            {"type": "advisor_message", "model": "claude-other", "input_tokens": 2518, "output_tokens": 22},
        ],
    }

    readings = read(DIALECTS["anthropic"], usage, "claude")

    assert [(r.model, r.quantities) for r in readings] == [
        (None, {"input": 100, "cached_input": 55096, "output": 83}),
        (None, {"input": 181, "output": 8}),
        ("claude-other", {"input": 2518, "output": 22}),
    ]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_tables_name_known_units_outer_before_inner(dialect: object) -> None:
    """Every unit of a table exists, and an outer unit is listed before the units inside it."""

    table = DIALECTS[dialect.name]  # type: ignore[attr-defined]
    seen: set[str] = set()
    for count in table.counts:
        assert count.unit in UNITS
        assert set(count.within) <= seen
        seen.add(count.unit)
    assert all(fee.unit in UNITS for fee in table.fees)
    assert table.markers
