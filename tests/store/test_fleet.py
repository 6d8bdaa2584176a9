"""Folders and buckets as one database: what is read there, and what is said where that can't be."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from llmobs import store
from llmobs.columns import COLUMNS
from llmobs.event import to_row
from llmobs.place import Folder
from llmobs.store import parquet, publication
from tests.store.files import foreign, held
from tests.testbed import bucket
from tests.writer.calls import ended

IDS = "SELECT event_id FROM calls ORDER BY ALL"


@pytest.fixture(scope="module")
def s3() -> Iterator[bucket.Server]:
    """A server that speaks S3."""
    with bucket.serving() as serving:
        yield serving


def database(path: Path, *names: str) -> Path:
    """A database with these calls."""
    with store.writing(path) as db:
        db.load([to_row(ended(name)) for name in names], {})
    return path


def ids(source: store.Source) -> list[object]:
    """The calls there."""
    return [row[0] for row in store.read(source, IDS).rows]


def publish(path: Path, folder: Path) -> None:
    """Put what there is to publish into a folder."""
    with store.writing(path) as db:
        db.publish_to(str(folder), "here")
        found = db.following(path.parent / "staging")
    assert found
    for name in found.files:
        Folder(folder).put(name, found.folder / name)


def test_databases_of_a_folder(tmp_path: Path) -> None:
    """Several databases in a folder are one."""
    database(tmp_path / "a.duckdb", "a1", "a2")
    database(tmp_path / "b.duckdb", "b1")

    assert ids(tmp_path) == ["a1", "a2", "b1"]
    assert ids(str(tmp_path / "a.duckdb")) == ["a1", "a2"]
    assert store.source_of(str(tmp_path)) == tmp_path
    assert store.source_of("s3://a/b") == "s3://a/b"


def test_locked_database_of_a_folder(tmp_path: Path) -> None:
    """One that is locked is waited for, and named when that does not help."""
    path = database(tmp_path / "a.duckdb", "a1")

    with held(path), pytest.raises(store.LockedError, match=r"a\.duckdb is locked by"), store.reading(tmp_path, 0.1):
        pass


def test_foreign_database_in_a_folder(tmp_path: Path) -> None:
    """One of another program is named."""
    database(tmp_path / "a.duckdb", "a1")
    foreign(tmp_path / "b.duckdb")

    with pytest.raises(store.ForeignError, match=r"b\.duckdb is a database of another program"):
        ids(tmp_path)


def test_published_beside_a_database(tmp_path: Path) -> None:
    """Where calls might count twice, the way out is told."""
    publish(database(tmp_path / "a.duckdb", "a1"), tmp_path)

    with pytest.raises(store.StoreError, match=r"calls might count twice. Name the database, or move it"):
        ids(tmp_path)


@pytest.mark.parametrize("more", ["", "events", "else"])
def test_empty_folder(tmp_path: Path, more: str) -> None:
    """A folder without calls says what it looked for."""
    (tmp_path / more).mkdir(exist_ok=True)
    (tmp_path / more / "notes.txt").write_text("nothing")

    with pytest.raises(store.MissingError, match=r"holds no calls: neither files that a proxy publishes .* nor"):
        ids(tmp_path)


def test_wrong_addresses(s3: bucket.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address, a bucket that is not there and an empty one each get their sentence."""
    bucket.use(s3, monkeypatch)

    with pytest.raises(store.MissingError, match="write a folder, or s3://BUCKET/PREFIX"):
        ids("gs://bucket")
    with pytest.raises(store.MissingError, match="make the bucket other, or name another"):
        ids("s3://other/calls")
    with pytest.raises(store.MissingError, match=f"s3://{bucket.NAME} holds no calls"):
        ids(f"s3://{bucket.NAME}")


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is told, not shown as a traceback."""
    bucket.use_nobody(monkeypatch, "http://127.0.0.1:1")

    with pytest.raises(store.StoreError, match="the server does not answer"):
        ids("s3://other/calls")


def test_damaged_file(tmp_path: Path) -> None:
    """A file that is no Parquet is named."""
    file = tmp_path / parquet.name(publication.EVENTS, date(2026, 11, 20), "a", 1)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"nothing")

    with pytest.raises(store.StoreError, match=r"a-00000001"):
        ids(tmp_path)


def test_files_of_an_older_version(tmp_path: Path) -> None:
    """Files with fewer columns are read beside those of today, theirs being NULL."""
    older = list(COLUMNS)[:40]
    (tmp_path / "db").mkdir()
    path = database(tmp_path / "db" / "a.duckdb", "new")
    folder = tmp_path / "published"
    publish(path, folder)
    old = folder / parquet.name(publication.EVENTS, date(2026, 1, 1), "old", 1).replace(f".{len(COLUMNS)}.", ".40.")
    old.parent.mkdir(parents=True)
    with duckdb.connect() as db:
        columns = ", ".join(f'"{name}"' for name in older)
        db.execute(f"ATTACH '{path}' AS a (READ_ONLY)")
        rows = f"SELECT {columns} FROM (SELECT * REPLACE ('old' AS event_id) FROM a.events)"
        db.execute(f"COPY ({rows}) TO '{old}' (FORMAT parquet)")

    answer = store.read(folder, "SELECT event_id, model, section FROM calls ORDER BY ALL")
    assert answer.rows == [("new", "gpt-4o", None), ("old", "gpt-4o", None)]


def test_names() -> None:
    """A file without a number of columns in its name is taken for one of today."""
    assert parquet.rows(["a.parquet"]) == parquet.rows([f"a.{len(COLUMNS)}.parquet"]).replace(f".{len(COLUMNS)}.", ".")
    assert parquet.day_of("x/events/day=2026-11-20/a-1.61.parquet") == "2026-11-20"


def test_a_repriced_call(tmp_path: Path) -> None:
    """New costs of a published call are published as a revision, also beside untouched days."""
    home, folder = tmp_path / "db", tmp_path / "published"
    home.mkdir()
    path = home / "a.duckdb"
    with store.writing(path) as db:
        db.load([to_row(ended("a")), to_row(ended("b")), to_row(ended("c", 2000))], {})
    publish(path, folder)
    lines = home / "lines"
    lines.write_text(
        '{"event_id":"a","operation":"chat","model":"gpt-4o","charges":[],"cost_usd":"7","list_cost_usd":"7",'
        '"cost_status":"exact","was_status":"exact","was_cost_usd":"0.0025"}\n'
    )
    with store.writing(path) as db:
        db.reprice(lines, ended("a").started_at.replace(tzinfo=None))
        found = db.following(home / "staging", 1)
    assert found
    for name in found.files:
        Folder(folder).put(name, found.folder / name)

    costs = "SELECT event_id, cost_usd::VARCHAR FROM calls ORDER BY ALL"
    assert store.read(folder, costs).rows == store.read(path, costs).rows
    assert [name.split("/")[0] for name in found.files] == ["revisions"]

    for name in Folder(folder).names("events"):
        if "2026-11-20" in name:
            Folder(folder).remove(name)
    assert [row[0] for row in store.read(folder, costs).rows] == ["a", "c"]  # a bucket's own rule may remove old files
