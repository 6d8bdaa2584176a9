"""The events in a DuckDB file; the only package that imports duckdb. It does not know where events come from."""

from llmobs.store.connection import Reading, Row, Table, Writing, read, reading, saved, writing
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
