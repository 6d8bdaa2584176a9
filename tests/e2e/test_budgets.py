"""Budgets through real proxies: parallel calls, restarts, several proxies, edits of the file, and who is told."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import openai
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from tests.testbed import rows
from tests.testbed.proxy import Proxy, free_port
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream

URL = "https://api.openai.com/v1/chat/completions"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
ASKED = {"model": "testbed-chat", "messages": HELLO, "max_tokens": 100}
# What the request says that it may use at most: (2 + 4) x 2 + 100 x 8, per million.
COUNTS = Counts(input=6, cached=0, output=100, reasoning=0)
COST = Decimal("0.000812")
SPENT = "select sum(cost_usd) as usd, count(*) as n from events where outcome = 'ok'"


def started(folder: Path, upstream: Upstream, policy: str, **options: str) -> Proxy:
    """A proxy with a policy, which is still to be entered."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(policy)
    return Proxy(folder, upstream, options={"llmobserve_policy": str(folder / "policy.yaml"), **options})


def call(proxy: Proxy, scenario: Scenario | None = None, **headers: str) -> int:
    """The status of one call."""
    named = (scenario or Scenario(counts=COUNTS)).header() | {n.replace("_", "-"): v for n, v in headers.items()}
    with httpx.Client(proxy=proxy.url, verify=_trust(proxy), timeout=60) as client:
        return client.post(URL, json=ASKED, headers=named).status_code


def _trust(proxy: Proxy) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(proxy.bundle))


def until(true: Any, what: str) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


async def _parallel(proxy: Proxy, count: int, scenario: Scenario) -> list[Any]:
    client = httpx.AsyncClient(
        proxy=proxy.url, verify=_trust(proxy), timeout=90, limits=httpx.Limits(max_connections=count)
    )
    api = openai.AsyncOpenAI(api_key="sk-x", http_client=client, default_headers=scenario.header())  # type: ignore[arg-type]
    async with client:
        calls = [api.chat.completions.create(**ASKED) for _ in range(count)]  # type: ignore[call-overload]
        return await asyncio.gather(*calls, return_exceptions=True)


def test_parallel_calls_do_not_overshoot(tmp_path: Path, upstream: Upstream) -> None:
    """Of a hundred calls at once exactly those go that fit, the others raise, and the bill is within the limit."""
    policy = "budgets:\n- {name: team, limit_usd: 0.0082, per: month, block: true}\n"
    with started(tmp_path, upstream, policy) as proxy:
        answers = asyncio.run(_parallel(proxy, 100, Scenario(counts=COUNTS, pause_ms=20)))
        late = call(proxy)

    went = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(went) == 10
    assert all(isinstance(a, openai.RateLimitError) for a in answers if isinstance(a, BaseException))
    assert late == 429
    [spent] = rows.query(proxy.db, SPENT)
    assert spent == {"usd": 10 * COST, "n": 10}
    [refused] = rows.query(proxy.db, "select count(*) as n from events where policy = 'budget:team' and cost_usd = 0")
    assert refused["n"] == 91


@pytest.mark.parametrize("end", [Proxy.stop, Proxy.kill])
def test_restart_remembers(tmp_path: Path, upstream: Upstream, end: Any) -> None:
    """What was spent before a restart counts after it, from the very first call on, for its customer alone."""
    policy = "budgets:\n- {name: each, limit_usd: 0.001, per: day, block: true, by: [customer]}\n"
    proxy = started(tmp_path, upstream, policy)
    proxy.start()
    assert call(proxy, X_LLMObserve_Customer_ID="acme") == 200
    until(lambda: rows.query(proxy.db, SPENT)[0]["n"] == 1, "the call is stored")
    end(proxy)

    with proxy:
        assert call(proxy, X_LLMObserve_Customer_ID="acme") == 429
        assert call(proxy, X_LLMObserve_Customer_ID="other") == 200

    assert "% of budget" not in proxy.log.read_text()


def test_runs_have_budgets_of_their_own(tmp_path: Path, upstream: Upstream) -> None:
    """A runaway run is stopped, others go on, and calls of no run are not counted."""
    policy = "budgets:\n- {name: run, limit_usd: 0.001, per: run, block: true}\n"
    with started(tmp_path, upstream, policy) as proxy:
        statuses = [call(proxy, X_LLMObserve_Run_ID=run) for run in ("a", "a", "b")]
        statuses += [call(proxy), call(proxy)]

    assert statuses == [200, 429, 200, 200, 200]


def test_two_proxies_share_a_budget(tmp_path: Path, upstream: Upstream) -> None:
    """What one proxy spends, the other one counts a moment later."""
    policy = "budgets:\n- {name: all, limit_usd: 0.001, per: total, block: true}\n"
    first = started(tmp_path / "first", upstream, policy)
    second = started(tmp_path / "second", upstream, policy, llmobserve_db=str(first.db))
    with first, second:
        assert call(first) == 200
        # A call that is refused by the first proxy costs nothing, so only the second one changes anything.
        until(lambda: call(second, Scenario(status=500)) == 429, "the second proxy refuses")
        assert call(first) == 429

    [spent] = rows.query(first.db, SPENT)
    assert spent["usd"] == COST


