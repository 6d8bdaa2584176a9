"""What a call asked and was answered, as JSON text to keep: read, made safe, cut to size; it stores nothing itself."""

from llmobs.content.content import Content, Mode

__all__ = ["Content", "Mode"]
