"""The live view: what it shows of a database and of running calls, what keys do, and what it survives."""

import csv
import dataclasses
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmobs import store
from llmobs.event import CostStatus, Event, Outcome, to_json, to_row
from llmobs.render import Live
from llmobs.spool import Spool
from llmobs.writer import spool_of
from scripts import top
from scripts.top_parts.answers import as_json
from scripts.top_parts.arrangement import arranged, shared
from scripts.top_parts.budgets import Budgets
from scripts.top_parts.keys import Keys, keyboard, named
from scripts.top_parts.looking import Looking
from scripts.top_parts.wanted import Wanted
from tests.scripts import reports
from tests.scripts.reports import stored
from tests.store.files import foreign, held
from tests.writer.calls import AT, ended, running

NOW = (AT + timedelta(minutes=30)).replace(tzinfo=None)


def call(key: str, minutes: int, cost: str | None, **more: object) -> Event:
    """A call that began so many minutes before NOW."""
    known = {"latency_ms": 1000.0, "ttft_ms": 250.0, "output_tokens": 100, "breaker": "closed"}
    status = CostStatus.EXACT if cost else CostStatus.UNPRICED
    made = replace(ended(key, 30 - minutes), cost_usd=Decimal(cost) if cost else None, cost_status=status)
    return replace(made, **known | more)


FAILED = {"outcome": Outcome.ERROR, "status_code": 503, "error_type": "server_error", "error_class": "transient"}
CALLS = [
    call("1", 1, "1.5", customer_id="acme"),
    call("2", 4, "0.5", customer_id="acme", latency_ms=3000.0),
    call(
        "3", 10, "0.25", model="claude", provider="anthropic", host="api.anthropic.com", cost_status=CostStatus.PARTIAL
    ),
    call("4", 12, "0", customer_id="globex", breaker="open", **FAILED),
    call("5", 40, "4", model="gone"),
    call("6", 2, None, model=None, request_model="brand\x1b[2Jnew", customer_id="evil\nline"),
    call("7", 200, "8"),
    call("8", 24 * 60, "100"),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with calls of the last day."""
    return stored(tmp_path / "events.duckdb", CALLS)


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What one look prints."""
    return reports.printed(top.main, capsys, "--until", NOW.isoformat(), *arguments)


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, list[dict[str, object]]]:
    """The JSON of one look."""
    found: dict[str, list[dict[str, object]]] = json.loads(
        printed(capsys, *arguments, "--json"), parse_float=Decimal, parse_int=Decimal
    )
    return found


def section(text: str, title: str) -> list[list[str]]:
    """The rows of a table, split at wide gaps."""
    lines = text.partition(title)[2].partition("\n\n")[0].splitlines()[3:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines]


def test_overview(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what is spent today, how fast, how many calls fail and how long they take."""
    text = printed(capsys, "--db", database)

    assert text.startswith("LLMObserve  2026-11-20 12:30:00 UTC\n")
    assert re.search(r"^in flight +- *$", text, re.MULTILINE)
    # 2.25 USD of the last 15 minutes.
    assert re.search(r"^spend +≥\$14\.25 today +\$0\.1500/min +\S+$", text, re.MULTILINE)
    assert re.search(r"^calls +7 today +0\.01/s +\S+$", text, re.MULTILINE)
    assert re.search(r"^errors +20\.0% +last 15 min +\S+$", text, re.MULTILINE)
    assert re.search(r"^latency +p50 1\.00 s +p95 2\.70 s +\S+$", text, re.MULTILINE)
    assert re.search(r"^first token +p50 250 ms +p95 250 ms *$", text, re.MULTILINE)
    assert "breakers     api.openai.com closed" not in text


def test_table_by_model(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model has its calls, errors, latency and cost of the last minutes; what is unknown is marked."""
    rows = section(printed(capsys, "--db", database), "By model, last 15 min, by cost")

    assert rows[0][:9] == ["gpt-4o", "3", "33.3%", "0", "2.00 s", "2.90 s", "250 ms", "300", "$2.00"]
    assert rows[1][:9] == ["claude", "1", "0.0%", "0", "1.00 s", "1.00 s", "250 ms", "100", "≥$0.2500"]
    assert rows[2] == ["brand\\x1b[2Jnew", "1", "0.0%", "1", "1.00 s", "1.00 s", "250 ms", "100", "?"]


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["--by", "customer"], {"customer": "acme", "calls": 2, "cost_usd": Decimal(2)}),
        (["--by", "customer", "--sort", "errors"], {"customer": "globex", "error_calls": 1}),
        (["--by", "model,customer", "--sort", "latency"], {"model": "gpt-4o", "customer": "acme"}),
        (["--minutes", "60"], {"model": "gone", "cost_usd": Decimal(4)}),
        (["--sort", "calls", "--where", "model=claude"], {"model": "claude", "calls": 1}),
    ],
)
def test_choice(
    database: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], first: dict[str, object]
) -> None:
    """Grouping, order, filters and the time that counts are the caller's choice."""
    groups = answered(capsys, "--db", database, *arguments)["groups"]

    assert {name: groups[0][name] for name in first} == first


