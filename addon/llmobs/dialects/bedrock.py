"""Amazon Bedrock: Converse, InvokeModel with every vendor's body, agents, guardrails, rerank, jobs.

Source: the Amazon Bedrock API reference and botocore's service models. Cached and written input stand beside the input
everywhere, in headers, in `amazon-bedrock-invocationMetrics` and in the bodies. The URL names the model with its
profile, which decides the price, and the answers do not: their names are left unread.
"""

import re
from dataclasses import replace

from llmobs.dialect import Asked, Count, Dialect, Job

_PERFORMANCE = ("serviceTier.type", "performanceConfig.latency")
# Reserved capacity is paid by the month; what exceeds it is served, and named, as the default tier.
_TIERS = {"reserved": "provisioned"}
_HEADER = "x-amzn-bedrock-{}-token-count"
_METRICS = "amazon-bedrock-invocationMetrics"

BEDROCK_CONVERSE = Dialect(
    name="bedrock_converse",
    usage=("usage",),
    counts=(
        Count("input", ("inputTokens",)),
        Count("cached_input", ("cacheReadInputTokens", "cacheReadInputTokenCount")),
        Count("cache_write", ("cacheWriteInputTokens", "cacheWriteInputTokenCount")),
        Count("cache_write_1h", ("cacheDetails[ttl=1h].inputTokens",), within=("cache_write",)),
        Count("output", ("outputTokens",)),
    ),
    total="totalTokens",
    model=("trace.promptRouter.invokedModelId",),
    response_id=(),
    tier=_PERFORMANCE,
    tiers=_TIERS,
    text=("output", "delta"),
    prompt=("system", "messages", "toolConfig"),
)

# Headers tell it all where the body is whole, the last frame where it is a stream; the rest is for what lacks both.
BEDROCK_INVOKE = Dialect(
    name="bedrock_invoke",
    roots=("message", ""),
    opening_roots=("message",),
    usage=(_METRICS, "usage", "metadata.usage", "meta.billed_units", ""),
    merge=True,
    final=re.compile(b'"%b"' % _METRICS.encode()),
    counts=(
        Count(
            "input",
            (
                _HEADER.format("input"),
                "inputTokenCount",
                "inputTokens",
                "input_tokens",
                "prompt_tokens",
                "prompt_token_count",
                "inputTextTokenCount",
            ),
        ),
        Count(
            "cached_input",
            (
                _HEADER.format("cache-read-input"),
                "cacheReadInputTokenCount",
                "cacheReadInputTokens",
                "cache_read_input_tokens",
            ),
        ),
        Count(
            "cache_write",
            (
                _HEADER.format("cache-write-input"),
                "cacheWriteInputTokenCount",
                "cacheWriteInputTokens",
                "cache_creation_input_tokens",
            ),
        ),
        Count(
            "cache_write_1h",
            ("cache_creation.ephemeral_1h_input_tokens", "cacheDetails[ttl=1h].inputTokens"),
            within=("cache_write",),
        ),
        Count(
            "output",
            (
                _HEADER.format("output"),
                "outputTokenCount",
                "outputTokens",
                "output_tokens",
                "completion_tokens",
                "generation_token_count",
                "totalOutputTextTokenCount",
                "results[].tokenCount",
            ),
        ),
        Count("reasoning", ("output_tokens_details.thinking_tokens",), within=("output",)),
    ),
    headers=tuple(_HEADER.format(kind) for kind in ("input", "output", "cache-read-input", "cache-write-input")),
    model=(),
    tiers=_TIERS,
    markers=(
        b'"usage"',
        b'"%b"' % _METRICS.encode(),
        b'oken_count"',
        b'okenCount"',
        b'"billed_units"',
        b'"error"',
    ),
    text=(
        "content",
        "content_block",
        "delta",
        "completion",
        "completions",
        "generation",
        "generations",
        "choices",
        "output",
        "outputs",
        "outputText",
        "results",
        "text",
        "contentBlockDelta",
    ),
    prompt=("system", "messages", "tools", "prompt", "inputText", "message", "chat_history", "preamble", "texts"),
)

BEDROCK_IMAGE = replace(
    BEDROCK_INVOKE,
    name="bedrock_image",
    operation="image_generation",
    asked=(Asked("image", ("imageGenerationConfig.numberOfImages",), default=1),),
)

# One HTTP/2 stream carries a conversation; its figures are running totals of it.
BEDROCK_SPEECH = Dialect(
    name="bedrock_speech",
    operation="speech",
    roots=("event",),
    usage=("usageEvent",),
    final=re.compile(rb'"completionEnd"'),
    counts=(
        Count("input", ("details.total.input.textTokens",)),
        Count("input_audio", ("details.total.input.speechTokens",)),
        Count("output", ("details.total.output.textTokens",)),
        Count("output_audio", ("details.total.output.speechTokens",)),
    ),
    model=(),
    markers=(b'"usageEvent"', b'"error"'),
)

_STEPS = ("orchestrationTrace", "preProcessingTrace", "postProcessingTrace", "routingClassifierTrace")

# Usage is told only where the request asks for traces: each step is a call of its own, to the model named before it.
BEDROCK_AGENT = Dialect(
    name="bedrock_agent",
    operation="invoke_agent",
    usage=tuple(f"trace.{step}.modelInvocationOutput.metadata.usage" for step in _STEPS),
    counts=(Count("input", ("inputTokens",)), Count("output", ("outputTokens",))),
    sums=True,
    parts="steps",
    # No step says that it is the last one; the answer itself comes in a chunk.
    final=re.compile(rb'"bytes"'),
    model=tuple(f"trace.{step}.modelInvocationInput.foundationModel" for step in _STEPS),
    asked_model=("foundationModel",),
    response_id=(),
    markers=(b'"modelInvocationInput"', b'"modelInvocationOutput"', b'"error"'),
)

# Word filters are free of charge, and so are the units that are called so.
BEDROCK_GUARDRAIL = Dialect(
    name="bedrock_guardrail",
    operation="moderation",
    usage=("usage",),
    counts=tuple(
        Count("text_unit", (f"{policy}PolicyUnits",))
        for policy in ("content", "topic", "sensitiveInformation", "contextualGrounding", "automatedReasoning")
    ),
    model=(),
)

# A query over up to 100 documents is one search unit, and the answer does not count them.
BEDROCK_RERANK = Dialect(
    name="bedrock_rerank",
    operation="rerank",
    usage=(),
    counts=(),
    model=(),
    asked=(Asked("search_unit", (), default=1),),
    asked_model=("rerankingConfiguration.bedrockRerankingConfiguration.modelConfiguration.modelArn",),
)

# Answers from documents tell neither tokens nor how much was retrieved.
BEDROCK_KNOWLEDGE = Dialect(
    name="bedrock_knowledge",
    operation="retrieve_and_generate",
    usage=(),
    counts=(),
    model=(),
    asked_model=tuple(
        f"retrieveAndGenerateConfiguration.{kind}.modelArn"
        for kind in ("knowledgeBaseConfiguration", "externalSourcesConfiguration")
    ),
)

BEDROCK_ASYNC = Dialect(
    name="bedrock_async",
    operation="video_generation",
    usage=(),
    counts=(),
    model=("modelArn",),
    asked_model=("modelId",),
    response_id=(),
    asked=(Asked("video_second", ("modelInput.videoGenerationConfig.durationSeconds",)),),
    job=Job(("invocationArn",), ("status",), done=frozenset({"Completed"}), failed=frozenset({"Failed"})),
)
