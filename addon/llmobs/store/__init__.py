"""The events in a DuckDB file; the only package that imports duckdb. It does not know where events come from."""

from llmobs.store.archiving import Sums, sums
from llmobs.store.changes import Writing
from llmobs.store.connection import Source, read, reading, source_of, vacuumed, writing
from llmobs.store.dimensions import DIMENSIONS, PERIODS
from llmobs.store.errors import (
    BadRowError,
    CorruptError,
    ForeignError,
    FullError,
    LockedError,
    MissingError,
    NewerError,
    ReadOnlyError,
    StoreError,
)
from llmobs.store.publication import Publication
from llmobs.store.question import Reading, Row, Table, merge, saved

__all__ = [
    "DIMENSIONS",
    "PERIODS",
    "BadRowError",
    "CorruptError",
    "ForeignError",
    "FullError",
    "LockedError",
    "MissingError",
    "NewerError",
    "Publication",
    "ReadOnlyError",
    "Reading",
    "Row",
    "Source",
    "StoreError",
    "Sums",
    "Table",
    "Writing",
    "merge",
    "read",
    "reading",
    "saved",
    "source_of",
    "sums",
    "vacuumed",
    "writing",
]
