"""The views that people and programs ask instead of the table; they name things, and neither open nor ask.

`calls` is one row per event under the names of the reports; `selected` is what the SQL variables leave of it, and
`spent_calls` what is to be summed up of that. `spent` is the same, or less of it where days are summed up already;
`caching` is what reading from providers' caches saved.
"""

from collections.abc import Mapping

import duckdb

from llmobs.columns import COLUMNS
from llmobs.store import spent
from llmobs.store.dimensions import DIMENSIONS, PERIOD, PERIODS, SAID, TAG, wanted

_NAMED = {**DIMENSIONS, **PERIODS, **SAID}
# A dimension under another name; the rest of the event keeps its own.
_RENAMED = {
    "api_key_id",
    "api_key_name",
    "customer_id",
    "run_id",
    "experiment_id",
    "variant_id",
    "service_tier",
    "status_code",
}
_KEPT = [name for name in COLUMNS if name not in _NAMED and name not in _RENAMED]

_COLUMNS = ", ".join(
    [*(f'events."{name}"' for name in _KEPT), *(f'{expression} AS "{name}"' for name, expression in _NAMED.items())]
)
_CHOICE = " AND ".join((*PERIOD, wanted("tag", TAG), *(wanted(name, f'"{name}"::VARCHAR') for name in DIMENSIONS)))


def creation(events: str = "events", kind: str = "VIEW") -> list[str]:
    """The statements that make the views, over `events` or what stands for it; `kind` is VIEW or TEMP VIEW."""
    return [
        f"CREATE OR REPLACE {kind} calls AS SELECT {_COLUMNS} FROM {events} AS events",  # noqa: S608
        f"CREATE OR REPLACE {kind} selected AS SELECT *, {TAG} AS tag FROM calls WHERE {_CHOICE}",  # noqa: S608
        f"CREATE OR REPLACE {kind} spent_calls AS {spent.by_call(spent.SUMS)}",
        f"CREATE OR REPLACE {kind} caching AS {spent.by_call(spent.OF_CACHING)}",
        f"CREATE OR REPLACE {kind} spent AS FROM spent_calls",
    ]


def lend(db: duckdb.DuckDBPyConnection, source: str = "events") -> None:
    """Give an open database these views for as long as it is open, though it may be older and only be read."""
    for statement in (*creation(source, "TEMP VIEW"), _selected_events(source)):
        db.execute(statement)


def _selected_events(source: str) -> str:
    """The same choice with the columns of the table, for those who take rows along."""
    dimensions = (wanted(name, f"({read})::VARCHAR") for name, read in DIMENSIONS.items())
    choice = " AND ".join((*PERIOD, wanted("tag", TAG), *dimensions))
    columns = ", ".join(f'events."{name}"' for name in COLUMNS)
    return f"CREATE OR REPLACE TEMP VIEW selected_events AS SELECT {columns} FROM {source} AS events WHERE {choice}"  # noqa: S608


def complete(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """What stands for a table of events with all columns, which an older one does not have."""
    there: Mapping[str, str] = {name: kind for name, kind, *_ in db.execute(f"DESCRIBE {table}").fetchall()}
    missing = [f'NULL::{kind} AS "{name}"' for name, (kind, _) in COLUMNS.items() if name not in there]
    return f"(SELECT *, {', '.join(missing)} FROM {table})" if missing else table  # noqa: S608
