"""Hugging Face's own inference API: what a call used is in the headers of the answer alone.

Source: the headers of text-generation-inference (`x-prompt-tokens`, `x-generated-tokens`, `x-compute-time`).
"""

from llmobs.dialect import Count, Dialect

_HEADERS = ("x-prompt-tokens", "x-generated-tokens", "x-compute-time")

HUGGINGFACE = Dialect(
    name="huggingface",
    operation="inference",
    usage=(),
    counts=tuple(Count(u, (h,)) for u, h in zip(("input", "output", "compute_second"), _HEADERS, strict=True)),
    headers=_HEADERS,
    response_id=(),
    markers=(b'"error"',),
    text=("generated_text", "token"),
    prompt=("inputs",),
)
