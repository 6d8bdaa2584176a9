"""Costs that are reckoned anew: statements that put them into the rows and keep the former ones; it opens nothing."""

from llmobs.columns import COLUMNS
from llmobs.event import Charge

# What a row gets anew, and what is kept of the former.
RENEWED = (
    "operation", "model", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "reasoning_tokens", "charges", "cost_usd", "list_cost_usd", "cost_status", "price_version",
)  # fmt: skip
KEPT = ("cost_usd", "list_cost_usd", "cost_status", "model", "price_version", "charges")
# The row must be as it was when its new costs were reckoned: a batch that was settled since carries none any more.
WAS = {"was_status": "cost_status", "was_cost_usd": "cost_usd"}


def _kinds(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}" {COLUMNS[name][0]}' for name in names)


def _renewed() -> str:
    """The file of new costs as a table; a charge is a JSON array."""
    kinds = {name: "JSON[]" if name == "charges" else COLUMNS[name][0] for name in RENEWED}
    was = {name: COLUMNS[column][0] for name, column in WAS.items()}
    charge = ", ".join(f"'{field}': line->>{at}" for at, field in enumerate(Charge._fields))
    names = ", ".join(f'"{name}"' for name in ("event_id", *RENEWED, *WAS))
    values = names.replace('"charges"', f"[{{{charge}}} FOR line IN charges]::{COLUMNS['charges'][0]} AS charges")
    source = f"read_json(?, format = 'newline_delimited', columns = { ({'event_id': 'VARCHAR'} | kinds | was) })"
    return f"CREATE TEMP TABLE renewed AS SELECT {values} FROM {source}"  # noqa: S608


def _keep() -> str:
    kept = ", ".join(f"events.{name}" for name in KEPT)
    return f"INSERT INTO repricings SELECT events.event_id, ?, {kept} FROM events, renewed WHERE {_THE_SAME}"  # noqa: S608


_THE_SAME = " AND ".join(
    [
        "events.event_id = renewed.event_id",
        *(f"events.{new} IS NOT DISTINCT FROM renewed.{was}" for was, new in WAS.items()),
    ]
)
TABLE = f"CREATE TABLE IF NOT EXISTS repricings (event_id VARCHAR, repriced_at TIMESTAMP, {_kinds(KEPT)})"
READ = _renewed()
KEEP = _keep()
RENEW = f"UPDATE events SET {', '.join(f'{name} = renewed.{name}' for name in RENEWED)} FROM renewed WHERE {_THE_SAME}"  # noqa: S608
CHANGED = f"SELECT events.event_id, events.started_at FROM events, renewed WHERE {_THE_SAME}"  # noqa: S608
