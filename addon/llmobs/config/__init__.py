"""YAML files of a user: read with the line of each key, checked, and told what to write; not what they mean."""

from llmobs.config.document import Document, read, text_of
from llmobs.config.problem import ConfigError, KeyPath, Problem, did_you_mean, dotted
from llmobs.config.shape import Row, validated

__all__ = [
    "ConfigError",
    "Document",
    "KeyPath",
    "Problem",
    "Row",
    "did_you_mean",
    "dotted",
    "read",
    "text_of",
    "validated",
]
