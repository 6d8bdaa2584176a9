"""Every dialect by its name, as routes in pricing.yaml call them; vendor knowledge lives in the tables, not here."""

from llmobs.dialect import Dialect
from llmobs.dialects.anthropic import ANTHROPIC
from llmobs.dialects.batches import (
    ANTHROPIC_BATCH,
    ANTHROPIC_BATCH_RESULTS,
    GEMINI_BATCH,
    GEMINI_BATCH_RESULTS,
    MISTRAL_BATCH,
    OPENAI_BATCH,
    OPENAI_BATCH_RESULTS,
    XAI_BATCH,
    XAI_BATCH_RESULTS,
)
from llmobs.dialects.cohere import COHERE
from llmobs.dialects.gemini import GEMINI, GEMINI_INTERACTIONS, VERTEX_PREDICT
from llmobs.dialects.gemini_live import GEMINI_LIVE
from llmobs.dialects.grpc import (
    GEMINI_GRPC,
    PINECONE_GRPC,
    XAI_GRPC,
    XAI_GRPC_DEFERRED,
    XAI_GRPC_IMAGE,
    XAI_GRPC_STREAM,
)
from llmobs.dialects.ollama import OLLAMA
from llmobs.dialects.openai_chat import (
    OPENAI_CHAT,
    OPENAI_CHAT_GATEWAY,
    OPENAI_CHAT_HIDDEN,
    OPENAI_CHAT_SEARCH,
    OPENAI_RUN,
)
from llmobs.dialects.openai_live import OPENAI_LIVE
from llmobs.dialects.openai_realtime import OPENAI_REALTIME
from llmobs.dialects.openai_responses import OPENAI_CONTAINER, OPENAI_RESPONSES

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        ANTHROPIC,
        ANTHROPIC_BATCH,
        ANTHROPIC_BATCH_RESULTS,
        COHERE,
        GEMINI,
        GEMINI_BATCH,
        GEMINI_BATCH_RESULTS,
        GEMINI_GRPC,
        GEMINI_INTERACTIONS,
        GEMINI_LIVE,
        MISTRAL_BATCH,
        OLLAMA,
        OPENAI_BATCH,
        OPENAI_BATCH_RESULTS,
        OPENAI_CHAT,
        OPENAI_CHAT_GATEWAY,
        OPENAI_CHAT_HIDDEN,
        OPENAI_CHAT_SEARCH,
        OPENAI_CONTAINER,
        OPENAI_LIVE,
        OPENAI_REALTIME,
        OPENAI_RESPONSES,
        OPENAI_RUN,
        PINECONE_GRPC,
        VERTEX_PREDICT,
        XAI_BATCH,
        XAI_BATCH_RESULTS,
        XAI_GRPC,
        XAI_GRPC_DEFERRED,
        XAI_GRPC_IMAGE,
        XAI_GRPC_STREAM,
    )
}
