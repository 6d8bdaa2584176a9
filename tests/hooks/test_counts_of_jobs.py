"""Work that goes on after its request: what is counted of it is what the table says of it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmobs import store
from tests.hooks.test_addon import Proxy
from tests.hooks.test_jobs import BACKGROUND, BATCH, USAGE, get, post
from tests.test_lines import CHAT, line

DONE = json.dumps(BACKGROUND | {"status": "completed", "usage": USAGE}).encode()
FILED = BATCH | {"output_file_id": "file-out"}
TOTALS = {name: 2 * count for name, count in USAGE.items()}
COMPLETED = json.dumps(FILED | {"status": "completed", "usage": TOTALS}).encode()
LINE = line("%s", CHAT | {"model": "gpt-5-mini"})
SQL = "SELECT count(*), sum(cost_usd), sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FROM calls"


def background(proxy: Proxy) -> None:
    """A response that is asked for until it is done, and again."""
    post(proxy, "/v1/responses", BACKGROUND)
    for answer in (json.dumps(BACKGROUND).encode(), DONE, DONE):
        get(proxy, "/v1/responses/resp_1", answer)


def totals(proxy: Proxy) -> None:
    """A batch that tells its usage as a whole."""
    post(proxy, "/v1/batches", BATCH)
    for _ in range(2):
        get(proxy, "/v1/batches/batch_1", COMPLETED)


def output(proxy: Proxy) -> None:
    """A batch whose output file is fetched, twice."""
    post(proxy, "/v1/batches", FILED)
    for _ in range(2):
        get(proxy, "/v1/files/file-out/content", LINE % b"a", b"\n", LINE % b"b")


def both(proxy: Proxy) -> None:
    """A batch that tells its usage as a whole, and whose output file is fetched as well."""
    totals(proxy)
    get(proxy, "/v1/files/file-out/content", LINE % b"a", b"\n", LINE % b"b")


@pytest.mark.parametrize("work", [background, totals, output, both])
def test_figures_agree_with_the_table(tmp_path: Path, work: Any) -> None:
    """However often work is asked for, its rows, its cost and its tokens are counted as the table has them."""
    proxy = Proxy(tmp_path)
    work(proxy)
    tallies = list(proxy.addon.listeners.counts.tallies.values())
    proxy.addon.done()

    counted = (
        sum(tally.requests for tally in tallies),
        sum((tally.cost_usd for tally in tallies), Decimal(0)),
        sum(sum(tally.tokens) for tally in tallies),
    )
    rows, cost, tokens = store.read(proxy.database, SQL).rows[0]
    assert rows
    assert counted == (rows, cost, tokens)
