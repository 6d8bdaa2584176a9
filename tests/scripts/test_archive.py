"""Old calls move to files, or go: nothing is lost or doubled, and every report reads both."""

import fcntl
import os
import pty
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, to_row
from llmobs.place import Folder
from scripts import archive, report
from scripts.archive_parts import moving
from tests.store.files import held
from tests.testbed import bucket
from tests.writer.calls import ended

CALLS, DAYS = 60, 10
EVERYTHING = "SELECT * FROM calls ORDER BY event_id"
SCRIPT = Path(archive.__file__)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Ten days with six calls each."""
    path = tmp_path / "events.duckdb"
    noon = datetime.now(UTC).replace(hour=12, minute=0)
    events = [replace(ended(f"e{n:02}"), started_at=noon - timedelta(days=n % DAYS)) for n in range(CALLS)]
    with store.writing(path) as db:
        db.load([to_row(event) for event in events], {})
    return path


def run(database: Path, *arguments: object) -> int:
    """What the command line gives."""
    return archive.main(["--db", str(database), *map(str, arguments)])


def inside(database: Path) -> int:
    """The calls in the table itself."""
    with duckdb.connect(database, read_only=True) as db:
        return int(db.execute("SELECT count(*) FROM main.events").fetchall()[0][0])


def test_move(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Full days that are old enough move; all surfaces, DuckDB's own command line too, read both as before."""
    before = store.read(database, EVERYTHING)

    assert run(database, "--older-than", "3d", "--to", tmp_path / "old") == 0
    assert "36 calls moved to" in capsys.readouterr().out
    assert inside(database) == 24
    assert store.read(database, EVERYTHING) == before
    assert len(store.read(tmp_path / "old", EVERYTHING).rows) == 36
    with duckdb.connect(database, read_only=True) as db:
        assert db.execute("SELECT count(*), sum(cost_usd) FROM selected").fetchall()[0][0] == CALLS
    assert run(database, "--older-than", "2d") == 0
    assert inside(database) == 18
    assert store.read(database, EVERYTHING) == before
    assert report.main(["--db", str(database)]) == 0
    assert f"{CALLS} calls" in capsys.readouterr().out


def test_a_folder_with_archived_databases(database: Path, tmp_path: Path) -> None:
    """A folder of databases is read with their archives."""
    run(database, "--older-than", "3d", "--to", tmp_path / "old")

    assert len(store.read(tmp_path, EVERYTHING).rows) == CALLS


