"""Several workers behind one port are one proxy: their rows are all there once, whoever of them dies."""

import collections
import os
import signal
import ssl
import threading
from pathlib import Path

import httpx

from tests.e2e import asks
from tests.testbed import rows
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream
from tests.testbed.workers import Workers


def _call(proxy: Workers, run: Run, trust: ssl.SSLContext) -> bool:
    """Make a call over a connection of its own; False where its worker died before it had answered."""
    try:
        with httpx.Client(proxy=proxy.url, verify=trust, trust_env=False) as client:
            answer = client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())
    except httpx.HTTPError:
        return False
    assert answer.status_code == 200
    return True


def test_a_worker_that_is_killed_under_load_loses_and_doubles_nothing(tmp_path: Path, upstream: Upstream) -> None:
    """With one of three workers killed under load, each completed call is one row, and the others go on."""
    told: dict[str, bool] = {}
    over = threading.Event()
    with Workers(tmp_path / "proxy", upstream, 3) as proxy:
        trust, first = proxy.trust(), set(proxy.pids(3))

        def work() -> None:
            while not over.is_set():
                run = Run(proxy, upstream)
                told[run.id] = _call(proxy, run, trust)

        clients = [threading.Thread(target=work) for _ in range(4)]
        for client in clients:
            client.start()
        proxy.kill_one()
        over.set()
        for client in clients:
            client.join()
        again = set(proxy.pids(3))
    found = rows.query(proxy.db, "select run_id, outcome from events")
    count = collections.Counter(row["run_id"] for row in found)
    completed = {run for run, well in told.items() if well}

    assert len(first & again) == 2
    assert "died of SIGKILL; it starts again in 1 s" in proxy.log.read_text()
    assert completed <= count.keys() <= told.keys()
    assert set(count.values()) == {1}
    assert len(completed) >= len(told) - len(clients)
    assert completed <= {row["run_id"] for row in found if row["outcome"] == "ok"}
    assert proxy.process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in again)


def test_workers_end_with_whoever_keeps_them(tmp_path: Path, upstream: Upstream) -> None:
    """Where the process that started them is killed, the workers store what they have and end; none listens on."""
    with Workers(tmp_path / "proxy", upstream, 2) as proxy:
        run = Run(proxy, upstream)
        assert _call(proxy, run, proxy.trust())
        os.kill(proxy.process.pid, signal.SIGKILL)
        proxy.process.wait()
        proxy.pids(0)
        found = run.rows(1)

    assert found[0]["outcome"] == "ok"
