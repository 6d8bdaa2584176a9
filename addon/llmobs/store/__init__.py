"""The events in a DuckDB file; the only package that imports duckdb. It does not know where events come from."""

from llmobs.store.connection import Writing, read, reading, writing
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
from llmobs.store.question import Reading, Row, Table, saved

__all__ = [
    "BadRowError",
    "CorruptError",
    "ForeignError",
    "FullError",
    "LockedError",
    "MissingError",
    "NewerError",
    "ReadOnlyError",
    "Reading",
    "Row",
    "StoreError",
    "Table",
    "Writing",
    "read",
    "reading",
    "saved",
    "writing",
]
