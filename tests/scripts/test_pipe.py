"""Programs whose reader goes away."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmobs import store
from llmobs.event import to_row
from scripts import prices, reconcile, report, reprice
from scripts.console.pipe import piped
from tests.scripts.exports import MONDAY, bucket, call, completions, page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database and an export that differ."""
    with store.writing(tmp_path / "llmobserve.duckdb") as db:
        db.load([to_row(call("1", price_version="openai/none"))], {})
    (tmp_path / "export").write_text(page(bucket(MONDAY, completions("gpt-4o", 2, (2000, 0, 1000)))))
    return tmp_path


def closed(folder: Path, *command: str) -> tuple[int, str]:
    """Exit status and standard error of a program that writes into a pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, *command], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=folder, check=False
        )
    finally:
        os.close(writer)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        (report.__file__,),
        (report.__file__, "--json"),
        (report.__file__, "--csv"),
        (prices.__file__, "show", "gpt-4o"),
        (prices.__file__, "show", "gpt-4o", "--json"),
        (prices.__file__, "missing"),
        (reprice.__file__,),
        (reprice.__file__, "--json"),
        (reconcile.__file__, "export"),
        (reconcile.__file__, "export", "--csv"),
    ],
    ids=lambda command: " ".join((Path(command[0]).name, *command[1:])),
)
def test_nobody_reads(folder: Path, command: tuple[str, ...]) -> None:
    """A pipe that closes, as `| head` closes it, ends a program without a word and without a failure."""
    assert closed(folder, *command) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_no_room(folder: Path) -> None:
    """A full disk ends a program with a sentence."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, report.__file__]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=folder, check=False)

    assert ended.returncode == 1
    assert ended.stderr == "there is no room for what this program has to say: No space left on device\n"


def test_reader_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that nobody reads is no file error; what is left to say is dropped."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)

        assert piped(lambda: prices.main(["age"])) == 0


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 1), (errno.EIO, None)])
def test_trouble_with_the_disk(
    number: int, status: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has no room is told; any other failure of a file is the program's own."""

    def fail() -> int:
        raise OSError(number, os.strerror(number))

    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        if status is None:
            with pytest.raises(OSError, match="error"):
                piped(fail)
        else:
            assert piped(fail) == status
            assert "no room" in capsys.readouterr().err


def test_reader_that_stays() -> None:
    """The status of a program that is read to its end is its own."""
    assert piped(lambda: 3) == 3
