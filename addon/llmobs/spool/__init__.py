"""Calls as JSON lines in append-only files that survive the process; knows neither what is in them nor the database."""

from llmobs.spool.owner import Owner, SpoolError, abandoned, living
from llmobs.spool.segment import Kind, Line, lines
from llmobs.spool.spool import Spool

__all__ = ["Kind", "Line", "Owner", "Spool", "SpoolError", "abandoned", "lines", "living"]
