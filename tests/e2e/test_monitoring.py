"""What a team's monitoring sees of calls through a real proxy: figures, health, log lines, spans."""

import json
import stat
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

from llmobs import store
from tests.telemetry.receiver import plain, receiver
from tests.testbed.proxy import Proxy, free_port
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import Upstream

KEY = "sk-testbed-0123456789abcdef"
HELLO: Any = [{"role": "user", "content": "a secret prompt"}]
SUMS = """
SELECT count(*) AS llm_requests_total, count(*) FILTER (failed) AS llm_errors_total,
    count(*) FILTER (unknown_cost) AS llm_unpriced_calls_total, sum(cost_usd)::DOUBLE AS llm_cost_usd_total,
    sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::DOUBLE AS llm_tokens_total,
    sum(ttft_ms)::DOUBLE / 1000 AS llm_time_to_first_token_seconds_sum
FROM calls
"""


def figures(url: str) -> dict[str, float]:
    """Every figure of a page, summed over its labels."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{url}/metrics", trust_env=False).text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def test_monitoring_says_what_the_table_says(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures, log and spans of the same calls agree with the rows; none of them has the key or the prompt."""
    port, log = free_port(), tmp_path / "calls.jsonl"
    url = f"http://127.0.0.1:{port}"
    with receiver() as received:
        options = {"llmobserve_web": f"127.0.0.1:{port}", "llmobserve_log": str(log), "llmobserve_otlp": received.url}
        with Proxy(tmp_path / "proxy", upstream, options=options) as proxy:
            for name, value in proxy.environment().items():
                monkeypatch.setenv(name, value)
            run = Run(proxy, upstream)
            ask = openai.OpenAI(api_key=KEY, default_headers=run.headers(), max_retries=0).chat.completions.create
            ask(model="testbed-chat", messages=HELLO)
            list(ask(model="testbed-chat", messages=HELLO, stream=True))
            ask(model='no"price\n', messages=HELLO)
            broken = openai.OpenAI(api_key=KEY, default_headers=run.headers(Scenario(status=503)), max_retries=0)
            with pytest.raises(openai.InternalServerError):
                broken.chat.completions.create(model="testbed-chat", messages=HELLO)
            rows = run.rows(4)
            seen = figures(url)
            health = [httpx.get(f"{url}{path}", trust_env=False) for path in ("/healthz", "/readyz")]
        lines = [json.loads(line) for line in log.read_text().splitlines()]

    stored = dict(zip(*_asked(proxy.db, SUMS), strict=True))
    assert {name: seen[name] for name in stored} == pytest.approx(stored)
    assert seen.get("llm_calls_in_flight", 0) == 0
    assert seen["llm_overhead_seconds_count"] >= 4 * 4
    assert [(answer.status_code, answer.text) for answer in health] == [
        (200, "The proxy lives.\n"),
        (200, "Rows reach the database.\n"),
    ]
    ids = sorted(row["event_id"] for row in rows)
    assert sorted(line["event_id"] for line in lines) == ids
    assert sorted(plain(span.attributes)["llmobserve.event_id"] for span in received.spans()) == ids
    assert received.metrics()["gen_ai.client.operation.duration"].histogram.data_points
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    told = log.read_text() + str(received.requests)
    assert KEY not in told
    assert "secret prompt" not in told


def _asked(db: Path, sql: str) -> tuple[list[str], tuple[object, ...]]:
    """The names and the values of one row."""
    table = store.read(db, sql)
    return list(table.columns), table.rows[0]
