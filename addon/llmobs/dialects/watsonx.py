"""IBM watsonx.ai: text generation, embeddings and reranking of its own, and chat like OpenAI's under another key.

Source: the watsonx.ai API reference (`results[].input_token_count`, `generated_token_count`). A stream tells the input
in its first event and 0 in all others; what was generated is a running total.
"""

import re
from dataclasses import replace

from llmobs.dialect import Count, Dialect
from llmobs.dialects.openai_chat import OPENAI_CHAT

WATSONX = Dialect(
    name="watsonx",
    operation="text_completion",
    usage=("",),
    counts=(
        Count("input", ("results[].input_token_count", "input_token_count")),
        Count("output", ("results[].generated_token_count",)),
    ),
    highest=True,
    final=re.compile(rb'"stop_reason"\s*:\s*"(?!not_finished")'),
    model=("model_id",),
    response_id=(),
    error=("errors[].code", "errors"),
    markers=(b'_token_count"', b'"errors"'),
    text=("results",),
    prompt=("input", "inputs"),
)

WATSONX_CHAT = replace(OPENAI_CHAT, name="watsonx_chat", model=("model_id", "model"))