def test_dry_run(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run tells what would move and go, and writes nothing."""
    assert run(database, "--older-than", "3d", "--to", tmp_path / "old", "--dry-run", "--vacuum") == 0
    assert run(database, "--delete-older-than", "5d", "--dry-run") == 0
    told = capsys.readouterr().out

    assert "36 calls of 6 days before" in told
    assert "24 calls from" in told
    assert "would be deleted" in told
    assert inside(database) == CALLS
    assert not (tmp_path / "old").exists()


def test_nothing_to_move(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is old enough, that is said."""
    assert run(database, "--older-than", "2y", "--to", tmp_path / "old") == 0
    assert run(database, "--delete-older-than", "2y") == 0

    assert capsys.readouterr().out.splitlines()[0].startswith(f"{database}: 0 calls of 0 days")


def test_what_stays_and_what_comes_along(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pending calls stay, captured content goes along, and both are told."""
    old = datetime.now(UTC) - timedelta(days=30)
    pending = replace(ended("p"), started_at=old, cost_usd=None, charges=(), cost_status=CostStatus.PENDING)
    with store.writing(database) as db:
        db.load([to_row(pending), to_row(replace(ended("c"), started_at=old, content='{"a": 1}'))], {})

    assert run(database, "--older-than", "20d", "--to", tmp_path / "old") == 0
    told = capsys.readouterr().out
    assert "1 call without a final cost stays" in told
    assert "1 call takes captured content along" in told
    assert store.read(database, "SELECT content FROM calls WHERE event_id = 'c'").rows == [('{"a": 1}',)]
    assert inside(database) == CALLS + 1


def test_not_published_yet(database: Path, tmp_path: Path) -> None:
    """A call that other machines have not seen yet stays."""
    with store.writing(database) as db:
        db.publish_to("somewhere", "here")

    assert run(database, "--older-than", "3d", "--to", tmp_path / "old") == 0
    assert inside(database) == CALLS


def test_bucket(database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An archive may be in a bucket; the scripts read it, and the database's own views say who does."""
    before = store.read(database, EVERYTHING)
    with bucket.serving() as server:
        bucket.use(server, monkeypatch)

        assert run(database, "--older-than", "3d", "--to", f"s3://{bucket.NAME}/old") == 0
        assert store.read(database, EVERYTHING) == before
        assert run(database, "--delete-older-than", "5d", "--yes") == 0
        assert len(store.read(f"s3://{bucket.NAME}/old", EVERYTHING).rows) == 12
    with (
        duckdb.connect(database, read_only=True) as db,
        pytest.raises(duckdb.Error, match=f"older calls lie in s3://{bucket.NAME}/old, which the scripts read"),
    ):
        db.execute("SELECT count(*) FROM calls").fetchall()


def test_moved_archive(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that was moved is missed with the command that helps, and found again with it."""
    run(database, "--older-than", "3d", "--to", tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")

    with pytest.raises(store.StoreError, match=r"is not there.*archive\.py --to PLACE --moved"):
        store.read(database, EVERYTHING)
    with store.writing(database):
        pass  # the proxy goes on
    assert run(database, "--to", tmp_path / "wrong", "--moved") == 1
    assert run(database, "--to", tmp_path / "new", "--moved") == 0
    assert len(store.read(database, EVERYTHING).rows) == CALLS


def test_another_place(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An archive in two places is refused with what to do."""
    run(database, "--older-than", "5d", "--to", tmp_path / "old")

    assert run(database, "--older-than", "3d", "--to", tmp_path / "new") == 2
    assert f"older calls lie in {tmp_path / 'old'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--older-than", "3d"], 2, "where to? Write --to FOLDER"),
        ([], 2, "what is to be done?"),
        (["--moved"], 2, "where was it moved? Add --to PLACE"),
        (["--delete-older-than", "3d"], 2, "nobody is there to be asked; add --yes"),
    ],
)
def test_mistakes(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], status: int, told: str,
) -> None:  # fmt: skip
    """What makes no sense is told with what to write instead."""
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nobody)
        assert run(database, *arguments) == status
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--older-than", "soon"], ["--to", "gs://x"], ["--older-than", "0d"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    """An age or a place that is none ends the program."""
    with pytest.raises(SystemExit, match="2"):
        archive.main(arguments)


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is no database to archive."""
    assert run(tmp_path, "--vacuum") == 2
    assert "is no database file" in capsys.readouterr().err


def test_already_running(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second archiving of the same database is refused."""
    with database.with_name(f"{database.name}.archive.lock").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        assert run(database, "--vacuum") == 2
    assert "is being archived already" in capsys.readouterr().err