def test_last_calls_and_errors(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest calls and errors are listed, with outcome and cost; a name stays on its line."""
    text = printed(capsys, "--db", database)

    assert section(text, "Last calls")[:2] == [
        ["12:29:00", "openai", "gpt-4o", "acme", "ok", "1.00 s", "$1.50"],
        ["12:28:00", "openai", "brand\\x1b[2Jnew", "evil\\x0aline", "ok", "1.00 s", "?"],
    ]
    assert section(text, "Last errors") == [
        ["12:18:00", "openai", "gpt-4o", "globex", "503", "server_error", "transient"]
    ]


@pytest.mark.parametrize(
    ("state", "told"), [("open", "api.openai.com open"), ("half_open", "api.openai.com half open")]
)
def test_breakers(database: Path, capsys: pytest.CaptureFixture[str], state: str, told: str) -> None:
    """Hosts that are left alone are named; else all are said to be well."""
    assert "breakers     all closed (2)" in printed(capsys, "--db", database)

    with store.writing(database) as db:
        db.load([to_row(replace(call("9", 1, "1", breaker=state), started_at=AT + timedelta(minutes=29.5)))], {})
    assert f"breakers     {told}" in printed(capsys, "--db", database)


def test_no_breaker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a breaker there is no word about it."""
    with store.writing(tmp_path / "events.duckdb") as db:
        db.load([to_row(call("1", 1, "1", breaker=None))], {})

    assert "breaker" not in printed(capsys, "--db", tmp_path / "events.duckdb")


def test_csv(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV has the table with a column for each figure."""
    rows = list(
        csv.DictReader(io.StringIO(printed(capsys, "--db", database, "--csv", "--by", "provider", "--interval", "5")))
    )

    assert [(row["provider"], row["calls"], round(float(row["latency_p95_ms"]))) for row in rows] == [
        ("openai", "4", 2800),
        ("anthropic", "1", 1000),
    ]
    assert not {"latency_ms", "trend_usd", "who"} & set(rows[0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "No call in the last hour. One that goes through the proxy shows up here"),
        (["--where", "model=x"], "No call that --where and --since let in, in the last hour."),
    ],
)
def test_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    """Where there is no call, it says what to do."""
    with store.writing(tmp_path / "events.duckdb"):
        pass
    text = printed(capsys, "--db", tmp_path / "events.duckdb", *arguments)

    assert told in text
    assert re.search(r"^spend +\$0\.00 today +\$0\.00/min", text, re.MULTILINE)
    assert answered(capsys, "--db", tmp_path / "events.duckdb", *arguments)["groups"] == []


def test_missing_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single look that can't read the database says why, and fails."""
    assert top.main(["--once", "--db", str(tmp_path / "none.duckdb")]) == 1

    assert "none.duckdb does not exist: start the proxy first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--minutes", "61"], "61 is no number of minutes from 1 to 60; write for example 15"),
        (["--minutes", "x"], "x is no number of minutes"),
        (["--interval", "0"], "0 is no number of seconds from 0.2 to 3600; write for example 2"),
        (["--interval", "nan"], "nan is no number of seconds"),
        (["--interval", "soon"], "soon is no number of seconds"),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    """What makes no sense ends with a message that says what to write."""
    with pytest.raises(SystemExit):
        top.main(arguments)

    assert told in capsys.readouterr().err


# Budgets.

POLICY = """\
budgets:
  - {name: everything, limit_usd: 16, per: total}
  - {name: each, limit_usd: 2, per: total, by: [customer], block: true}
  - {name: today, limit_usd: 5, per: day}
"""


