"""Move older calls out of the database into Parquet files, which every report goes on reading; or delete them."""

import argparse
import fcntl
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from llmobs import store
from llmobs.place import Place, PlaceError, place_of
from llmobs.render import Screen, plural, progress

SCRIPTS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS.parent))

from scripts.archive_parts import moving  # noqa: E402
from scripts.console.ending import AskedError, ended  # noqa: E402
from scripts.console.pipe import piped  # noqa: E402

_EXAMPLES = """\
examples:
  archive.py --older-than 90d --to archive --dry-run   what would be moved; nothing is written
  archive.py --older-than 90d --to s3://company-llm/archive
  archive.py --older-than 90d --vacuum                 to the same place again, and make the file smaller
  archive.py --delete-older-than 2y                    asks first; --yes does not
  archive.py --to /mnt/new/archive --moved             the files lie elsewhere now
"""
_AGE = re.compile(r"([1-9]\d{0,4})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 where database or archive can't be used, 2 where an argument is wrong."""
    options = _options(arguments)
    stays = "; what is moved is moved, the rest stays. The same command goes on"
    return ended("archive", partial(_work, options), interrupted=stays, met=(PlaceError,))


def _work(options: argparse.Namespace) -> None:
    _check(options)
    with _alone(options.db):
        _run(options, Screen())


def _run(options: argparse.Namespace, screen: Screen) -> None:
    if options.moved:
        moving.begin(options.db, options.to)
        store.read(options.db, "SELECT count(*) FROM calls WHERE started_at < TIMESTAMP '0001-01-01'")
        screen.line(f"{options.db}: its archive is {options.to} now.")
    if options.older_than:
        _archive(options, screen)
    if options.delete_older_than:
        _delete(options, screen)
    if options.vacuum and not options.dry_run:
        before, after = store.vacuumed(options.db)
        screen.line(f"{options.db}: {_megabytes(before)} before, {_megabytes(after)} now.")


def _archive(options: argparse.Namespace, screen: Screen) -> None:
    place = _destination(options.to, moving.present(options.db))
    found = moving.days(options.db, options.older_than)
    wanted = [day for day in found if day.calls]
    calls = sum(day.calls for day in wanted)
    screen.line(f"{options.db}: {_told(calls, wanted)} before {options.older_than}.")
    _remark(found, screen)
    if options.dry_run or not wanted:
        return
    moving.begin(options.db, place)
    with progress("archiving", calls) as advance:
        moved = moving.move(options.db, place, wanted, advance)
    screen.line(f"{plural(moved, 'call')} moved to {place}, read again there and compared. The reports read both.")


def _destination(wanted: Place | None, present: Place | None) -> Place:
    if wanted is not None and present is not None and wanted != present:
        raise AskedError(f"older calls lie in {present}: bring these files to {wanted}, then say --to {wanted} --moved")
    if (place := wanted or present) is None:
        raise AskedError("where to? Write --to FOLDER or --to s3://BUCKET/PREFIX; the next time it is known")
    return place


def _told(calls: int, wanted: Sequence[moving.Day]) -> str:
    return f"{plural(calls, 'call')} of {plural(len(wanted), 'day')}"


def _remark(found: Sequence[moving.Day], screen: Screen) -> None:
    if pending := sum(day.pending for day in found):
        screen.line(f"{plural(pending, 'call')} without a final cost stay{'s' * (pending == 1)} in the database.")
    if contents := sum(day.contents for day in found):
        screen.line(f"{plural(contents, 'call')} take{'s' * (contents == 1)} captured content along: keep_days of the ")
        screen.line("policy file does not reach into an archive; run this after that time.")


def _delete(options: argparse.Namespace, screen: Screen) -> None:
    before = options.delete_older_than
    [(calls, first)] = store.read(
        options.db, "SELECT count(*), min(started_at)::DATE FROM calls WHERE started_at < ?::DATE", [before]
    ).rows
    if not calls:
        screen.line(f"{options.db}: no call is from before {before}.")
        return
    told = f"{plural(int(str(calls)), 'call')} from {first} until {before}, in the database and its archive"
    if options.dry_run:
        screen.line(f"{options.db}: {told}, would be deleted.")
    elif options.yes or _agreed(f"{options.db}: delete {told}? [y/N] "):
        moving.delete(options.db, moving.present(options.db), before)
        screen.line(f"{options.db}: {told}, are deleted.")
    else:
        screen.line("Nothing is deleted.")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise AskedError("nobody is there to be asked; add --yes to delete")
    return input(question).strip().lower() in {"y", "yes"}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """No other archiving of this database at the same time."""
    if not database.is_file():
        raise AskedError(f"{database} is no database file; folders and buckets are archives themselves")
    lock = os.open(database.with_name(f"{database.name}.archive.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AskedError(f"{database} is being archived already") from None
    finally:
        os.close(lock)


def _check(options: argparse.Namespace) -> None:
    if not (options.older_than or options.delete_older_than or options.vacuum or options.moved):
        raise AskedError(
            "what is to be done? --older-than 90d, --delete-older-than 2y, --vacuum, or --to PLACE --moved"
        )
    if options.moved and not options.to:
        raise AskedError("where was it moved? Add --to PLACE")


def _before(text: str) -> date:
    """The first day that is young enough; raises what argparse prints."""
    if age := _AGE.fullmatch(text):
        return datetime.now(UTC).date() - timedelta(days=int(age[1]) * _DAYS[age[2]])
    raise argparse.ArgumentTypeError(f"{text} is no age; write 90d, 12w or 2y")


def _place(text: str) -> Place:
    try:
        return place_of(text)
    except PlaceError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="archive.py", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", type=Path, default=Path("llmobserve.duckdb"), help="database (default: %(default)s)")
    parser.add_argument("--older-than", type=_before, metavar="AGE", help="move calls of full days: 90d, 12w, 2y; UTC")
    parser.add_argument("--to", type=_place, metavar="PLACE", help="folder or s3://BUCKET/PREFIX; it is remembered")
    parser.add_argument("--moved", action="store_true", help="with --to: the archive was moved there")
    parser.add_argument("--delete-older-than", type=_before, metavar="AGE", help="delete, also from the archive")
    parser.add_argument("--vacuum", action="store_true", help="make the file as small as what is in it")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--yes", action="store_true", help="delete without being asked")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(piped(main))
