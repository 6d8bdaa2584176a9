"""A small price book that tests calculate with by head."""

from pathlib import Path
from tempfile import TemporaryDirectory

from llmobs.dialects import DIALECTS
from llmobs.pricing import PriceBook, load

TEXT = """
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    hosts: [api.openai.com]
    include_usage: true
    routes:
    - {path: "**/chat/completions", dialect: openai_chat}
    - {path: "**/completions", dialect: openai_chat, operation: text_completion}
    - {path: "**/embeddings", dialect: openai_chat, operation: embeddings}
    - {path: "**/responses", dialect: openai_responses}
    - {path: "**/images/generations", dialect: openai_responses, operation: image_generation}
    - {path: "/v1/moderations", free: true}
    models:
      gpt-x:
      - {input: 2, cached_input: 1, output: 10, web_search: 10}
      - {tier: flex, input: 1, cached_input: 0.5, output: 5}
      - {batch: true, multiply: 0.5}
      search-x:
      - {input: 2, output: 10, request: 30}
      voice-x:
      - {audio_second: 0.001}
      listener-x:
      - {input: 2, output: 10, audio_second: 0.001}
  anthropic:
    name: Anthropic
    hosts: [api.anthropic.com]
    routes:
    - {path: "/v1/messages", dialect: anthropic}
    models:
      claude-x:
      - {input: 3, cached_input: 0.3, cache_write: 3.75, cache_write_1h: 6, output: 15, web_search: 10}
      claude-y:
      - {input: 10, cache_write: 12.5, output: 50}
  openrouter:
    name: OpenRouter
    hosts: [openrouter.ai]
    reported_cost: {field: cost, per_usd: 1, byok: details.upstream}
    routes:
    - {path: "**/chat/completions", dialect: openai_chat}
    models:
      some/model:
      - {input: 1, output: 2}
  plan:
    name: A subscription
    hosts: [plan.example]
    billing: subscription
    prices_from: [openai]
    routes:
    - {path: "**/chat/completions", dialect: openai_chat}
  gcp.gemini:
    name: Gemini
    hosts: [generativelanguage.googleapis.com]
    routes:
    - {path: "**/models/{model}:*", dialect: gemini}
    models:
      gemini-x:
      - {input: 1, output: 4}
"""


def book(text: str = TEXT) -> PriceBook:
    """The prices above, or others."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "pricing.yaml")
        path.write_text(text)
        return load(path, dialects=DIALECTS)


BOOK = book()