def test_budgets(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is spent of the budgets of a policy file is shown, the fullest first; ≥ where not all of it is known."""
    (tmp_path / "policies.yaml").write_text(POLICY)
    rows = section(printed(capsys, "--db", database, "--policy", tmp_path / "policies.yaml"), "Budgets")

    assert rows[0][:4] == ["each of customer (none)", "≥$112.25", "$2.00", "5612.5%"]
    assert ["everything", "≥$114.25", "$16.00", "714.1%"] in [row[:4] for row in rows]
    assert ["each of customer acme", "$2.00", "$2.00", "100.0%"] in [row[:4] for row in rows]
    assert ["each of customer evil\\x0aline", "≥$0.00", "$2.00", "0.0%"] in [row[:4] for row in rows]
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%m-%d} 00:00"
    assert rows[-1] == ["today", "$0.00", "$5.00", "0.0%", tomorrow]


def test_budgets_are_asked_now_and_then(database: Path, tmp_path: Path) -> None:
    """Budgets may reach back a month, and are not asked at each look."""
    (tmp_path / "policies.yaml").write_text(POLICY)
    budgets = Budgets(tmp_path / "policies.yaml")

    with store.reading(database) as db:
        assert budgets.look(db) is budgets.look(db)


def test_budget_of_nothing(tmp_path: Path) -> None:
    """A budget of 0 is full from the beginning."""
    (tmp_path / "policies.yaml").write_text("budgets: [{name: none, limit_usd: 0, per: total}]")
    with store.writing(tmp_path / "events.duckdb"):
        pass
    with store.reading(tmp_path / "events.duckdb") as db:
        assert [budget.share for budget in Budgets(tmp_path / "policies.yaml").look(db)] == [1.0]


def test_policy_that_makes_no_sense(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy file with a mistake ends it with the line of the mistake."""
    (tmp_path / "policies.yaml").write_text("budgets: [{name: a, limit_usd: -1, per: day}]")

    assert top.main(["--db", str(database), "--policy", str(tmp_path / "policies.yaml")]) == 1
    assert "policies.yaml:1: budgets" in capsys.readouterr().err


# Looks.


@pytest.fixture
def looking(database: Path) -> Looking:
    """Looks at the database, again and again."""
    return Looking(top._options(["--db", str(database)]), Budgets(None))


def live(key: str) -> Event:
    """A call of just now."""
    return replace(call(key, 0, "3"), started_at=datetime.now(UTC))


def test_calls_in_flight(database: Path, looking: Looking) -> None:
    """Calls that run are counted and listed, with how long they have been running."""
    spool = Spool(spool_of(database))
    spool.start()
    began = datetime.now(UTC) - timedelta(minutes=2)
    spool.begin("9", to_json(replace(running("9"), started_at=began, request_model="o3", customer_id="acme")))
    seen = looking.look(Wanted())
    file = io.StringIO()
    Live(file, 120).parts(arranged(seen, Wanted(), (120, 60), 2.0))
    text = file.getvalue()

    assert re.search(r"^in flight +1 +1 proxy, oldest 2m0\ds", text, re.MULTILINE)
    assert section(text, "In flight, the oldest first")[0][:4] == ["api.openai.com", "o3", "acme", "-"]
    assert as_json(seen)["in_flight"]["calls"][0]["model"] == "o3"
    spool.close({})


def test_what_is_new(database: Path, looking: Looking) -> None:
    """A call that is stored shows up at the next look; an unchanged database is not even opened."""
    before = looking.look(Wanted())
    assert (before.proxies, looking.look(Wanted()).asked_at) == (0, before.asked_at)
    assert "no proxy runs" in str(arranged(before, Wanted(), (80, 24), 2.0)[1])
    assert looking.look(Wanted(by=("customer",))).asked_at != before.asked_at

    with store.writing(database) as db:
        db.load([to_row(live("9"))], {})
    assert looking.look(Wanted()).found["last_calls"][0]["cost_usd"] == 3


def test_locked_database(database: Path, looking: Looking) -> None:
    """While it is locked, what was seen before stays, with the reason; then it goes on."""
    with store.writing(database) as db:
        db.load([to_row(live("9"))], {})
    looking.look(Wanted())
    with held(database):
        seen = looking.look(Wanted(sort="calls"))
        assert "is locked" in seen.trouble
        assert (len(seen.found["last_calls"]), seen.asked.sort) == (1, "cost")

    assert looking.look(Wanted(sort="calls")).trouble == ""


def test_database_that_is_replaced(database: Path, looking: Looking, tmp_path: Path) -> None:
    """A database that goes away, turns foreign and comes back is each time told as it is."""
    looking.look(Wanted())
    database.rename(tmp_path / "aside")
    assert "does not exist" in looking.look(Wanted()).trouble
    foreign(database)
    assert looking.look(Wanted()).trouble

    database.unlink()
    (tmp_path / "aside").rename(database)
    assert looking.look(Wanted()).trouble == ""


def test_trouble_is_shown(tmp_path: Path) -> None:
    """The view stays, and says what is wrong."""
    looking = Looking(top._options(["--db", str(tmp_path / "none.duckdb")]), Budgets(None))
    head, trouble, *_, keys = arranged(looking.look(Wanted()), Wanted(paused=True), (80, 24), 2.0)

    assert "paused" in str(head)
    assert "does not exist" in str(trouble)
    assert "q quit" in str(keys)


def test_old_figures_are_marked(database: Path, looking: Looking) -> None:
    """Where the database could not be asked for long, the age of the figures is told."""
    seen = looking.look(Wanted())
    late = dataclasses.replace(seen, now=seen.now + timedelta(seconds=40))

    assert "40 s ago" in str(arranged(late, Wanted(), (80, 24), 2.0)[0])
    assert "ago" not in str(arranged(seen, Wanted(), (80, 24), 2.0)[0])


# Room and keys.


@pytest.mark.parametrize(
    ("wanted", "lines", "rooms"),
    [
        ([10, 0, 10], 40, [10, 0, 10]),
        ([10, 0, 10], 20, [6, 0, 6]),
        ([10, 0, 10], 19, [6, 0, 5]),
        ([2, 50], 30, [2, 20]),
        ([10, 10], 10, [6, 0]),
        ([10, 10], 6, [0, 0]),
    ],
)
def test_room(wanted: list[int], lines: int, rooms: list[int]) -> None:
    """Each table gets a few rows, the first ones before others, then all grow alike; a frame takes four lines."""
    assert shared(wanted, lines) == rooms


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (100, 40), (200, 60)])
def test_fits_any_screen(database: Path, width: int, height: int) -> None:
    """No screen is too small: no line is longer, and there are not more of them."""
    options = top._options(["--db", str(database), "--until", NOW.isoformat()])
    file = io.StringIO()
    Live(file, width).parts(arranged(Looking(options, Budgets(None)).look(Wanted()), Wanted(), (width, height), 2.0))
    lines = file.getvalue().splitlines()

    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    assert any("By model" in line for line in lines)