def test_edits_hold_without_a_restart(tmp_path: Path, upstream: Upstream) -> None:
    """A broken edit keeps the former budget and says what is wrong; a good one holds a second later."""
    policy = "budgets:\n- {name: team, limit_usd: 0.001, per: day, block: true}\n"
    with started(tmp_path, upstream, policy) as proxy:
        file = tmp_path / "policy.yaml"
        assert call(proxy) == 200
        file.write_text(policy.replace("limit_usd: 0.001", "limit_usd: much"))
        until(lambda: call(proxy) == 429 and "is not taken" in proxy.log.read_text(), "the edit is looked at")
        file.write_text(policy.replace("0.001", "1"))
        until(lambda: call(proxy) == 200, "the larger budget holds")
        file.write_text(policy)
        until(lambda: call(proxy) == 429, "the small budget holds again")
        file.write_text("{}\n")
        until(lambda: call(proxy) == 200, "no budget holds")

    log = proxy.log.read_text()
    assert "policy.yaml:2: budgets[0].limit_usd: 'much' is not a number; write a plain decimal number such as" in log


class Hook(BaseHTTPRequestHandler):
    """A chat service's webhook."""

    def do_POST(self) -> None:
        """Keep what is told."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.told.append((self.path, body.decode()))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def webhook() -> Iterator[HTTPServer]:
    """A real HTTP server that keeps what it is told."""
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.told = []  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Mailbox(Sink):
    """What a mail server got."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail."""
        self.mails.append(envelope.content)
        return "250 OK"


def test_shares_are_told_once(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log, webhook and mail are told once for each share, by a budget that does not block; no address is logged."""
    mailbox = Mailbox()
    port = free_port()
    mail = Controller(mailbox, hostname="127.0.0.1", port=port)
    mail.start()
    with webhook() as server:
        monkeypatch.setenv("TESTBED_HOOK", f"json://127.0.0.1:{server.server_port}/s3cretpath")
        mailto = f"mailto://127.0.0.1:{port}/?from=a@example.com&to=b@example.com&smtp=127.0.0.1&mode=insecure"
        policy = f"""
notify:
  team: ["${{TESTBED_HOOK}}", "{mailto}"]
budgets:
- {{name: team, limit_usd: 0.002, per: week, alert_at: [0.4, 0.8, 1], notify: [team, "json://127.0.0.1:1/s3cretkey"]}}
"""
        with started(tmp_path, upstream, policy) as proxy:
            assert [call(proxy) for _ in range(5)] == [200] * 5
            log = proxy.log
            until(lambda: len(mailbox.mails) == 3, "three mails")
            until(lambda: log.read_text().count("could not be sent") == 3, "failures are told")
        told = list(server.told)  # type: ignore[attr-defined]
    mail.stop()

    assert [path for path, _ in told] == ["/s3cretpath"] * 3
    assert [share in body for share, (_, body) in zip(("40%", "80%", "100%"), told, strict=True)] == [True] * 3
    assert b"LLMObserve: 40% of budget team" in mailbox.mails[0]
    text = log.read_text()
    assert text.count("of 0.002 USD are spent since") == 3
    assert "s3cret" not in text
    assert "a notification to json://... could not be sent" in text


def test_locked_database_neither_blocks_nor_forgets(tmp_path: Path, upstream: Upstream) -> None:
    """While another program has the database, calls go on and are counted all the same."""
    policy = "budgets:\n- {name: team, limit_usd: 0.002, per: day, block: true}\n"
    holder = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with started(tmp_path, upstream, policy) as proxy:
        assert call(proxy) == 200
        until(lambda: rows.query(proxy.db, SPENT)[0]["n"] == 1, "the call is stored")
        with _held(proxy.db, holder):
            assert [call(proxy), call(proxy)] == [200, 429]
        until(lambda: rows.query(proxy.db, SPENT)[0]["n"] == 2, "the second call is stored")
        assert call(proxy) == 429


@contextmanager
def _held(db: Path, program: str) -> Iterator[None]:
    """The database is open for writing in another process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(db)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        if process.stdout.readline():
            break
        process.communicate()
        assert time.monotonic() < deadline
    try:
        yield
    finally:
        process.communicate()


def test_mistake_stops_the_start(tmp_path: Path, upstream: Upstream) -> None:
    """A variable that is not set is named with its line, and the proxy does not start."""
    os.environ.pop("NO_SUCH_HOOK", None)
    policy = 'notify:\n  team: ["${NO_SUCH_HOOK}"]\n'

    with pytest.raises(RuntimeError, match=r"policy\.yaml:2: notify\.team\[0\]: .*no variable NO_SUCH_HOOK"):
        started(tmp_path, upstream, policy).start()
