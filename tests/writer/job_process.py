"""A process that asks for the same jobs as others do: `job_process.py DATABASE PREFIX JOBS POLLS [alone]`.

It says on stdout `started`, `told JOB` after the writer has taken a job's result, and `closed SEEN STORED RECOVERED`.
The last job is a batch, whose lines come before its totals where PREFIX is `early`, and after them otherwise.
"""

import logging
import sys
import time
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "addon"), str(ROOT)]

from llmobs.event import CostStatus, Event  # noqa: E402
from llmobs.writer import Writer, loader, writer  # noqa: E402
from tests.writer.calls import AT, ended  # noqa: E402
from tests.writer.proxy_process import left_by_others, say  # noqa: E402

LINES = 200


def poll(prefix: str, job: str, number: int) -> Event:
    """An answer that the job is not done yet; the first one is the oldest of all."""
    seen = replace(ended(f"{prefix}-{job}-{number}"), started_at=AT + timedelta(seconds=number), job_id=job)
    return replace(seen, cost_status=CostStatus.PENDING, cost_usd=None, charges=(), usage=None, input_tokens=None)


def result(prefix: str, job: str) -> Event:
    """The answer that tells what the job used."""
    return replace(ended(f"{prefix}-{job}-done", minutes=60), job_id=job)


def batch(prefix: str) -> list[list[Event]]:
    """The totals of a batch, and its lines."""
    totals = replace(result(prefix, "batch"), operation="batch", results_id="file")
    lines = [replace(result(prefix, f"file/{item}"), results_id="file") for item in range(LINES)]
    return [lines, [totals]] if prefix == "early" else [[totals], lines]


def ask(door: Writer, prefix: str, count: int, polls: int) -> None:
    """Poll each job until it is done, then the batch."""
    for job in range(count):
        for event in (*(poll(prefix, f"job-{job}", number) for number in range(polls)), result(prefix, f"job-{job}")):
            door.submit(event)
            time.sleep(0.0005)
        say(f"told job-{job}")
    for events in batch(prefix):
        for event in events:
            door.submit(event)
            say(f"told {event.job_id}")
        door.wake()
        time.sleep(0.02)


def main(database: str, prefix: str, count: int, polls: int, *, alone: bool) -> None:
    """Ask, wait until all is stored, and close."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    # Often and in small pieces, so that a kill hits every moment of a turn.
    writer.INTERVAL_S = 0.01
    loader.BATCH_LINES = 50
    door = Writer(Path(database), logging.getLogger())
    door.start()
    say("started")
    if count:
        ask(door, prefix, count, polls)
    while door.spooled or (alone and left_by_others(door.spool_directory)):
        time.sleep(0.01)
    door.close()
    say(f"closed {door.seen} {door.stored} {door.recovered}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), alone="alone" in sys.argv[5:])