@pytest.mark.parametrize(
    ("keys", "by", "sort", "minutes"),
    [
        (["tab"], "customer", "cost", 15),
        (["right", "right"], "provider", "cost", 15),
        (["left"], "host", "cost", 15),
        (["back tab", "tab"], "model", "cost", 15),
        (["s"], "model", "calls", 15),
        (["up"], "model", "latency", 15),
        (["down", "down"], "model", "errors", 15),
        (["w", "w"], "model", "cost", 5),
        (["x"], "model", "cost", 15),
    ],
)
def test_what_keys_do(keys: list[str], by: str, sort: str, minutes: int) -> None:
    """Keys go through what the table is by, what it is sorted by, and how far back it reaches."""
    wanted = Wanted()
    for key in keys:
        wanted = wanted.pressed(key)

    assert (wanted.by, wanted.sort, wanted.minutes) == ((by,), sort, minutes)


def test_a_grouping_of_its_own() -> None:
    """After several columns, or one that no key leads to, tab begins with the first."""
    assert Wanted(by=("day", "model")).pressed("tab").by == ("model",)


@pytest.mark.parametrize(
    ("pressed", "keys"),
    [
        (b"q", ["q"]),
        (b"Q\t ", ["q", "tab", "space"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[Z", ["up", "down", "right", "left", "back tab"]),
        (b"\x1bOAx", ["up", "x"]),
        (b"\x1b", []),
        (b"\x1b[99q\xc3\xa4\r", ["9", "q"]),
    ],
)
def test_names_of_keys(pressed: bytes, keys: list[str]) -> None:
    """Letters and arrows have names; all else is left out."""
    assert named(pressed) == keys


@pytest.fixture
def typed() -> Iterator[tuple[Keys, int]]:
    """Keys, and where to type them."""
    reader, writer = os.pipe()
    quiet, signals = os.pipe()
    yield Keys(reader, quiet), writer
    for descriptor in (reader, quiet, signals):
        os.close(descriptor)


def test_waiting_for_keys(typed: tuple[Keys, int]) -> None:
    """A key ends the rest; after the end of the terminal there are none, and rests last."""
    keys, writer = typed
    os.write(writer, b"p")
    assert keys.wait(60) == ["p"]
    assert keys.wait(0) == []
    os.close(writer)
    assert keys.wait(60) == []
    assert keys.wait(0.01) == []


def test_watching(database: Path, looking: Looking, typed: tuple[Keys, int]) -> None:
    """Each key is obeyed until q; a pause holds the figures."""
    with store.writing(database) as db:
        db.load([to_row(live("9"))], {})
    keys, writer = typed
    os.write(writer, b"\tw")
    file = io.StringIO()
    screen = Live(file, 100)

    class Script(Keys):
        """Types the next keys when a rest begins."""

        def wait(self, seconds: float) -> list[str]:
            os.write(writer, next(later))
            return keys.wait(min(seconds, 0))

    later = iter([b"s", b"p", b" ", b"p", b"p", b"q"])
    with screen.whole():
        top._watch(0.2, looking, Wanted(), screen, Script(None, 0))
    os.close(writer)

    text = file.getvalue()
    assert text.index("By model, last 15 min, by cost") < text.index("By customer, last 60 min, by calls")
    assert "paused" in text


def test_signals_and_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come one by one; a new size of the terminal ends the rest, SIGTERM the program; all is then as it was."""
    parent, child = pty.openpty()
    before = termios.tcgetattr(child)
    handler = signal.getsignal(signal.SIGTERM)
    with os.fdopen(child) as stdin, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", stdin)
        with keyboard() as keys:
            os.write(parent, b"w")
            assert keys.wait(60) == ["w"]
            os.kill(os.getpid(), signal.SIGWINCH)
            assert keys.wait(60) == []
            with pytest.raises(SystemExit, match="143"):
                os.kill(os.getpid(), signal.SIGTERM)
        assert termios.tcgetattr(child) == before
    assert signal.getsignal(signal.SIGTERM) is handler
    os.close(parent)


def test_without_a_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can type, it watches all the same."""
    with open(os.devnull) as stdin, monkeypatch.context() as patched:  # noqa: PTH123
        patched.setattr(sys, "stdin", stdin)
        with keyboard() as keys:
            assert keys.wait(0) == []


def read(terminal: int, until: bytes) -> bytes:
    """What a program prints on a terminal, until it prints this, or ends."""
    said = b""
    while until not in said and select.select([terminal], [], [], 30)[0]:
        try:
            said += os.read(terminal, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
    return said


@pytest.mark.parametrize(("end", "status"), [("q", 0), (signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_on_a_terminal(database: Path, end: str | signal.Signals, status: int) -> None:
    """It takes the whole terminal, obeys keys, and gives it back as it was however it ends."""
    parent, child = pty.openpty()
    before = termios.tcgetattr(child)
    command = [sys.executable, top.__file__, "--db", str(database), "--interval", "0.2"]
    clean = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=clean)
    said = read(parent, b"q quit")
    os.write(parent, b"p")
    said += read(parent, b"paused")
    os.write(parent, b"q") if isinstance(end, str) else process.send_signal(end)
    said += read(parent, b"\x1b[?25h")

    assert process.wait(30) == status
    assert b"paused" in said
    assert said.startswith(b"\x1b[?1049h")
    assert said.index(b"\x1b[?1049l") > said.index(b"paused")
    assert b"Traceback" not in said
    assert termios.tcgetattr(child) == before
    os.close(parent)
    os.close(child)


def test_terminal_in_process(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal it watches until it is told to end; Ctrl-C is such an end."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    ends: Iterator[type[BaseException] | None] = iter([None, KeyboardInterrupt])

    def watch(*_: object) -> None:
        if (end := next(ends)) is not None:
            raise end

    monkeypatch.setattr(top, "_watch", watch)
    assert [top.main(["--db", str(database)]) for _ in range(2)] == [0, 0]
    assert "\x1b[?1049l" in capsys.readouterr().out
