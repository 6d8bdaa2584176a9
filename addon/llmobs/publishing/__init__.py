"""Events on their way from the database to where other machines read them; it does not know what a call is."""

from llmobs.publishing.publisher import Publisher

__all__ = ["Publisher"]
