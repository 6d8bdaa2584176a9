"""Finished events on their way into the database: spooled at once, loaded by a thread; it does not make them."""

from llmobs.spool import SpoolError
from llmobs.writer.inflight import InFlight
from llmobs.writer.writer import Writer, spool_of

__all__ = ["InFlight", "SpoolError", "Writer", "spool_of"]
