"""Runs recordings through the real mitmdump with the addon, and pairs the rows it wrote with the recorded exchanges.

It reads the table as a user would and imports nothing of the product.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from tests.corpus.oracle import Case, cases
from tests.corpus.recording import Exchange, exchanges
from tests.testbed.forked import mitmdump

ROOT = Path(__file__).resolve().parents[2]
# A file of 850 exchanges takes seconds; minutes mean that something hangs.
TIMEOUT_S = 170

type Row = dict[str, object]
type Key = tuple[str, str, str, object, str]


@dataclass(frozen=True, slots=True)
class Replay:
    """One run over one file: how it ended, what it said, the cases of the recording and the rows there are."""

    har: Path
    returncode: int
    log: str
    cases: tuple[Case, ...]
    rows: tuple[Row, ...]

    @property
    def strays(self) -> tuple[Row, ...]:
        """Rows that belong to no exchange."""
        return paired(self.cases, self.rows)[1]


def replay(har: Path, folder: Path) -> Replay:
    """Read a HAR file with mitmdump and the addon, as `mitmdump -nr FILE -s addon/llmobserve.py`."""
    database = folder / f"{har.stem}.duckdb"
    options = [f"llmobserve_db={database}", f"confdir={folder / 'confdir'}"]
    arguments = ["-nr", str(har), "-s", str(ROOT / "addon" / "llmobserve.py")]
    for option in options:
        arguments += ["--set", option]
    log = folder / f"{har.stem}.log"
    with log.open("wb") as file:
        run = mitmdump(arguments, folder, file)
    try:
        returncode = run.wait(TIMEOUT_S)
    finally:
        run.kill()
        if run.stdin:
            run.stdin.close()
    return Replay(har, returncode, log.read_text(), tuple(cases(exchanges(har))), tuple(_rows(database)))


def _rows(database: Path) -> list[Row]:
    if not database.exists():
        return []
    with duckdb.connect(str(database), read_only=True) as connection:
        result = connection.execute("SELECT * FROM events ORDER BY rowid")
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def paired(found: Iterable[Case], rows: Iterable[Row]) -> tuple[list[tuple[Case, tuple[Row, ...]]], tuple[Row, ...]]:
    """Rows by case, and those that belong to none: by the id of the work or the line, the others by exchange."""
    order = list(found)
    by_job: dict[tuple[object, object], list[Row]] = defaultdict(list)
    for row in rows:
        by_job[row["provider"] if row["job_id"] else None, row["job_id"]].append(row)
    own = [
        [row for job in case.expected.jobs for row in by_job.pop((case.expected.provider, job), [])] for case in order
    ]
    told = {exchange.index: at for at, case in reversed(list(enumerate(order))) for exchange in case.exchanges}
    recorded = sorted({x.index: x for case in order for x in case.exchanges}.values(), key=lambda x: x.index)
    pairs, strays = _by_exchange(recorded, [row for rest in by_job.values() for row in rest])
    for exchange, others in pairs:
        own[told[exchange.index]] += others
    return [(case, tuple(mine)) for case, mine in zip(order, own, strict=True)], strays


def _by_exchange(
    recorded: Iterable[Exchange], rows: Iterable[Row]
) -> tuple[tuple[tuple[Exchange, tuple[Row, ...]], ...], tuple[Row, ...]]:
    """Same time, method, host, path and status, and the same bytes where several are alike."""
    waiting: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        waiting[_row_key(row)].append(row)
    groups: dict[Key, list[Exchange]] = defaultdict(list)
    order = list(recorded)
    for exchange in order:
        groups[_key(exchange)].append(exchange)
    found: dict[int, list[Row]] = defaultdict(list)
    for key, alike in groups.items():
        for exchange in alike:
            size = len(exchange.response_body)
            same = [row for row in waiting[key] if row["response_bytes"] == size]
            if same:
                found[exchange.index].append(same[0])
                waiting[key].remove(same[0])
        for exchange in alike:
            if not found[exchange.index] and waiting[key]:
                found[exchange.index].append(waiting[key].pop(0))
        found[alike[-1].index] += waiting.pop(key, [])  # more rows than exchanges: each shows up as a duplicate
    strays = tuple(row for rest in waiting.values() for row in rest)
    return tuple((exchange, tuple(found[exchange.index])) for exchange in order), strays


def _key(exchange: Exchange) -> Key:
    started = datetime.fromisoformat(exchange.started).replace(tzinfo=None)
    path = exchange.path.partition("#")[0]
    return started.isoformat(timespec="milliseconds"), exchange.method, exchange.host, exchange.status, path


def _row_key(row: Row) -> Key:
    started = row["started_at"]
    assert isinstance(started, datetime)
    path = str(row["path"]).partition("#")[0]
    host = str(row["host"]).partition(":")[0]
    return started.isoformat(timespec="milliseconds"), str(row["method"]), host, row["status_code"], path
