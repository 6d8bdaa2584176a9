"""Three proxies, one of them killed, and one bucket that every report reads."""

import time
from pathlib import Path

import httpx
import polars as pl
import pytest

from llmobs import store
from llmobs.place import Bucket
from scripts.report import main
from tests.e2e import asks
from tests.testbed import bucket
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream

CALLS = 4
URL = f"s3://{bucket.NAME}/fleet"
EVERYTHING = "SELECT event_id, cost_usd, model, charges FROM calls ORDER BY event_id"
PATIENCE_S = 30.0


def test_three_proxies_one_killed(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What three proxies publish is what their databases hold, once, though one dies in between and starts again."""
    with bucket.serving() as server:
        bucket.use(server, monkeypatch)
        proxies = [_proxy(tmp_path / name, upstream) for name in ("ann", "ben", "cyd")]
        for proxy in proxies:
            proxy.start()
            _send(proxy, Run(proxy, upstream))
        killed = proxies[0]
        _until_published(CALLS)
        killed.kill()
        killed.start()
        _send(killed, Run(killed, upstream))
        for proxy in proxies:
            proxy.stop()
        published = store.read(URL, EVERYTHING).rows
        files = Bucket(bucket.NAME, "fleet").names("events")
        assert main(["--db", URL]) == 0
        report = capsys.readouterr().out
        frame = pl.scan_parquet(f"{URL}/events/**/*.parquet", storage_options=_options(server)).collect()

    assert len(published) == CALLS * 4
    assert published == sorted(row for proxy in proxies for row in store.read(proxy.db, EVERYTHING).rows)
    assert len({name.rpartition("/")[2].partition("-")[0] for name in files}) == len(proxies)
    assert f"{CALLS * 4} calls" in report
    assert frame["event_id"].n_unique() == frame.height == CALLS * 4


def _proxy(folder: Path, upstream: Upstream) -> Proxy:
    return Proxy(folder, upstream, options={"llmobserve_publish": URL, "llmobserve_publish_every": "1s"})


def _send(proxy: Proxy, run: Run) -> None:
    with httpx.Client(proxy=proxy.url, verify=proxy.trust(), trust_env=False) as client:
        for _ in range(CALLS):
            client.post(asks.CHAT.url, json=asks.CHAT.body, headers=run.headers())


def _until_published(least: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if len(store.read(URL, EVERYTHING).rows) >= least:
                return
        except store.MissingError:
            pass
        time.sleep(0.1)
    raise AssertionError("nothing is published")


def _options(server: bucket.Server) -> dict[str, str]:
    told = {name.lower(): value for name, value in server.environment.items()}
    return told | {"aws_allow_http": "true", "aws_virtual_hosted_style_request": "false"}
