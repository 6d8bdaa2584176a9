"""Owners of spool files: alive while their process is, and taken over by one other when it is not."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from llmobs.spool import Owner, SpoolError, abandoned, living

_OWN = """
import sys; from pathlib import Path; from llmobs.spool import Owner
owner = Owner.new(Path(sys.argv[1]))
print(owner.name, flush=True)
sys.stdin.read()
"""


def test_living_owner(tmp_path: Path) -> None:
    """Nobody takes over the files of a living owner, in this process or another."""
    here = Owner.new(tmp_path / "spool")
    there = subprocess.Popen(
        [sys.executable, "-c", _OWN, tmp_path / "spool"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert there.stdout
    name = there.stdout.readline().strip()

    assert list(abandoned(tmp_path / "spool")) == []

    there.kill()
    there.communicate()
    (taken,) = abandoned(tmp_path / "spool")
    assert (taken.name, list(abandoned(tmp_path / "spool"))) == (name, [])
    taken.release()
    here.release()


def test_directory(tmp_path: Path) -> None:
    """The directory and the files in it are for this user only."""
    owner = Owner.new(tmp_path / "a/spool")

    assert (tmp_path / "a/spool").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "a/spool").iterdir()] == [0o600]
    owner.remove()


def test_directory_that_can_not_be_made(tmp_path: Path) -> None:
    """Where no file can be kept, the message says what to do."""
    (tmp_path / "file").touch()

    with pytest.raises(SpoolError, match="name a database elsewhere"):
        Owner.new(tmp_path / "file/spool")


def test_segments_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The tenth file comes after the ninth, and files of others are not among them."""
    owner = Owner.new(tmp_path)
    for number in (10, 9, 1):
        owner.segment(number).touch()
    (tmp_path / f"{owner.name}0.1.jsonl").touch()

    assert [path.name.split(".")[1] for path in owner.segments()] == ["1", "9", "10"]
    owner.release()


def test_removal(tmp_path: Path) -> None:
    """All files of an owner go with it."""
    owner = Owner.new(tmp_path)
    owner.segment(1).touch()

    assert not owner.removed
    owner.remove()

    assert list(tmp_path.iterdir()) == []


def test_lock_file_that_someone_deleted(tmp_path: Path) -> None:
    """An owner knows when its lock file is deleted; files without a lock file are abandoned."""
    owner = Owner.new(tmp_path)
    owner.segment(1).touch()
    (tmp_path / f"{owner.name}.lock").unlink()

    assert owner.removed
    (taken,) = abandoned(tmp_path)
    assert (taken.name, taken.segments()) == (owner.name, [owner.segment(1)])
    taken.remove()
    owner.release()


def test_other_files_in_the_directory(tmp_path: Path) -> None:
    """Files that are no owner's are left alone."""
    (tmp_path / "rejected.jsonl").touch()

    assert list(abandoned(tmp_path)) == []


def test_two_that_look_for_the_same_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets the lock of a file that the other has just removed does not have the owner."""
    Owner.new(tmp_path).release()
    flock = fcntl.flock

    def removed_meanwhile(descriptor: int, how: int) -> None:
        for path in tmp_path.iterdir():
            path.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)

    assert list(abandoned(tmp_path)) == []


def test_new_owner_beside_one_that_looks_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose new lock file is taken for an abandoned one takes another name."""
    flock, calls = fcntl.flock, []

    def taken_once(descriptor: int, how: int) -> None:
        calls.append(how)
        if len(calls) == 1:
            raise BlockingIOError
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", taken_once)
    owner = Owner.new(tmp_path)

    assert (len(calls), owner.removed) == (2, False)
    owner.release()


def test_living_owners_are_seen(tmp_path: Path) -> None:
    """Whoever looks sees the living with their files in order; the dead, and locks that can't be read, are not."""
    owner, dead = Owner.new(tmp_path), Owner.new(tmp_path)
    dead.release()
    for number in (10, 9):
        owner.segment(number).touch()
    (tmp_path / "gone.lock").symlink_to(tmp_path / "nowhere")

    assert list(living(tmp_path)) == [(owner.name, [owner.segment(9), owner.segment(10)])]
    owner.release()


def test_a_look_takes_nothing(tmp_path: Path) -> None:
    """After a look the dead can still be taken over."""
    dead = Owner.new(tmp_path)
    dead.release()

    assert list(living(tmp_path)) == []
    (taken,) = abandoned(tmp_path)
    taken.release()
