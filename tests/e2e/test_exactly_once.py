"""Each attempt is one row, through stops, kills and restarts of the proxy."""

import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from llmobs.event import Event
from llmobs.writer import InFlight, spool_of
from tests.e2e import asks
from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.raw import Connection
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream

# A reader that opens the database as often as it can, while a file says so.
READER = """
import sys, pathlib, duckdb
seen = 0
while pathlib.Path(sys.argv[2]).exists():
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as connection:
            seen = max(seen, connection.execute("select count(*) from events").fetchall()[0][0])
    except (duckdb.IOException, duckdb.CatalogException):
        pass
print(seen)
"""


def _client(proxy: Proxy) -> httpx.Client:
    return httpx.Client(proxy=proxy.url, verify=ssl.create_default_context(cafile=str(proxy.bundle)), trust_env=False)


def _stream_to(run: Run, proxy: Proxy) -> Connection:
    """A stream that has begun and waits for ever."""
    ask = asks.MESSAGES_STREAM
    connection = Connection(run.upstream, ask.host, proxy)
    connection.send(ask.raw(Scenario(gate=run.id, gate_after=ask.midway), **{"X-LLMObserve-Run-ID": run.id}))
    connection.read_until(asks.MARK)
    return connection


def test_sigterm_during_a_stream(tmp_path: Path, upstream: Upstream) -> None:
    """A stream that the stop of the proxy cuts is one `interrupted` row, in the database when the process is gone."""
    with Proxy(tmp_path / "proxy", upstream) as proxy:
        run = Run(proxy, upstream)
        with _stream_to(run, proxy):
            proxy.stop()
        found = rows.query(proxy.db, "select * from events where run_id = ?", run.id)

    assert [row["outcome"] for row in found] == ["interrupted"]
    assert found[0]["cost_status"] in ("partial", "estimated")


def test_kill_during_a_stream(tmp_path: Path, upstream: Upstream) -> None:
    """After kill -9, finished calls are rows and the cut stream is `interrupted`, once the proxy runs again."""
    proxy = Proxy(tmp_path / "proxy", upstream)
    proxy.start()
    run = Run(proxy, upstream)
    with _client(proxy) as client:
        for _ in range(3):
            client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())
    with _stream_to(run, proxy):
        proxy.kill()
    with proxy:
        found = run.rows(4)

    assert sorted(row["outcome"] for row in found) == ["interrupted", "ok", "ok", "ok"]


def _follow(proxy: Proxy, run_id: str) -> Event:
    """What a kill would leave of the run's call that is under way, as soon as it would leave something."""
    running, deadline = InFlight(spool_of(proxy.db)), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := [event for event in running.look() if event.run_id == run_id]:
            return found[0]
        time.sleep(0.01)
    raise AssertionError(f"nothing of {run_id} is under way")


def test_kill_before_a_request_is_complete(tmp_path: Path, upstream: Upstream) -> None:
    """Killed with requests half here, the proxy leaves a row for the one it had begun to send, none for the other."""
    proxy, ask = Proxy(tmp_path / "proxy", upstream), asks.MESSAGES_STREAM
    proxy.start()
    run = Run(proxy, upstream)
    large = replace(ask, body=ask.body | {"system": "x" * 100_000})
    half = [each.raw(Scenario(), **{"X-LLMObserve-Run-ID": run.id})[:-10] for each in (ask, large)]
    with Connection(upstream, ask.host, proxy) as small, Connection(upstream, ask.host, proxy) as upload:
        small.send(half[0])
        with _client(proxy) as client:
            client.post(ask.url, json=ask.body, headers=run.headers())
        upload.send(half[1])
        assert _follow(proxy, run.id).request_model is None
        proxy.kill()
    with proxy:
        found = run.rows(2)

    assert sorted(row["outcome"] for row in found) == ["interrupted", "ok"]


def test_kill_before_an_answer(tmp_path: Path, upstream: Upstream) -> None:
    """Killed while a provider thinks, the proxy leaves a row that knows the model."""
    proxy = Proxy(tmp_path / "proxy", upstream)
    proxy.start()
    run, ask = Run(proxy, upstream), asks.CHAT
    with Connection(upstream, ask.host, proxy) as connection:
        connection.send(ask.raw(Scenario(gate=run.id, gate_after=0), **{"X-LLMObserve-Run-ID": run.id}))
        assert _follow(proxy, run.id).request_model == "testbed-chat"
        proxy.kill()
    with proxy:
        (row,) = run.rows(1)

    assert (row["outcome"], row["request_model"], row["cost_usd"]) == ("interrupted", "testbed-chat", None)


@pytest.mark.parametrize("rounds", [3])
def test_kill_and_restart_lose_and_double_nothing(tmp_path: Path, upstream: Upstream, rounds: int) -> None:
    """Over several kills every answered call is one row."""
    proxy = Proxy(tmp_path / "proxy", upstream)
    run = Run(proxy, upstream)
    for _ in range(rounds):
        proxy.start()
        with _client(proxy) as client:
            for _ in range(10):
                assert client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers()).status_code == 200
        proxy.kill()
    with proxy:
        found = run.rows(10 * rounds)

    assert len({row["event_id"] for row in found}) == 10 * rounds


def test_mixed_load_with_a_busy_reader(tmp_path: Path, upstream: Upstream) -> None:
    """With clients in parallel and a reader that never rests, rows equal the requests that the upstream saw."""
    flag = tmp_path / "reading"
    flag.touch()
    mix = [asks.CHAT, asks.CHAT_STREAM, asks.MESSAGES_STREAM, asks.GEMINI_STREAM, asks.RESPONSES, asks.OPENROUTER]
    scenarios = [Scenario(), Scenario(status=429), Scenario(encoding="gzip"), Scenario(malformed=True)]
    with Proxy(tmp_path / "proxy", upstream) as proxy:
        run, mark = Run(proxy, upstream), upstream.mark()

        def work(offset: int) -> None:
            with _client(proxy) as client:
                for number in range(24):
                    ask = mix[(number + offset) % len(mix)]
                    headers = run.headers(scenarios[number % len(scenarios)])
                    client.post(ask.url, json=ask.body, headers=headers)

        command = [sys.executable, "-c", READER, str(proxy.db), str(flag)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
            workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            run.rows(len(upstream.since(mark)))
            flag.unlink()
            reader.communicate(timeout=30)

    counts = rows.query(proxy.db, "select count(*) as n, count(distinct event_id) as ids from events")[0]
    assert counts == {"n": 96, "ids": 96}
    assert len(upstream.since(mark)) == 96
