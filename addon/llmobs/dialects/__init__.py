"""Every dialect by its name, as routes in pricing.yaml call them; vendor knowledge lives in the tables, not here."""

from llmobs.dialect import Dialect
from llmobs.dialects import (
    anthropic,
    batches,
    bedrock,
    cohere,
    gemini,
    gemini_live,
    grpc,
    huggingface,
    ollama,
    openai_chat,
    openai_live,
    openai_realtime,
    openai_responses,
    per_call,
    watsonx,
)

_FAMILIES = (
    anthropic,
    batches,
    bedrock,
    cohere,
    gemini,
    gemini_live,
    grpc,
    huggingface,
    ollama,
    openai_chat,
    openai_live,
    openai_realtime,
    openai_responses,
    per_call,
    watsonx,
)

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for family in _FAMILIES for dialect in vars(family).values() if isinstance(dialect, Dialect)
}
