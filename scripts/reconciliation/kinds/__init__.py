"""Every export that can be read, one entry each, the more particular first; the reader knows none of them by name."""

from scripts.reconciliation.kinds import anthropic, openai, openrouter

KINDS = (*openai.KINDS, *anthropic.KINDS, *openrouter.KINDS)
