from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import CostStatus, Outcome, to_row
from tests.writer.calls import AT, running

TOLD = {"request_model": "m1", "customer_id": "acme", "tags": '{"feature":"chat","team":"red"}'}
MOMENT = f"{AT:%Y-%m-%d %H:%M:%S}"
HOUR = AT.replace(minute=0, second=0, microsecond=0, tzinfo=None)
UNKNOWN = replace(running("1"), **TOLD)
REFUSED = replace(
    running("2"), request_model=None, cost_usd=Decimal(0), cost_status=CostStatus.EXACT, policy="budget:all"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a call of unknown cost and one that was refused."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(UNKNOWN), to_row(REFUSED)], {})
    return path


def asked(path: Path, sql: str, **variables: object) -> list[tuple[object, ...]]:
    """What a query gives over a connection for reading."""
    with store.reading(path) as db:
        return db.query(sql, variables=variables).rows


def test_names_of_a_call(path: Path) -> None:
    """A call has the names under which reports know it, and what is derived from its event."""
    [found] = asked(
        path,
        "SELECT model, provider, customer, feature, hour, day::VARCHAR, month::VARCHAR, refused, unknown_cost "
        "FROM calls WHERE model IS NOT NULL",
    )

    assert found == ("m1", UNKNOWN.host, "acme", "chat", HOUR, f"{AT:%Y-%m-%d}", f"{AT:%Y-%m-01}", False, True)
    assert asked(path, "SELECT refused, unknown_cost FROM calls WHERE model IS NULL") == [(True, False)]


@pytest.mark.parametrize(
    ("variables", "calls"),
    [
        ({}, 2),
        ({"since": MOMENT}, 2),
        ({"until": MOMENT}, 0),
        ({"since": "nonsense"}, 2),
        ({"only_model": "m."}, 1),
        ({"only_model": "m"}, 0),
        ({"only_model": ""}, 1),
        ({"only_outcome": "ok", "only_customer": "acme"}, 1),
        ({"tag_name": "team", "only_tag": "red"}, 1),
        ({"tag_name": "team", "only_tag": ""}, 1),
    ],
)
def test_choice(path: Path, variables: dict[str, object], calls: int) -> None:
    """The SQL variables choose calls by time, and by regular expressions that have to match as a whole."""
    assert asked(path, "SELECT count(*) FROM selected", **variables) == [(calls,)]


def test_without_the_program(path: Path) -> None:
    """The views are in the database, for whoever opens it by other means."""
    with duckdb.connect(path, read_only=True) as db:
        assert db.execute("SELECT count(*), count(model) FROM selected").fetchall() == [(2, 1)]


def test_older_database(tmp_path: Path) -> None:
    """A database without the newest columns and the views can be read as if they were there and empty."""
    path = tmp_path / "old.duckdb"
    names = [name for name in COLUMNS if name not in ("content", "experiment_id")]
    with store.writing(path) as db:
        db.load([to_row(replace(UNKNOWN, outcome=Outcome.ERROR))], {})
    with duckdb.connect(path) as db:
        for view in ("selected", "calls"):
            db.execute(f"DROP VIEW {view}")
        db.execute(f"CREATE OR REPLACE TABLE events AS SELECT {', '.join(names)} FROM events")

    assert asked(path, "SELECT experiment, failed FROM selected") == [(None, True)]


def test_each_dimension_is_a_column(path: Path) -> None:
    """What can be grouped by is there under its name."""
    names = {str(name) for (name, *_) in asked(path, "DESCRIBE selected")}

    assert {*store.DIMENSIONS, *store.PERIODS, "tag"} <= names
