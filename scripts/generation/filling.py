"""Fills the event table of a new database with made-up traffic, through DuckDB itself; it knows no command line.

Beside llmobs.store this is the one program that opens a database: the new file is its own, and it takes every core.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from llmobs import store
from llmobs.columns import USD_TYPE
from llmobs.pricing import PriceBook
from llmobs.store.errors import explained
from scripts.generation.calendar import hours
from scripts.generation.failures import FAILURES, REFUSALS
from scripts.generation.features import CUSTOMERS, FEATURES, SPENDER
from scripts.generation.layout import BLOCK, layout
from scripts.generation.models import LONGEST, MODELS, UNITS, rates

_FILES = ("macros.sql", "traffic.sql", "events.sql")
_MACROS, _TRAFFIC, _EVENTS = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES)
# Rows made at a time, sorted in memory: some 400 MB.
_BATCH = 40 * BLOCK

_FEATURES = (
    "name VARCHAR, key_name VARCHAR, client VARCHAR, models VARCHAR[], fallback VARCHAR, prefix BIGINT, fresh BIGINT, "
    "answer BIGINT, growth BIGINT, streamed DOUBLE, sections VARCHAR[], experiment VARCHAR, "
    "searches DOUBLE, feature_version VARCHAR"
)
_MODELS = (
    "name VARCHAR, provider VARCHAR, host VARCHAR, path VARCHAR, speaks VARCHAR, billing VARCHAR, asked VARCHAR, "
    "answered VARCHAR, ttft_ms DOUBLE, token_ms DOUBLE, reasoning DOUBLE, operation VARCHAR, tier VARCHAR, "
    "region VARCHAR, limited_by VARCHAR, requests_limit BIGINT, tokens_limit BIGINT"
)
_RATES = "name VARCHAR, since TIMESTAMP, until TIMESTAMP, price_model VARCHAR, version VARCHAR, " + ", ".join(
    f"{unit}_usd {USD_TYPE}, {unit}_each BIGINT" for unit in UNITS
)
_BLOCK = (
    "place BIGINT, session BIGINT, feature VARCHAR, step BIGINT, attempt INTEGER, failing BOOLEAN, elsewhere BOOLEAN, "
    "repeats BOOLEAN, back BIGINT, cached BOOLEAN, kept BOOLEAN"
)
_HOURS = "starts_at TIMESTAMP, low DOUBLE, high DOUBLE, day_share DOUBLE, burst BOOLEAN, spike BOOLEAN"
_FAILURES = "number BIGINT, error_class VARCHAR, status SMALLINT, error_type VARCHAR"
_REFUSALS = (
    "number BIGINT, kind VARCHAR, policy VARCHAR, status SMALLINT, error_type VARCHAR, error_class VARCHAR, "
    "reason VARCHAR"
)

# What only says which rows there are.
_OF_LAYOUT = {"weight", "length", "answered_from_cache", "asked_again"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: so many rows in the days before `ended`, naive UTC. The same plan gives the same rows."""

    rows: int
    days: int
    seed: int
    ended: datetime


def fill(file: Path, plan: Plan, book: PriceBook, done: Callable[[float], None]) -> None:
    """Make the database and write the rows; `done` is told how many after each batch."""
    with store.writing(file):
        pass  # it makes the tables
    with explained(file), duckdb.connect(file) as db:
        _prepare(db, plan, book)
        for first in range(0, plan.rows, _BATCH):
            end = min(first + _BATCH, plan.rows)
            _set(db, {"first_row": first, "end_row": end})
            db.execute(f"INSERT INTO events BY NAME {_EVENTS}")
            done(end - first)


def sum_up(file: Path, plan: Plan, done: Callable[[float], None]) -> None:
    """Sum up the finished days, as the proxy does; `done` is told of each."""
    with store.writing(file) as db:
        while db.sum_up(plan.ended.date()):
            done(1)


def _prepare(db: duckdb.DuckDBPyConnection, plan: Plan, book: PriceBook) -> None:
    _set(db, {"rows": plan.rows, "seed": plan.seed, "ended": plan.ended, "block": BLOCK, "longest": LONGEST})
    _set(db, {"customers": CUSTOMERS, "spender": SPENDER})
    db.execute(_MACROS)
    failures, refusals = (
        [(at, kind, *each) for kind, all_ in told.items() for at, each in enumerate(all_)]
        for told in (FAILURES, REFUSALS)
    )
    _table(db, "features", _FEATURES, _features())
    _table(db, "models", _MODELS, (model.row() for model in MODELS))
    _table(db, "rates", _RATES, rates(book, plan.ended - timedelta(plan.days), plan.ended))
    _table(db, "block", _BLOCK, layout(plan.seed))
    _table(db, "hours", _HOURS, hours(plan.ended, plan.days))
    _table(db, "failures", _FAILURES, failures)
    _table(db, "refusals", _REFUSALS, refusals)
    db.execute(_TRAFFIC)


def _set(db: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> None:
    for name, value in variables.items():
        db.execute(f"SET VARIABLE {name} = ?", [value])


def _table(db: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[Iterable[object]]) -> None:
    db.execute(f"CREATE TEMP TABLE {name} ({columns})")
    with db.appender(name) as appender:
        for row in rows:
            appender.append_row(*row)


def _features() -> Iterable[tuple[object, ...]]:
    for feature in FEATURES:
        told = asdict(feature)
        yield tuple(value for name, value in told.items() if name not in _OF_LAYOUT)
