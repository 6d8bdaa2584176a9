"""What spending is summed up by, and the views `spent` and `caching`, which have it by calls or finished days.

It keeps nothing. A row is one call, or all calls of a day that are alike: who asks sums `calls`, and counts no rows.
"""

# ruff: noqa: S608 -- what is put into the statements are constants of this package and dates

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import duckdb

from llmobs.columns import USD_TYPE
from llmobs.store.dimensions import DIMENSIONS, wanted

# What single calls tell and their day does not: a question that has to do with it goes to the calls.
_FINE = {"run": "VARCHAR", "section": "VARCHAR", "hour": "TIMESTAMP", "minute": "TIMESTAMP", "tag": "VARCHAR"}
# column of `calls` -> its type: calls of one day that agree in all of these are one row.
KEYS: dict[str, str] = {
    "day": "DATE",
    "month": "DATE",
    **dict.fromkeys(
        (
            "model", "model_or_path", "provider", "host", "operation", "api_key", "key_name", "customer", "feature",
            "feature_version", "prompt_version", "experiment", "variant", "client", "region", "tier", "policy",
            "outcome", "error_type", "error_class", "cost_status",
        ),
        "VARCHAR",
    ),
    "status": "SMALLINT",
    **dict.fromkeys(
        (
            "failed", "refused", "from_cache", "sent", "error", "skipped_retry", "unknown_cost", "unknown_list_cost",
            "free", "price_gap",
        ),
        "BOOLEAN",
    ),
}  # fmt: skip

_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
_CACHING = "cached_input_tokens > 0 AND cost_usd > 0"
_FULL_RATE = "list_filter(charges, lambda line: line.unit = 'input')[1].rate_usd::DOUBLE"
_READ = "list_filter(charges, lambda line: line.unit = 'cached_input')[1]"
_WRITTEN = "list_filter(charges, lambda line: line.unit IN ('cache_write', 'cache_write_1h'))"
_SAVED = f"{_READ}.quantity::DOUBLE * ({_FULL_RATE} - {_READ}.rate_usd::DOUBLE) / {_READ}.per"
_EXTRA = f"list_sum([line.quantity::DOUBLE * (line.rate_usd::DOUBLE - {_FULL_RATE}) / line.per FOR line IN {_WRITTEN}])"
# Of calls that read from a cache at a cost: sum -> its type, and what one call adds to it. Told tokens are those of
# which both rates are known.
_OF_EACH: dict[str, tuple[str, str]] = {
    "caching_calls": ("BIGINT", "1"),
    "caching_input_tokens": ("BIGINT", "input_tokens"),
    "caching_read_tokens": ("BIGINT", "cached_input_tokens"),
    "caching_write_tokens": ("BIGINT", "cache_write_tokens"),
    "caching_untold_calls": ("BIGINT", f"({_FULL_RATE} IS NULL)::INT"),
    "caching_saved_usd": (USD_TYPE, f"TRY_CAST({_SAVED} AS {USD_TYPE})"),
    "caching_told_read_tokens": ("DOUBLE", f"CASE WHEN {_FULL_RATE} IS NOT NULL THEN {_READ}.quantity END"),
    "caching_write_extra_usd": (USD_TYPE, f"TRY_CAST({_EXTRA} AS {USD_TYPE})"),
    "caching_told_write_tokens": ("DOUBLE", f"list_sum([line.quantity FOR line IN {_WRITTEN}])"),
}
OF_CACHING = {name: (kind, f"CASE WHEN {_CACHING} THEN {adds} END") for name, (kind, adds) in _OF_EACH.items()}
# The same of all calls.
SUMS: dict[str, tuple[str, str]] = {
    "calls": ("BIGINT", "1"),
    **{name: ("BIGINT", name) for name in _TOKENS},
    "cost_usd": (USD_TYPE, "cost_usd"),
    "list_cost_usd": (USD_TYPE, "list_cost_usd"),
    "square_usd": ("DOUBLE", "cost_usd::DOUBLE ** 2"),
}


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# view -> what it sums up; what caching saved is apart, as all these expressions take their time to plan.
VIEWS: dict[str, dict[str, tuple[str, str]]] = {"spent": SUMS, "caching": OF_CACHING}
_UNTOLD = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in _FINE.items())
_CHOICE = " AND ".join(wanted(name, f'"{name}"::VARCHAR') for name in DIMENSIONS if name in KEYS)


def by_call(sums: Mapping[str, tuple[str, str]]) -> str:
    """The query of these sums, each call a row."""
    adds = ", ".join(f'({adds})::{kind} AS "{name}"' for name, (kind, adds) in sums.items())
    return (
        f"SELECT {_names(KEYS)}, started_at AS first_at, started_at AS last_at, {adds}, {_names(_FINE)} FROM selected"
    )


def _by_day(sums: Iterable[str]) -> str:
    return f"SELECT {_names((*KEYS, 'first_at', 'last_at', *sums))}, {_UNTOLD} FROM main.daily WHERE {_CHOICE}"


_ASKED = f"""
SELECT
    TRY_CAST(getvariable('since') AS TIMESTAMP),
    TRY_CAST(getvariable('until') AS TIMESTAMP),
    coalesce(list_has_any(getvariable('by_columns')::VARCHAR[], {list(_FINE)}), false)
    OR {" OR ".join(f"getvariable('only_{name}') IS NOT NULL" for name in _FINE)}
"""
# Each part of the view takes some milliseconds to plan, which a week of calls takes to read.
_WORTH_DAYS = 14
# Days that follow each other: the first, and the one after the last.
type Range = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the SQL variables ask, as far as it decides what is read; `fine` is what a day's sums do not tell."""

    since: datetime | None
    until: datetime | None
    fine: bool


def asked(db: duckdb.DuckDBPyConnection) -> Asked:
    """What is asked now."""
    return Asked(*db.execute(_ASKED).fetchall()[0])


def held(done: Sequence[date], about: Asked) -> list[Range]:
    """Which of the days that `daily` has, in order, answer it; none where so few do that the calls are read as fast."""
    days = [] if about.fine else [day for day in done if _whole(day, about)]
    return ranges(days) if len(days) >= _WORTH_DAYS else []


def lend(db: duckdb.DuckDBPyConnection, days: Sequence[Range]) -> None:
    """Make the views anew, with the sums of these days and the calls of all others."""
    for view, sums in VIEWS.items():
        parts = [f"{_by_day(sums)} AND day >= '{first}' AND day < '{end}'" for first, end in days]
        parts += [f"{by_call(sums)} WHERE {condition}" for condition in outside(days)]
        db.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL '.join(parts)}")


def ranges(days: Iterable[date]) -> list[Range]:
    """Days in order as the ranges that they make."""
    found: list[Range] = []
    for day in days:
        first = found.pop()[0] if found and found[-1][1] == day else day
        found.append((first, day + timedelta(days=1)))
    return found


def outside(days: Sequence[Range]) -> Iterator[str]:
    """Conditions of `started_at` that cut out all time but these ranges, each a range of its own."""
    starts, ends = [None, *(end for _, end in days)], [*(first for first, _ in days), None]
    for start, end in zip(starts, ends, strict=True):
        bounds = [f"started_at >= '{start}'"] * (start is not None) + [f"started_at < '{end}'"] * (end is not None)
        yield " AND ".join(bounds) or "true"


def _whole(day: date, about: Asked) -> bool:
    """Whether all of a day is in the period that is asked for."""
    begun = datetime.combine(day, time())
    ended = begun + timedelta(days=1)
    return (about.since is None or begun >= about.since) and (about.until is None or ended <= about.until)
