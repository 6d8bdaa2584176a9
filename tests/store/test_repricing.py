"""New costs put into stored rows, with the former ones kept, all or nothing."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from llmobs import store
from llmobs.event import to_row
from llmobs.store.repricing import RENEWED
from tests.writer.calls import ended

AT = datetime(2026, 11, 21)  # noqa: DTZ001 -- as the table has it


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with two priced calls."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(ended(key)) for key in ("a", "b")], {"s": 1})
    return path


def renewed(folder: Path, **more: object) -> Path:
    """A file with the new cost of the first call."""
    line: dict[str, object] = dict.fromkeys(RENEWED) | {"event_id": "a", "model": "gpt-4o", "operation": "chat"}
    line |= {"input_tokens": 1000, "charges": [["input", "1000", "5", 1000000, "0.005"]], "cost_usd": "0.005"}
    line |= {"cost_status": "exact", "was_status": "exact", "was_cost_usd": "0.002500000000000"}
    file = folder / "lines"
    file.write_text(json.dumps(line | more) + "\n")
    return file


def costs(database: Path) -> list[store.Row]:
    """The cost of each call, and the rate of its first charge."""
    return store.read(database, "SELECT event_id, cost_usd, charges[1].rate_usd FROM events ORDER BY 1").rows


def test_new_cost(database: Path, tmp_path: Path) -> None:
    """The row has its new cost, the former one is kept with the time, and the other row is untouched."""
    with store.writing(database) as db:
        assert db.reprice(renewed(tmp_path), AT) == 1
        assert db.marks() == {"s": 1}

    assert costs(database) == [("a", Decimal("0.005"), 5), ("b", Decimal("0.0025"), Decimal("2.5"))]
    kept = "SELECT event_id, repriced_at, cost_usd, cost_status, model, charges[1].rate_usd FROM repricings"
    assert store.read(database, kept).rows == [("a", AT, Decimal("0.0025"), "exact", "gpt-4o", Decimal("2.5"))]


@pytest.mark.parametrize("was", [{"was_status": "partial"}, {"was_cost_usd": None}, {"event_id": "gone"}])
def test_row_that_is_another_one_by_now(database: Path, tmp_path: Path, was: dict[str, object]) -> None:
    """A row whose cost was settled since stays as it is, and nothing is kept of it."""
    before = costs(database)
    with store.writing(database) as db:
        assert db.reprice(renewed(tmp_path, **was), AT) == 0

    assert costs(database) == before
    assert store.read(database, "SELECT * FROM repricings").rows == []


def test_all_or_nothing(database: Path, tmp_path: Path) -> None:
    """Where the file can't be read to its end, no row has a new cost."""
    before, file = costs(database), renewed(tmp_path)
    file.write_text(file.read_text() + '{"event_id": "b", "cost_usd": "much"}\n')
    with pytest.raises(store.StoreError), store.writing(database) as db:
        db.reprice(file, AT)

    assert costs(database) == before


def test_older_database(database: Path) -> None:
    """A database of an older version gets the table of former costs."""
    with duckdb.connect(database) as db:
        db.execute("DROP TABLE repricings; UPDATE meta SET value = '1' WHERE key = 'schema'")

    with store.writing(database):
        pass

    assert store.read(database, "SELECT count(*) FROM repricings").rows == [(0,)]


def test_saved_rows(database: Path, tmp_path: Path) -> None:
    """What a query gives is read from a file, part by part, while the database is closed."""
    file = tmp_path / "it's a file"
    with store.reading(database) as db:
        count = db.save("SELECT event_id, charges FROM events WHERE event_id <> getvariable('no')", file, {"no": "x"})
    with store.writing(database):
        parts = list(store.saved(file, 1))

    assert count == 2
    assert [row[0] for [row] in parts] == ["a", "b"]
    assert parts[0][0][1] == store.read(database, "SELECT charges FROM events").rows[0][0]
