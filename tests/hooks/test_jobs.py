"""Work that goes on after its request, through the hooks: one row for each id, whoever asks for it how often."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hooks.test_addon import Proxy, rows_of
from tests.test_lines import CHAT, line

BACKGROUND = {"id": "resp_1", "background": True, "model": "gpt-5-mini", "status": "queued", "usage": None}
USAGE = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
BATCH = {"id": "batch_1", "object": "batch", "status": "validating", "output_file_id": None, "model": "gpt-5-mini"}
KNOWN = "job_id, results_id, operation, cost_status, cost_usd::VARCHAR AS cost_usd, input_tokens, method"


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    """A proxy with a database of its own."""
    return Proxy(tmp_path)


def post(proxy: Proxy, path: str, answer: Any, asked: bytes = b"{}") -> None:
    """A request that begins work, and its answer."""
    proxy.call(proxy.flow(asked, path), json.dumps(answer).encode())


def get(proxy: Proxy, path: str, *answers: bytes, status: int = 200) -> None:
    """A look at it."""
    proxy.call(proxy.flow(b"", path, method=b"GET"), *answers, status=status)


def test_a_background_response_is_billed_when_it_is_done(proxy: Proxy) -> None:
    """A response that was queued is pending, and costs what the answer that shows it completed says."""
    post(proxy, "/v1/responses", BACKGROUND)
    get(proxy, "/v1/responses/resp_1", json.dumps(BACKGROUND).encode())
    for _ in range(3):
        get(proxy, "/v1/responses/resp_1", json.dumps(BACKGROUND | {"status": "completed", "usage": USAGE}).encode())

    rows = proxy.rows(KNOWN)
    done = [row for row in rows if row["cost_status"] == "exact"]
    assert [(row["job_id"], row["input_tokens"]) for row in done] == [("resp_1", 1000)]
    assert {row["job_id"] for row in rows} == {"resp_1"}


def test_a_run_that_waits_for_the_client_is_pending(proxy: Proxy) -> None:
    """The stream of a run that stops for an action tells its id, and the stream after the action what it used."""
    run = {"id": "run_1", "object": "thread.run", "model": "gpt-5-mini", "usage": None}
    waiting = {"id": "thread_1", "object": "thread"}, run | {"status": "queued"}, run | {"status": "requires_action"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    for path, answers in (
        ("/v1/threads/runs", waiting),
        ("/v1/threads/t/runs/run_1/submit_tool_outputs", (run | {"status": "completed", "usage": usage},)),
    ):
        events = b"".join(b"data: " + json.dumps(answer).encode() + b"\n\n" for answer in answers)
        proxy.call(proxy.flow(b'{"stream":true}', path), events, content_type="text/event-stream")

    (row,) = proxy.rows(KNOWN)
    assert (row["job_id"], row["cost_status"], row["input_tokens"]) == ("run_1", "exact", 1000)


def test_a_background_response_that_failed_costs_nothing(proxy: Proxy) -> None:
    """A failure without usage is not billed."""
    get(proxy, "/v1/responses/resp_1", json.dumps(BACKGROUND | {"status": "failed"}).encode())

    assert [row["cost_status"] for row in proxy.rows(KNOWN)] == ["not_billed"]


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/v1/responses/resp_1/cancel", BACKGROUND | {"status": "cancelled"}, "not_billed"),
        ("/v1/batches/batch_1/cancel", BATCH | {"status": "cancelling"}, "pending"),
        ("/v1/threads/t/runs/run_1/cancel", {"id": "run_1", "object": "thread.run", "status": "cancelling"}, "pending"),
    ],
)
def test_a_cancelled_job_is_settled_by_its_own_word(proxy: Proxy, path: str, answer: Any, status: str) -> None:
    """The answer to a cancel tells of the job: over at no cost, or still to be billed for what was done before."""
    post(proxy, path, answer)

    assert [(row["job_id"], row["cost_status"]) for row in proxy.rows(KNOWN)] == [(answer["id"], status)]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/responses/resp_1", BACKGROUND | {"background": False, "status": "completed", "usage": USAGE}),
        ("/v1/chat/completions/c", CHAT),
        ("/v1/chat/completions", {"object": "list", "data": [CHAT]}),
        ("/v1/batches", {"object": "list", "data": [BATCH | {"status": "completed", "usage": USAGE}]}),
        ("/v1/models", {"object": "list", "data": []}),
    ],
)
def test_what_is_only_looked_up_makes_no_row(proxy: Proxy, path: str, answer: Any) -> None:
    """Stored responses and chats, lists and models repeat what was billed, or cost nothing."""
    get(proxy, path, json.dumps(answer).encode())

    assert proxy.rows(KNOWN) == []


def test_a_job_that_is_not_found_makes_no_row(proxy: Proxy) -> None:
    """A look that fails says nothing of the job."""
    get(proxy, "/v1/responses/resp_1", b'{"error":{"type":"not_found"}}', status=404)

    assert proxy.rows(KNOWN) == []


def test_a_batch_that_was_only_created_is_visible(proxy: Proxy) -> None:
    """Its row is pending: the cost is unknown, not 0."""
    post(proxy, "/v1/batches", BATCH)

    (row,) = proxy.rows(KNOWN)
    assert (row["job_id"], row["operation"], row["cost_status"], row["cost_usd"]) == (
        "batch_1", "batch", "pending", None,
    )  # fmt: skip


def test_the_totals_of_a_batch_count_at_the_batch_rate(proxy: Proxy) -> None:
    """Where no lines pass by, the batch object bills its own totals, and zeros before its end bill nothing."""
    zeros = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    post(proxy, "/v1/batches", BATCH | {"usage": zeros})
    done = BATCH | {"status": "completed", "output_file_id": "file-1", "usage": USAGE}
    for _ in range(3):
        get(proxy, "/v1/batches/batch_1", json.dumps(done).encode())

    (row,) = [row for row in proxy.rows(KNOWN) if row["cost_status"] != "pending"]
    assert (row["cost_status"], row["results_id"], row["input_tokens"]) == ("exact", "file-1", 1000)
    assert float(row["cost_usd"]) == pytest.approx(0.000225)


def test_the_lines_of_an_output_file_are_calls(proxy: Proxy) -> None:
    """Each line is a row, however the file is cut and however often it is downloaded."""
    file = b"\n".join([line("a", CHAT | {"model": "gpt-5-mini"}), line("b", CHAT | {"model": "gpt-5-mini"})])
    for at in (10, len(file) // 2, len(file)):
        get(proxy, "/v1/files/file-1/content", file[:at], file[at:])

    rows = proxy.rows(KNOWN)
    assert sorted((row["job_id"], row["cost_status"], row["results_id"]) for row in rows) == [
        ("file-1/a", "exact", "file-1"),
        ("file-1/b", "exact", "file-1"),
    ]


def test_a_file_of_another_kind_makes_no_row(proxy: Proxy) -> None:
    """Whatever else is downloaded passes by."""
    get(proxy, "/v1/files/file-1/content", b"\x89PNG\r\n", b"\x00" * 1000)

    assert proxy.rows(KNOWN) == []


def test_a_look_that_is_killed_leaves_nothing(proxy: Proxy) -> None:
    """A download that runs while the proxy stops is no interrupted call."""
    flow = proxy.flow(b"", "/v1/files/file-1/content", method=b"GET")
    flow.response = None
    proxy.addon.done()

    assert rows_of(proxy.database, KNOWN) == []
