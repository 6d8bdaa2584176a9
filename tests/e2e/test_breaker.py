"""A provider that fails: its breaker opens, calls go elsewhere or are told at once, and come back when it is well."""

import time
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.e2e import asks
from tests.testbed import rows
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream

KEY = "sk-testbed-0123456789abcdef"
HELLO = [{"role": "user", "content": "hello"}]
# An outage of 60 seconds and a breaker that opens for 30, twenty times as fast.
TIMELINE = """
breaker: {failures: 3, open_s: 1.5}
fallbacks:
- name: router
  to: [{host: openrouter.ai, path: "/api{path}", models: {testbed-chat: testbed/router}, key_env: TESTBED_ROUTER_KEY}]
"""


def _proxy(folder: Path, upstream: Upstream, policy: str) -> Proxy:
    folder.mkdir(exist_ok=True)
    (folder / "policy.yaml").write_text(policy)
    options = {"llmobserve_policy": str(folder / "policy.yaml"), "testbed_dead": "api.groq.com"}
    return Proxy(folder / "proxy", upstream, options=options)


def _client(run: Run, scenario: Scenario) -> Any:
    return openai.OpenAI(api_key=KEY, default_headers=run.headers(scenario), max_retries=0)


def test_host_that_fails_is_left_alone(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three failures the SDK gets a 503 at once, the provider nothing; another provider is not touched."""
    with _proxy(tmp_path, upstream, "breaker: {failures: 3, open_s: 600}\n") as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        run, mark = Run(proxy, upstream), upstream.mark()
        for _ in range(4):
            with pytest.raises(openai.InternalServerError) as caught:
                _client(run, Scenario(status=503)).chat.completions.create(model="testbed-chat", messages=HELLO)
        other = anthropic.Anthropic(api_key=KEY, default_headers=run.headers(), max_retries=0)
        other.messages.create(model="testbed-claude", max_tokens=9, messages=HELLO)  # type: ignore[arg-type]
        found = run.rows(5)

    assert caught.value.status_code == 503
    assert "3 failures in a row" in str(caught.value)
    assert len([entry for entry in upstream.since(mark) if entry["host"] == "api.openai.com"]) == 3
    assert [row["breaker"] for row in found] == ["closed", "closed", "open", "open", "closed"]
    refused = found[3]
    assert (refused["policy"], refused["error_type"]) == ("breaker:api.openai.com", "provider_unavailable")
    assert (refused["status_code"], refused["cost_status"], refused["cost_usd"]) == (503, "not_billed", 0)
    assert "circuit breaker of api.openai.com: open, was closed" in proxy.log.read_text()


def test_host_that_cannot_be_reached_counts(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although no tunnel to it can be opened, each call is a row, and the breaker opens."""
    with _proxy(tmp_path, upstream, "breaker: {failures: 2, open_s: 600}\n") as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        run, ask = Run(proxy, upstream), asks.GROQ_STREAM
        codes = [httpx.post(ask.url, json=ask.body, headers=run.headers()).status_code for _ in range(3)]
        found = run.rows(3)

    assert codes == [502, 502, 503]
    assert [row["error_type"] for row in found] == ["connection_error", "connection_error", "provider_unavailable"]
    assert [row["breaker"] for row in found] == ["closed", "open", "open"]


def test_outage_with_fallback(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No call of the client fails: they go to the fallback, after a while without asking, and back when all is well."""
    monkeypatch.setenv("TESTBED_ROUTER_KEY", KEY)
    with _proxy(tmp_path, upstream, TIMELINE) as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        run, line = Run(proxy, upstream), Timeline()
        line.call(run)
        upstream.outage("api.openai.com", out=True)
        try:
            line.until(run, lambda seen: seen.count("open > open") > 0)
        finally:
            upstream.outage("api.openai.com", out=False)
        line.until(run, lambda seen: seen.endswith("closed"))
        found = rows.of_run(proxy.db, run.id, line.rows(proxy, run))

    asked = [row for row in found if row["host"] == "api.openai.com"]
    with capsys.disabled():
        print("", *line.table(found), sep="\n")
    assert set(line.statuses) == {200}
    assert {row["reason"] for row in found if row["policy"] == "fallback:router"} == {"status 503", "breaker open"}
    tried = [row for row in asked if row["policy"] is None]
    assert [row["status_code"] for row in tried][:5] == [200, 503, 503, 503, 503]
    assert (tried[-1]["status_code"], tried[-1]["breaker"]) == (200, "closed")


class Timeline:
    """One call after the other, and what the rows say of them."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.began = time.monotonic()

    def call(self, run: Run) -> None:
        """One call of a client that knows nothing of all this."""
        ask = asks.CHAT
        self.statuses.append(httpx.post(ask.url, json=ask.body, headers=run.headers(), timeout=30).status_code)

    def until(self, run: Run, done: Any) -> None:
        """Call until the breaker's states, one after the other, are as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done(self._states(run)):
            assert time.monotonic() < deadline, self._states(run)
            self.call(run)

    def _states(self, run: Run) -> str:
        """The breaker after each call that was really made."""
        mine = "run_id = ? and host = 'api.openai.com' and policy is null"
        found = rows.query(run.proxy.db, f"select breaker from events where {mine} order by started_at", run.id)
        return " > ".join(row["breaker"] for row in found)

    def rows(self, proxy: Proxy, run: Run) -> int:
        """How many rows there are to be: every refused or failed call has a second one."""
        sql = "select count(*) as n from events where run_id = ? and host = 'api.openai.com' and status_code <> 200"
        deadline = time.monotonic() + PATIENCE_SECONDS
        total = "select count(*) as n from events where run_id = ?"
        while True:
            count = len(self.statuses) + int(rows.query(proxy.db, sql, run.id)[0]["n"])
            if int(rows.query(proxy.db, total, run.id)[0]["n"]) == count:
                return count
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def table(self, found: list[dict[str, Any]]) -> list[str]:
        """The rows as lines, in seconds of the real outage."""
        start = found[0]["started_at"]
        return [f"{(row['started_at'] - start).total_seconds() * 20:6.1f} s  {_shown(row)}" for row in found]


def _shown(row: dict[str, Any]) -> str:
    return (
        f"{row['host']:16} {row['status_code']}  {row['policy'] or '-':24} {row['reason'] or '-':.40}  {row['breaker']}"
    )
