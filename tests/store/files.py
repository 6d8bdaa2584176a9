"""Database files of every kind, and processes that hold them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

NOBODY = 65534
# What runs in a process of its own is the code of these tests.
_ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (_ROOT / "addon", _ROOT)))}

_HOLD = """
import sys, duckdb
db = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("open", flush=True)
sys.stdin.read()
"""


_DIE = """
import os, signal, sys
from pathlib import Path
from llmobs import store
from llmobs.event import to_row
from tests.writer.calls import ended
with store.writing(Path(sys.argv[1])) as db:
    db.load([to_row(ended(key)) for key in sys.argv[2:]], {sys.argv[2]: 1})
    os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def program(script: str, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python script that runs meanwhile."""
    command = [sys.executable, "-c", f"import sys\nfrom pathlib import Path\nfrom llmobs import store\n{script}"]
    with subprocess.Popen([*command, *map(str, arguments)], env=_ENVIRONMENT) as process:
        yield process


def killed(database: Path, *keys: str) -> None:
    """Another process commits calls and is killed before they are in the file: its log and its copy stay."""
    answer = subprocess.run([sys.executable, "-c", _DIE, str(database), *keys], check=False, env=_ENVIRONMENT)
    assert answer.returncode == -signal.SIGKILL
    assert database.with_name(f"{database.name}.wal").exists()


@contextmanager
def held(database: Path, how: str = "writer") -> Iterator[int]:
    """Another process has the database open; gives its id."""
    command = [sys.executable, "-c", _HOLD, str(database), how]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"open\n"
    try:
        yield process.pid
    finally:
        process.communicate()


def foreign(database: Path, sql: str = "CREATE TABLE customers (name VARCHAR)") -> Path:
    """A database of another program."""
    with duckdb.connect(database) as db:
        db.execute(sql)
    return database


def tries(script: str, *arguments: object, user: int | None = None) -> str:
    """What a Python script prints; it may give up root's power to write everything, once all is imported."""
    yielding = f"\nimport os; os.geteuid() == 0 and os.setuid({user})" if user else ""
    code = f"import sys, duckdb\nfrom pathlib import Path\nfrom llmobs import store{yielding}\n{script}"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=_ENVIRONMENT)
    return answer.stdout + answer.stderr
