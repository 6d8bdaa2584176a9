"""Request and answer leave the rows when their time is over; the rows stay, and the file does not grow."""

import json
import random
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from llmobs import store
from llmobs.event import to_row
from tests.writer.calls import AT, ended

TEXT = "SELECT event_id, content FROM events ORDER BY 1"


def test_old_content_goes(tmp_path: Path) -> None:
    """Content of calls that began before the time goes, any other stays, and so do the rows."""
    path = tmp_path / "events.duckdb"
    with store.writing(path) as db:
        db.load([to_row(structs.replace(ended(key, at), content='{"a":1}')) for key, at in (("a", 0), ("b", 10))], {})
        db.load([to_row(ended("c"))], {})

    with store.writing(path) as db:
        assert db.forget_content(AT + timedelta(minutes=5)) == 1
        assert db.forget_content(AT + timedelta(minutes=5)) == 0

    assert store.read(path, TEXT).rows == [("a", None), ("b", '{"a":1}'), ("c", None)]


def test_the_file_does_not_grow(tmp_path: Path) -> None:
    """The room of content that is gone is used again by what comes."""
    path, chance, sizes = tmp_path / "events.duckdb", random.Random(7), []
    for turn in range(12):
        rows = [to_row(structs.replace(ended(f"{turn}-{at}", turn), content=_noise(chance))) for at in range(20)]
        with store.writing(path) as db:
            db.load(rows, {})
            db.forget_content(AT + timedelta(minutes=turn - 1))
        sizes.append(path.stat().st_size)

    kept = 3 * 20 * 64_000
    assert store.read(path, "SELECT count(*), count(content) FROM events").rows == [(240, 40)]
    assert sizes[-1] <= max(sizes[3:6]) + kept // 2


def _noise(chance: random.Random) -> str:
    return json.dumps({"text": chance.randbytes(32_000).hex()})