def test_delete(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Retention removes rows and files."""
    run(database, "--older-than", "5d", "--to", tmp_path / "old")

    assert run(database, "--delete-older-than", "3d", "--yes") == 0
    assert "36 calls from" in capsys.readouterr().out
    assert len(store.read(database, EVERYTHING).rows) == 24
    assert Folder(tmp_path / "old").names("archive") == []


def test_delete_without_an_archive(database: Path) -> None:
    """Retention needs no archive."""
    assert run(database, "--delete-older-than", "3d", "--yes") == 0
    assert len(store.read(database, EVERYTHING).rows) == 24


@pytest.mark.parametrize(("said", "left"), [(b"y\n", 24), (b"\n", CALLS)])
def test_asked(database: Path, monkeypatch: pytest.MonkeyPatch, said: bytes, left: int) -> None:
    """On a terminal it asks first, and anything but yes is no."""
    controller, terminal = pty.openpty()
    os.write(controller, said)
    with os.fdopen(terminal) as user:
        monkeypatch.setattr("sys.stdin", user)
        assert run(database, "--delete-older-than", "3d") == 0
    os.close(controller)

    assert inside(database) == left


def test_vacuum(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file gets smaller, with all its rows, views and comments, and the proxy goes on with it."""
    with store.writing(database) as db:
        db.load([to_row(replace(ended(f"x{n}"), path=f"/{n * 7919}" * 40)) for n in range(20_000)], {})
    run(database, "--delete-older-than", "3d", "--yes")
    before, size = store.read(database, EVERYTHING), database.stat().st_size

    assert run(database, "--vacuum") == 0
    assert database.stat().st_size < size / 2
    assert store.read(database, EVERYTHING) == before
    with store.writing(database) as db:
        db.load([to_row(ended("later"))], {})
    with duckdb.connect(database, read_only=True) as db:
        comments = "SELECT count(comment) FROM duckdb_columns() WHERE table_name = 'events'"
        assert db.execute("SELECT count(*) FROM selected").fetchall() == [(len(before.rows) + 1,)]
        assert db.execute(comments).fetchall()[0][0] > 50


def test_vacuum_of_a_locked_database(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another program holds is left as it is."""
    with held(database), pytest.raises(store.LockedError):
        store.vacuumed(database, 0.1)
    assert inside(database) == CALLS


def test_a_row_that_changes_meanwhile(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day whose rows change while its file is on its way is written again, and given up if that goes on."""
    loads = iter(range(100))

    def changing(place: Folder, name: str) -> store.Sums:
        found = sums(place, name)
        if (number := next(loads)) < limit:
            old = datetime.now(UTC) - timedelta(days=age)
            with store.writing(database) as db:
                db.load([to_row(replace(ended(f"late{number}"), started_at=old))], {})
        return found

    sums, limit, age = store.sums, 1, 9
    monkeypatch.setattr(store, "sums", changing)
    assert run(database, "--older-than", "8d", "--to", tmp_path / "old") == 0
    assert inside(database) == CALLS - 6
    limit, age = 100, 8
    monkeypatch.setattr(moving, "_TRIES", 2)
    assert run(database, "--older-than", "7d") == 1
    assert len(store.read(database, EVERYTHING).rows) > CALLS


def test_interrupted(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves everything where it can be found."""

    def stopped(place: object, name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "sums", stopped)

    assert run(database, "--older-than", "3d", "--to", tmp_path / "old") == 130
    assert len(store.read(database, EVERYTHING).rows) == CALLS


def test_kill_at_any_moment(database: Path, tmp_path: Path) -> None:
    """Whenever it is killed, every call is there once, and the next run goes on and leaves no file too many."""
    before = store.read(database, EVERYTHING)
    command = [sys.executable, str(SCRIPT), "--db", str(database), "--older-than", "1d", "--to", str(tmp_path / "old")]
    for number in range(5):
        process = subprocess.Popen([*command, "--vacuum"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5 + 0.3 * number)
        process.kill()
        process.wait()
        assert store.read(database, EVERYTHING) == before
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    assert store.read(database, EVERYTHING) == before
    assert len(store.read(tmp_path / "old", EVERYTHING).rows) == CALLS - 12
    assert inside(database) == 12


def test_an_unnamed_file_is_removed(database: Path, tmp_path: Path) -> None:
    """What a killed run put and did not name goes with the next run; files of others stay."""
    run(database, "--older-than", "8d", "--to", tmp_path / "old")
    [name] = Folder(tmp_path / "old").names("archive")
    file = tmp_path / "old" / name
    shutil.copy(file, file.with_name(file.name.replace("-00000001", "-00000099")))
    shutil.copy(file, file.with_name("stranger-00000001.61.parquet"))
    run(database, "--older-than", "7d")

    assert {each.rpartition("/")[2].partition("-")[2][:8] for each in Folder(tmp_path / "old").names("archive")} == {
        "00000001",
        "00000002",
    }


def test_migration_with_an_archive(database: Path, tmp_path: Path) -> None:
    """A database of an older version is brought up to date with its archive in view."""
    run(database, "--older-than", "3d", "--to", tmp_path / "old")
    with duckdb.connect(database) as db:
        db.execute("DROP VIEW selected; DROP VIEW calls; UPDATE meta SET value = '3' WHERE key = 'schema'")
    with store.writing(database):
        pass
    with duckdb.connect(database, read_only=True) as db:
        assert db.execute("SELECT count(*) FROM selected").fetchall() == [(CALLS,)]
