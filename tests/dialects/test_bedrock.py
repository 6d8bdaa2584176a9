"""Answers of Amazon Bedrock, written by hand after its reference, through the meter."""

from decimal import Decimal

import pytest

from llmobs.dialect import read
from llmobs.dialects import DIALECTS
from llmobs.meter import Known, Meter
from tests.dialects.bedrock_answers import CONVERSE, NOVA, Answers, metered, step


def quantities(meter: Meter, dialect: str) -> dict[str, int | Decimal]:
    """What the answer bills, one model assumed."""
    [reading] = read(DIALECTS[dialect], meter.usage or {})
    assert not reading.mismatch
    return reading.quantities


METRICS = {"inputTokenCount": 3, "outputTokenCount": 4, "invocationLatency": 99, "firstByteLatency": 9}
CASES: dict[str, tuple[str, Answers, dict[str, int]]] = {
    "converse": ("bedrock_converse", ({"usage": CONVERSE | {"totalTokens": 7}},), {"input": 3, "output": 4}),
    "converse with caches, told twice": (
        "bedrock_converse",
        (
            {
                "usage": CONVERSE
                | {
                    "totalTokens": 37,
                    "cacheReadInputTokens": 10,
                    "cacheReadInputTokenCount": 10,
                    "cacheWriteInputTokens": 20,
                    "cacheWriteInputTokenCount": 20,
                    "cacheDetails": [{"ttl": "5m", "inputTokens": 12}, {"ttl": "1h", "inputTokens": 8}],
                }
            },
        ),
        {"input": 3, "output": 4, "cached_input": 10, "cache_write": 12, "cache_write_1h": 8},
    ),
    "claude": (
        "bedrock_invoke",
        (
            {
                "model": "claude-x",
                "usage": {
                    "input_tokens": 3,
                    "output_tokens": 4,
                    "cache_read_input_tokens": 5,
                    "cache_creation_input_tokens": 6,
                    "cache_creation": {"ephemeral_1h_input_tokens": 2},
                    "output_tokens_details": {"thinking_tokens": 1},
                },
            },
        ),
        {"input": 3, "output": 3, "reasoning": 1, "cached_input": 5, "cache_write": 4, "cache_write_1h": 2},
    ),
    "claude, stream": (
        "bedrock_invoke",
        (
            {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
            {"type": "message_delta", "usage": {"output_tokens": 4}},
            {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS},
        ),
        {"input": 3, "output": 4},
    ),
    "claude, stream without its last frame": (
        "bedrock_invoke",
        (
            {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
            {"type": "message_delta", "usage": {"output_tokens": 4}},
        ),
        {"input": 3, "output": 4},
    ),
    "nova": (
        "bedrock_invoke",
        ({"output": {}, "usage": CONVERSE | {"totalTokens": 12, "cacheReadInputTokenCount": 5}},),
        {"input": 3, "output": 4, "cached_input": 5},
    ),
    "nova, stream": (
        "bedrock_invoke",
        (
            {"contentBlockDelta": {"delta": {"text": "usage"}}},
            {"metadata": {"usage": CONVERSE}, "amazon-bedrock-invocationMetrics": METRICS},
        ),
        {"input": 3, "output": 4},
    ),
    "titan": (
        "bedrock_invoke",
        ({"inputTextTokenCount": 3, "results": [{"tokenCount": 4, "outputText": "x"}]},),
        {"input": 3, "output": 4},
    ),
    "titan, stream": (
        "bedrock_invoke",
        (
            {"outputText": "x", "totalOutputTextTokenCount": None, "inputTextTokenCount": 3},
            {"outputText": "y", "totalOutputTextTokenCount": 4, "inputTextTokenCount": None},
        ),
        {"input": 3, "output": 4},
    ),
    "titan, embedding": ("bedrock_invoke", ({"embedding": [0.1], "inputTextTokenCount": 3},), {"input": 3}),
    "llama": (
        "bedrock_invoke",
        ({"generation": "x", "prompt_token_count": 3, "generation_token_count": 4},),
        {"input": 3, "output": 4},
    ),
    "llama, stream": (
        "bedrock_invoke",
        (
            {"generation": "x", "prompt_token_count": 3, "generation_token_count": 1},
            {"generation": "y", "prompt_token_count": None, "generation_token_count": 4},
        ),
        {"input": 3, "output": 4},
    ),
    "openai, ai21, mistral": (
        "bedrock_invoke",
        ({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}},),
        {"input": 3, "output": 4},
    ),
    "ai21, cohere, mistral, stream": (
        "bedrock_invoke",
        ({"outputs": [{"text": "x"}]}, {"amazon-bedrock-invocationMetrics": METRICS}),
        {"input": 3, "output": 4},
    ),
    "speech": (
        "bedrock_speech",
        (
            {"event": {"usageEvent": {"details": {"total": {"input": {"speechTokens": 1}}}}}},
            {
                "event": {
                    "usageEvent": {
                        "details": {
                            "delta": {"input": {"speechTokens": 2}},
                            "total": {
                                "input": {"speechTokens": 3, "textTokens": 4},
                                "output": {"speechTokens": 5, "textTokens": 6},
                            },
                        }
                    }
                }
            },
        ),
        {"input_audio": 3, "input": 4, "output_audio": 5, "output": 6},
    ),
    "guardrail": (
        "bedrock_guardrail",
        (
            {
                "usage": {
                    "contentPolicyUnits": 1,
                    "topicPolicyUnits": 2,
                    "sensitiveInformationPolicyUnits": 3,
                    "sensitiveInformationPolicyFreeUnits": 9,
                    "contextualGroundingPolicyUnits": 4,
                    "wordPolicyUnits": 9,
                }
            },
        ),
        {"text_unit": 10},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_answer(case: str) -> None:
    """Every vendor's body comes to the same disjoint counts."""

    dialect, answers, expected = CASES[case]
    assert quantities(metered(dialect, *answers), dialect) == expected


HEADERS = {
    "x-amzn-bedrock-input-token-count": "3",
    "x-amzn-bedrock-output-token-count": "4",
    "x-amzn-bedrock-cache-read-input-token-count": "5",
    "x-amzn-bedrock-cache-write-input-token-count": "6",
    "x-amzn-bedrock-invocation-latency": "700",
}


@pytest.mark.parametrize("body", [{"outputs": []}, {"usage": {"input_tokens": 9}}, {"usage": {"inputTokens": 3}}])
def test_headers_come_first(body: dict[str, object]) -> None:
    """The headers of an answer tell all counts, whatever its body tells."""

    meter = metered("bedrock_invoke", body, headers=HEADERS)
    assert quantities(meter, "bedrock_invoke") == {"input": 3, "output": 4, "cached_input": 5, "cache_write": 6}
    assert meter.known is Known.FINAL


def test_body_says_which_writes_last_an_hour() -> None:
    """The header's written tokens are split as the body says."""

    body = {"usage": {"cache_creation": {"ephemeral_1h_input_tokens": 6}}}
    meter = metered("bedrock_invoke", body, headers=HEADERS)
    assert quantities(meter, "bedrock_invoke") == {"input": 3, "output": 4, "cached_input": 5, "cache_write_1h": 6}


def test_stream_is_final_with_its_metrics_only() -> None:
    """A stream that breaks off before its metrics is not complete, and one that has only begun even less so."""

    _, (start, delta, stop), _ = CASES["claude, stream"]
    assert metered("bedrock_invoke", start).known is Known.OPENING
    assert metered("bedrock_invoke", start, delta).known is Known.RUNNING
    assert metered("bedrock_invoke", start, delta, stop).known is Known.FINAL


def test_agent_steps_are_calls() -> None:
    """Each step of an agent is billed, by the model that it was put to."""

    steps = (
        *step("routingClassifierTrace", NOVA, 10),
        *step("preProcessingTrace", "amazon.nova-lite-v1:0", 20),
        *step("orchestrationTrace", NOVA, 30),
        *step("orchestrationTrace", None, 40),
        {"bytes": "VGhlIGFuc3dlcg=="},
        *step("postProcessingTrace", NOVA, 50),
    )
    meter = metered("bedrock_agent", *steps)

    read_steps = read(DIALECTS["bedrock_agent"], meter.usage or {})

    assert [(r.model, r.quantities) for r in read_steps] == [
        (model, {"input": used, "output": 1})
        for model, used in ((NOVA, 10), ("amazon.nova-lite-v1:0", 20), (NOVA, 30), (NOVA, 40), (NOVA, 50))
    ]
    assert meter.known is Known.RUNNING


@pytest.mark.parametrize(
    ("told", "tier"),
    [
        ({"serviceTier": {"type": "default"}}, "default"),
        ({"serviceTier": {"type": "flex"}}, "flex"),
        ({"serviceTier": {"type": "reserved"}}, "provisioned"),
        ({"performanceConfig": {"latency": "optimized"}}, "optimized"),
        ({"serviceTier": {"type": "default"}, "performanceConfig": {"latency": "optimized"}}, "optimized"),
        ({"performanceConfig": {"latency": "standard"}}, "standard"),
    ],
)
def test_tier(told: dict[str, object], tier: str) -> None:
    """The tier that served is named by service tier or by latency."""

    assert metered("bedrock_converse", told | {"usage": CONVERSE}).tier == tier


def test_exception_in_a_stream() -> None:
    """An exception in the middle of a stream is the error of its row."""

    assert metered("bedrock_converse", {"error": {"type": "throttlingException"}}).error == "throttlingException"
