"""Batches and background work with the official clients: one row for each call, however often it is looked at."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

COUNTS = Counts(input=1000, cached=0, output=100, reasoning=0)
# (1000 x 2 + 100 x 8) and (1000 x 3 + 100 x 15), per million, at half the price
LINE_COST = {"openai": Decimal("0.0014"), "anthropic": Decimal("0.00225")}


def _openai(proxy: Proxy) -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-testbed-0123456789abcdef", max_retries=0, http_client=_http(proxy))


def _http(proxy: Proxy) -> Any:
    return httpx.Client(proxy=proxy.url, verify=str(proxy.bundle), trust_env=False)


def _told(run: Run, state: str) -> Any:
    scenario = Scenario(counts=COUNTS, job=run.id, state=state)
    return {"extra_headers": run.headers(scenario)}


def _settled(proxy: Proxy, run: Run, count: int) -> list[dict[str, Any]]:
    """The rows once nothing of the run is pending any more."""
    found = rows.of_run(proxy.db, run.id, count)
    while any(row["cost_status"] == "pending" for row in found):
        found = rows.of_run(proxy.db, run.id, count)
    return sorted(found, key=lambda row: row["job_id"])


def _poll(client: openai.OpenAI, run: Run) -> None:
    """What a script does that waits for a batch."""
    created = client.batches.create(
        input_file_id="file-input", endpoint="/v1/chat/completions", completion_window="24h", **_told(run, "validating")
    )
    for state in ("validating", "in_progress", "in_progress", "finalizing", "completed", "completed"):
        client.batches.retrieve(created.id, **_told(run, state))


def _download(client: openai.OpenAI, run: Run) -> str:
    return client.files.content(f"file-{run.id}", **_told(run, "completed")).text


def test_an_openai_batch_whose_lines_pass_by(tmp_path: Path, upstream: Upstream) -> None:
    """Each line of the output file is a row at the batch rate, once through polls, downloads and a restart."""
    folder = tmp_path / "proxy"
    with Proxy(folder, upstream) as proxy:
        run = Run(proxy, upstream)
        client = _openai(proxy)
        _poll(client, run)
        assert len(_download(client, run).splitlines()) == 3
        _download(client, run)
    with Proxy(folder, upstream) as proxy:
        client = _openai(proxy)
        client.batches.retrieve(f"batch_{run.id}", **_told(run, "completed"))
        _download(client, run)
        run = Run(proxy, upstream, run.id)
        batch, *lines = _settled(proxy, run, 4)

    assert (batch["job_id"], batch["method"], batch["cost_status"]) == (f"batch_{run.id}", "POST", "not_billed")
    assert (batch["cost_usd"], batch["input_tokens"]) == (0, None)
    assert [line["job_id"] for line in lines] == [f"file-{run.id}/{number}" for number in range(3)]
    assert [line["cost_status"] for line in lines] == ["exact", "exact", "not_billed"]
    assert [line["cost_usd"] for line in lines] == [LINE_COST["openai"]] * 2 + [0]
    assert {line["service_tier"] for line in lines} == {"batch"}


def test_an_openai_batch_whose_lines_never_pass_by(run: Run) -> None:
    """The batch object costs its totals at the batch rate, once."""
    client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", max_retries=0)
    _poll(client, run)

    (batch,) = _settled(run.proxy, run, 1)
    assert (batch["input_tokens"], batch["output_tokens"]) == (2000, 200)
    assert (batch["cost_status"], batch["cost_usd"]) == ("exact", 2 * LINE_COST["openai"])


def test_a_batch_that_was_only_created(run: Run) -> None:
    """It is there, and its cost is unknown, not 0."""
    client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", max_retries=0)
    client.batches.create(
        input_file_id="file-input", endpoint="/v1/chat/completions", completion_window="24h", **_told(run, "validating")
    )

    row = run.row()
    assert (row["cost_status"], row["cost_usd"], row["operation"]) == ("pending", None, "batch")


def test_an_anthropic_batch(run: Run) -> None:
    """Results are rows at the batch rate; their ids are those of the requests."""
    client = anthropic.Anthropic(api_key="sk-ant-testbed-0123456789", max_retries=0)
    params: Any = {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "model": "testbed-claude"}
    batch = client.messages.batches.create(requests=[{"custom_id": "0", "params": params}], **_told(run, "in_progress"))
    client.messages.batches.retrieve(batch.id, **_told(run, "in_progress"))
    for _ in range(2):
        # The client looks at the batch first, by itself.
        results = list(
            client.with_options(default_headers=_told(run, "ended")["extra_headers"]).messages.batches.results(batch.id)
        )
        assert [result.result.type for result in results] == ["succeeded", "succeeded", "errored"]

    created, *lines = _settled(run.proxy, run, 4)
    assert (created["job_id"], created["cost_status"]) == (batch.id, "not_billed")
    assert [line["job_id"] for line in lines] == [f"{batch.id}/{number}" for number in range(3)]
    assert [line["cost_usd"] for line in lines] == [LINE_COST["anthropic"]] * 2 + [0]


@pytest.mark.parametrize("stored_again", [1, 3])
def test_a_background_response(run: Run, stored_again: int) -> None:
    """It costs what the answer says that shows it completed, and looking at it again costs nothing."""
    client = openai.OpenAI(api_key="sk-testbed-0123456789abcdef", max_retries=0)
    created = client.responses.create(model="testbed-chat", input="hi", background=True, **_told(run, "queued"))
    client.responses.retrieve(created.id, **_told(run, "in_progress"))
    for _ in range(stored_again):
        client.responses.retrieve(created.id, **_told(run, "completed"))

    (row,) = _settled(run.proxy, run, 1)
    assert (row["job_id"], row["input_tokens"], row["cost_status"]) == (created.id, 1000, "exact")
    assert (row["cost_usd"], row["method"]) == (2 * LINE_COST["openai"], "POST")
