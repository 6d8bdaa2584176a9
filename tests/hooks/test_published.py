"""What the options say of publishing, and what the proxy does with it."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from llmobs import store
from llmobs.config import ConfigError
from llmobs.hooks.calls import Calls
from llmobs.hooks.published import target
from llmobs.place import Bucket, Folder
from llmobs.settings import OPTIONS, Settings
from tests.writer.calls import ended


def settings(**said: str) -> Settings:
    """The defaults, with these instead."""
    options = {option.name: option.default for option in OPTIONS} | {f"llmobserve_{k}": v for k, v in said.items()}
    return Settings.of(SimpleNamespace(**options))


@pytest.mark.parametrize(("every", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600)])
def test_where_and_how_often(every: str, seconds: int, tmp_path: Path) -> None:
    """A folder or a bucket, from time to time; nothing by itself."""
    assert target(settings()) is None
    folder = target(settings(publish=str(tmp_path), publish_every=every))
    assert folder
    assert (folder.place, folder.interval_s) == (Folder(tmp_path), seconds)
    bucket = target(settings(publish="s3://bucket/x"))
    assert bucket
    assert bucket.place == Bucket("bucket", "x")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"publish_every": "soon"}, "llmobserve_publish_every=soon is no time; write 30s, 5m or 1h"),
        ({"publish_every": "0s"}, "is no time"),
        ({"publish": "gs://bucket"}, "llmobserve_publish: gs://bucket is no place for files"),
    ],
)
def test_mistakes(said: dict[str, str], told: str) -> None:
    """What is no time or no place stops the start with what to write instead."""
    with pytest.raises(ConfigError, match=told):
        target(settings(**said))


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket without its library stops the start, rather than to fail later."""
    monkeypatch.setitem(sys.modules, "s3fs", None)

    with pytest.raises(ConfigError, match="needs a library"):
        target(settings(publish="s3://bucket"))


def test_rows_are_published_at_the_stop(tmp_path: Path) -> None:
    """Whatever was stored is published when the proxy stops, and to the old place when another is named."""
    calls = Calls(lambda event, authority: event, lambda: None)
    database = tmp_path / "events.duckdb"
    calls.open(database, target(settings(publish=str(tmp_path / "one"))))
    calls.writer.submit(ended("a"))
    calls.open(database, target(settings(publish=str(tmp_path / "two"))))
    calls.writer.submit(ended("b"))
    calls.close()

    ids = "SELECT event_id FROM calls ORDER BY ALL"
    assert store.read(tmp_path / "one", ids).rows == [("a",)]
    assert store.read(tmp_path / "two", ids).rows == [("a",), ("b",)]
