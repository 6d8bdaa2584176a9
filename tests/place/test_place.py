"""Places that a user can name: what becomes of the text, and what a folder or a bucket does."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmobs.place import Bucket, Folder, NoPlaceError, Place, PlaceError, is_url, place_of, trouble
from tests.testbed import bucket as server


@pytest.fixture(scope="module")
def s3() -> Iterator[server.Server]:
    """A server that speaks S3."""
    with server.serving() as serving:
        yield serving


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place of each kind, empty."""
    if request.param == "folder":
        return place_of(str(tmp_path / "calls"))
    server.use(request.getfixturevalue("s3"), monkeypatch)
    return place_of(f"s3://{server.NAME}/team/a/")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("/srv/calls", Folder(Path("/srv/calls"))),
        ("s3://bucket", Bucket("bucket", "")),
        ("s3://bucket/a/b/", Bucket("bucket", "a/b")),
    ],
)
def test_named(text: str, place: Place) -> None:
    """A path is a folder, s3:// a bucket with its prefix."""
    assert place_of(text) == place
    assert str(place) == text.rstrip("/")
    assert is_url(text) is text.startswith("s3")


@pytest.mark.parametrize("text", ["gs://bucket/x", "s3:///x", "s3:/bucket/x", "https://host/x"])
def test_no_place(text: str) -> None:
    """Any other address is refused with what to write instead."""
    with pytest.raises(NoPlaceError, match=r"write a folder, or s3://BUCKET/PREFIX"):
        place_of(text)


def test_put_again_and_remove(place: Place, tmp_path: Path) -> None:
    """A file is there under its name, once however often it is put, until it is removed, which may be done twice."""
    file = tmp_path / "file"
    file.write_bytes(b"rows")
    for name in ("events/day=2026-11-20/a-1.parquet", "events/day=2026-11-19/a-1.parquet", "other/x.parquet"):
        place.put(name, file)
        place.put(name, file)
    place.put("events/readme.txt", file)

    assert place.names("events") == ["events/day=2026-11-19/a-1.parquet", "events/day=2026-11-20/a-1.parquet"]
    assert place.names("nothing") == []
    assert place.address("events/x.parquet") == f"{place}/events/x.parquet"
    for _ in range(2):
        place.remove("events/day=2026-11-19/a-1.parquet")
    assert place.names("events") == ["events/day=2026-11-20/a-1.parquet"]


def test_rights_of_a_folder(tmp_path: Path) -> None:
    """What is put into a shared folder has its rights, whatever the proxy's own files have."""
    (tmp_path / "file").write_bytes(b"rows")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2775)
    mask = os.umask(0o077)
    try:
        Folder(tmp_path / "shared").put("events/day=2026-11-20/a.parquet", tmp_path / "file")
    finally:
        os.umask(mask)

    rights = {each.name: each.stat().st_mode & 0o7777 for each in (tmp_path / "shared").rglob("*")}
    assert rights == {"events": 0o2775, "day=2026-11-20": 0o2775, "a.parquet": 0o664}


def test_folder_that_can_not_be_written(tmp_path: Path) -> None:
    """A path that is taken by a file is told, and no draft is left."""
    (tmp_path / "events").write_bytes(b"")
    (tmp_path / "file").mkdir()

    with pytest.raises(PlaceError, match=r"can't be written: .*; see to the folder"):
        Folder(tmp_path).put("events/x.parquet", tmp_path / "events")
    with pytest.raises(PlaceError, match="can't be removed"):
        Folder(tmp_path).remove("file")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events", "file"]


def test_no_bucket(s3: server.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bucket that is not there is named, with what to do."""
    server.use(s3, monkeypatch)
    place = place_of("s3://not-there/x")

    with pytest.raises(NoPlaceError, match="make the bucket not-there, or name another"):
        place.names("events")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NoPlaceError, match="make the bucket not-there, or name another"):
        place.put("x.parquet", tmp_path / "file")


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is told with the variable that names it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server.use_nobody(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}")

        with pytest.raises(PlaceError, match="the server does not answer: see to AWS_ENDPOINT_URL"):
            place_of("s3://bucket/x").names("events")


@pytest.mark.parametrize(
    ("error", "told"),
    [(PermissionError("Forbidden"), "is not allowed to these AWS credentials"), (ValueError("odd"), "ValueError: odd")],
)
def test_other_trouble(error: Exception, told: str) -> None:
    """Missing rights are told as such, and what nobody foresaw in its own words."""
    with pytest.raises(PlaceError, match=told), trouble.explained("s3://bucket/x", "bucket"):
        raise error


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without s3fs a bucket says what to install, whatever it is asked."""
    monkeypatch.setitem(sys.modules, "s3fs", None)

    for use in (Bucket("b", "").prepare, lambda: Bucket("b", "").put("x", tmp_path)):
        with pytest.raises(PlaceError, match=r"^s3://b needs a library: pip install"):
            use()
