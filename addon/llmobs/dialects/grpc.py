"""gRPC messages of xAI, Vertex AI and Pinecone: the fields that tell of usage, under the names of the JSON APIs.

Sources: the message definitions that xai-sdk, google-cloud-aiplatform (v1 PredictionService) and the pinecone client
ship. A field of value 0 is not sent, and an enum comes as its number.
"""

import re
from dataclasses import replace

from llmobs.dialect import Count, Dialect, Fee, Job, Proto
from llmobs.dialects.gemini import GEMINI, modalities
from llmobs.dialects.openai_chat import OPENAI_CHAT
from llmobs.wire.protobuf import INT, STRING, UINT, Field, Schema

_XAI_USAGE: Schema = {
    1: Field("completion_tokens", INT),
    2: Field("prompt_tokens", INT),
    3: Field("total_tokens", INT),
    5: Field("prompt_image_tokens", INT),
    6: Field("reasoning_tokens", INT),
    7: Field("cached_prompt_text_tokens", INT),
    8: Field("num_sources_used", INT),
    11: Field("cost_in_usd_ticks", INT),
}
_XAI_TEXT: Schema = {1: Field("content", STRING), 4: Field("reasoning_content", STRING)}
_XAI_ANSWER: Schema = {
    1: Field("id", STRING),
    2: Field("outputs", {3: Field("message", _XAI_TEXT)}, repeated=True),
    6: Field("model", STRING),
    9: Field("usage", _XAI_USAGE),
}
_XAI_CHUNK: Schema = {
    1: Field("id", STRING),
    2: Field("outputs", {1: Field("delta", _XAI_TEXT), 3: Field("finish_reason", INT)}, repeated=True),
    4: Field("model", STRING),
    6: Field("usage", _XAI_USAGE),
}
_XAI_PICTURES: Schema = {2: Field("model", STRING), 3: Field("usage", _XAI_USAGE)}
_XAI_TEXTS: Schema = {2: Field("content", {1: Field("text", STRING)}, repeated=True)}
_XAI_REQUEST: Schema = {1: Field("messages", _XAI_TEXTS, repeated=True), 2: Field("model", STRING)}

XAI_GRPC = replace(
    OPENAI_CHAT,
    name="xai_grpc",
    counts=(
        Count("input", ("prompt_tokens",)),
        Count("cached_input", ("cached_prompt_text_tokens",), within=("input",)),
        Count("input_image", ("prompt_image_tokens",), within=("input",)),
        Count("output", ("completion_tokens",)),
        Count("reasoning", ("reasoning_tokens",), within=("output",)),
    ),
    final=None,
    fees=(Fee("source_read", "usage.num_sources_used"),),
    text=("outputs",),
    proto=Proto(_XAI_ANSWER, _XAI_REQUEST),
)
XAI_GRPC_STREAM = replace(
    XAI_GRPC,
    name="xai_grpc_stream",
    final=re.compile(rb'"finish_reason":[1-9]'),
    proto=Proto(_XAI_CHUNK, _XAI_REQUEST),
)
# Polled until it brings the answer, which names itself.
XAI_GRPC_DEFERRED = replace(
    XAI_GRPC,
    name="xai_grpc_deferred",
    roots=("response", ""),
    looks_up=True,
    job=Job(id=("id",), state=("status",), done=frozenset({"1"})),
    proto=Proto({1: Field("response", _XAI_ANSWER), 2: Field("status", INT)}, {}),
)
XAI_GRPC_IMAGE = replace(
    XAI_GRPC, name="xai_grpc_image", operation="image_generation", proto=Proto(_XAI_PICTURES, _XAI_REQUEST)
)

_MODALITY: Schema = {1: Field("modality", INT), 2: Field("tokenCount", INT)}
_VERTEX_TEXT: Schema = {2: Field("parts", {1: Field("text", STRING)}, repeated=True)}
_CANDIDATE: Schema = {
    2: Field("content", _VERTEX_TEXT),
    3: Field("finishReason", INT),
    7: Field("groundingMetadata", {1: Field("webSearchQueries", STRING, repeated=True)}),
}
_VERTEX_ANSWER: Schema = {
    2: Field("candidates", _CANDIDATE, repeated=True),
    4: Field(
        "usageMetadata",
        {
            1: Field("promptTokenCount", INT),
            2: Field("candidatesTokenCount", INT),
            3: Field("totalTokenCount", INT),
            5: Field("cachedContentTokenCount", INT),
            8: Field("trafficType", INT),
            9: Field("promptTokensDetails", _MODALITY, repeated=True),
            10: Field("cacheTokensDetails", _MODALITY, repeated=True),
            11: Field("candidatesTokensDetails", _MODALITY, repeated=True),
            13: Field("toolUsePromptTokenCount", INT),
            14: Field("thoughtsTokenCount", INT),
        },
    ),
    11: Field("modelVersion", STRING),
    13: Field("responseId", STRING),
}
_VERTEX_REQUEST: Schema = {
    2: Field("contents", _VERTEX_TEXT, repeated=True),
    5: Field("model", STRING),
    8: Field("systemInstruction", _VERTEX_TEXT),
}

GEMINI_GRPC = replace(
    GEMINI,
    name="gemini_grpc",
    counts=modalities(image="2", video="3", audio="4"),
    final=re.compile(rb'"finishReason":[1-9]'),
    tiers={"1": "default", "2": "provisioned", "3": "priority", "4": "flex"},
    proto=Proto(_VERTEX_ANSWER, _VERTEX_REQUEST),
)

_PINECONE_USAGE: Schema = {1: Field("readUnits", UINT)}
PINECONE_GRPC = Dialect(
    name="pinecone_grpc",
    operation="query",
    usage=("usage",),
    counts=(Count("read_unit", ("readUnits",)),),
    proto=Proto({4: Field("usage", _PINECONE_USAGE)}, {}),
)
