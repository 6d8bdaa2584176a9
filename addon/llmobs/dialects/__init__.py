"""Every dialect by its name, as routes in pricing.yaml call them; vendor knowledge lives in the tables, not here."""

from llmobs.dialect import Dialect
from llmobs.dialects import (
    anthropic,
    assemblyai,
    batches,
    bedrock,
    cohere,
    deepgram,
    elevenlabs,
    gemini,
    gemini_live,
    gemini_media,
    grpc,
    huggingface,
    mistral_media,
    ollama,
    openai_chat,
    openai_live,
    openai_media,
    openai_realtime,
    openai_responses,
    per_call,
    pinecone,
    replicate,
    search,
    stripe,
    twilio,
    voyage,
    watsonx,
    xai_media,
)

_FAMILIES = (
    anthropic,
    assemblyai,
    batches,
    bedrock,
    cohere,
    deepgram,
    elevenlabs,
    gemini,
    gemini_live,
    gemini_media,
    grpc,
    huggingface,
    mistral_media,
    ollama,
    openai_chat,
    openai_live,
    openai_media,
    openai_realtime,
    openai_responses,
    per_call,
    pinecone,
    replicate,
    search,
    stripe,
    twilio,
    voyage,
    watsonx,
    xai_media,
)

# A table that others are made from has a leading underscore, and is no dialect.
DIALECTS: dict[str, Dialect] = {
    table.name: table
    for family in _FAMILIES
    for name, table in vars(family).items()
    if isinstance(table, Dialect) and not name.startswith("_")
}
