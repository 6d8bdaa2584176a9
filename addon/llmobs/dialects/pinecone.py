"""Pinecone: what a query read is told; what was written is not.

Source: the Pinecone API reference (`usage.readUnits`, `usage.embedTokens`, `usage.rerankUnits`; inference:
`usage.total_tokens`, `usage.rerank_units`). One dialect serves the index and the inference of models.
"""

from llmobs.dialect import Count, Dialect

PINECONE = Dialect(
    name="pinecone",
    operation="query",
    usage=("usage",),
    counts=(
        Count("input", ("total_tokens", "embedTokens", "embed_total_tokens", "prompt_tokens")),
        Count("output", ("completion_tokens",)),
        Count("read_unit", ("readUnits", "read_units")),
        Count("write_unit", ("writeUnits", "write_units")),
        Count("search_unit", ("rerankUnits", "rerank_units")),
    ),
    default_model="serverless",
    reads=True,
    error=("error.code", "code", "error"),
)
