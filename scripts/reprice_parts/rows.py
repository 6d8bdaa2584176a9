"""Rows of the database as events, and new costs as lines that the database takes; it prices nothing."""

from collections.abc import Sequence

import msgspec

from llmobs.event import Event, from_row
from llmobs.store.repricing import RENEWED, WAS

# All that decides a price, and what it decided.
_COLUMNS = (
    "event_id", "started_at", "host", "path", "method", "status_code", "provider", "operation", "request_model",
    "response_model", "model", "outcome", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "reasoning_tokens", "charges", "cost_usd", "list_cost_usd", "cost_status", "usage", "price_version",
    "service_tier", "job_id", "results_id", "region", "variant",
)  # fmt: skip
# An answer from the cache keeps what it saved then.
_PRICED = "events.provider IS NOT NULL AND cost_status <> 'pending' AND policy IS DISTINCT FROM 'cache'"
_ASKED = """
    started_at >= coalesce(getvariable('since')::TIMESTAMP, TIMESTAMP '0001-01-01')
    AND started_at < coalesce(getvariable('until')::TIMESTAMP, TIMESTAMP 'infinity')
    AND (getvariable('provider') IS NULL OR events.provider = getvariable('provider'))
    AND (getvariable('model') IS NULL
        OR list_contains([events.model, response_model, request_model], getvariable('model')))
"""
QUERY = f"""
SELECT {", ".join(f'events."{name}"' for name in _COLUMNS)} FROM events WHERE {_PRICED} AND {_ASKED}
"""  # noqa: S608 -- names of columns
# How many more calls a report counts.
OTHERS = f"SELECT count(*) FROM events WHERE ({_PRICED}) IS NOT TRUE AND {_ASKED}"  # noqa: S608 -- the same
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def event(row: Sequence[object]) -> Event:
    """A row of QUERY as the event it was."""
    return from_row(_COLUMNS, row)


def line(old: Event, new: Event) -> bytes:
    """A line of the file that `store.Writing.reprice` takes."""
    values = {name: getattr(new, name) for name in ("event_id", *RENEWED)}
    return _ENCODER.encode(values | {was: getattr(old, name) for was, name in WAS.items()}) + b"\n"
