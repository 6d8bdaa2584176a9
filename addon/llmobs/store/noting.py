"""Tells those who keep something about the events of each change, in its transaction; it changes nothing itself."""

from collections.abc import Sequence

import duckdb

from llmobs.store import daily, publication


def note(db: duckdb.DuckDBPyConnection, source: str, params: Sequence[object] = (), *, fresh: bool) -> None:
    """Rows of a query of `event_id` and `started_at` are new, or about to be changed."""
    daily.undo_of(db, source, params)
    if publication.on(db):
        publication.note(db, source, params, fresh=fresh)
