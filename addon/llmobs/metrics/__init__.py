"""What has happened in this process in figures for a monitoring system; it does not know who asks for them."""

from llmobs.metrics.counts import Counts
from llmobs.metrics.exposition import Exposition, catalogue
from llmobs.metrics.overhead import Overhead
from llmobs.metrics.state import State

__all__ = ["Counts", "Exposition", "Overhead", "State", "catalogue"]
