"""Calls at a fixed fee each, whatever they answer: search APIs that tell no usage."""

from llmobs.dialect import Asked, Dialect

PER_CALL = Dialect(
    name="per_call",
    operation="search",
    usage=(),
    counts=(),
    asked=(Asked("request", (), default=1),),
    markers=(b'"error"',),
)
