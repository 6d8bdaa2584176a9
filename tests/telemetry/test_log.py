import json
import os
import stat
from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.telemetry.log import LogFile, open_sink
from tests.telemetry.calls import call
from tests.telemetry.test_otlp import settings


def ids(path: Path) -> list[str]:
    """The ids of the calls in a log."""
    return [json.loads(text)["event_id"] for text in path.read_text().splitlines()]


def test_lines_are_appended_to_a_file_of_ones_own(tmp_path: Path) -> None:
    """Each call is a line after those that were there, in a file that nobody else may read."""

    path = tmp_path / "calls.jsonl"
    for event_id in ("1", "2"):
        log = open_sink(settings(log=str(path)))
        log.hear(call(event_id=event_id))
        log.close()

    assert ids(path) == ["1", "2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_that_is_moved_begins_anew(tmp_path: Path) -> None:
    """After a rotation lines go to a new file at the old place, whether the old one was moved or removed."""

    path, file = tmp_path / "calls.jsonl", LogFile(tmp_path / "calls.jsonl")
    assert file.write([call(event_id="1")]) is None
    path.rename(tmp_path / "calls.1")
    assert file.write([call(event_id="2")]) is None
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(path)
    assert file.write([call(event_id="3"), call(event_id="4")]) is None
    file.close()
    file.close()

    assert (ids(tmp_path / "calls.1"), ids(path)) == (["1"], ["3", "4"])


def test_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    """`-` writes the lines to standard output, and leaves it open."""

    log = open_sink(settings(log="-"))
    log.hear(call())
    log.close()

    assert json.loads(capfd.readouterr().out)["event_id"] == "event-1"
    os.fstat(1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Lines that the disk does not take are lost, with one warning however many they are."""

    log = open_sink(settings(log="/dev/full"))
    for _ in range(3):
        log.outbox._hand_over([call()])
    log.close()

    (record,) = caplog.records
    assert record.message.startswith("llmobserve_log: /dev/full can't be written: No space left on device; rows are")


def test_a_cut_line_is_ended_first(tmp_path: Path) -> None:
    """A line that the disk took in part does not swallow the next one."""

    path = tmp_path / "calls.jsonl"
    file = LogFile(path)
    file.open()
    os.write(file._file, b'{"event_id":')
    file._torn = True
    assert file.write([call(event_id="2")]) is None
    file.close()

    assert path.read_text().splitlines()[0] == '{"event_id":'
    assert json.loads(path.read_text().splitlines()[1])["event_id"] == "2"


def test_a_file_that_cannot_be_stops_the_start(tmp_path: Path) -> None:
    """A log in a folder that is not there is refused, with what to write instead."""

    with pytest.raises(ConfigError, match="can't be written: No such file or directory; name a file in a folder"):
        open_sink(settings(log=str(tmp_path / "none" / "calls.jsonl")))


def test_a_log_that_hangs_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where lines can't be written in time the proxy ends all the same."""

    log = open_sink(settings(log=str(tmp_path / "calls.jsonl")))
    monkeypatch.setattr(log.outbox, "close", lambda timeout: False)
    log.close()

    assert os.fstat(log.file._file).st_size == 0
    log.file.close()
