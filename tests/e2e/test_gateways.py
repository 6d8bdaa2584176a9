"""Gateways of one's own, at ports of one host and without TLS: each has a breaker, and calls go from one to another."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.e2e import asks
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream

PRICES = """
updated: 2026-11-20
providers:
  ours:
    hosts: ["127.0.0.1:{sick}", "127.0.0.1:{well}"]
    routes:
    - {{path: /v1/chat/completions, dialect: openai_chat, operation: chat}}
    models:
      testbed-chat:
      - {{from: 2026-01-01, source: hand, input: 2, output: 8}}
"""
ANSWER = {"model": "testbed-chat", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
# 1000 x 2 + 100 x 8, per million
COST = Decimal("0.0028")


@contextmanager
def _gateway(status: int) -> Iterator[tuple[int, list[str]]]:
    """A gateway that answers with a status: its port, and the key and host of each call."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            heard.append(f"{self.headers['authorization']} {self.headers['host']}")
            body = json.dumps(ANSWER).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], heard
    finally:
        server.shutdown()
        server.server_close()


def test_one_fails_and_the_other_takes_over(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The breaker of one port opens, calls go to the other one with its own key, and that one's own calls go on."""
    monkeypatch.setenv("WELL_KEY", "sk-well-0123456789abcdef")
    with ExitStack() as open_:
        sick, asked = open_.enter_context(_gateway(500))
        well, helped = open_.enter_context(_gateway(200))
        policy, prices = tmp_path / "policy.yaml", tmp_path / "prices.yaml"
        prices.write_text(PRICES.format(sick=sick, well=well))
        policy.write_text(
            "breaker: {failures: 2, open_s: 600}\n"
            "fallbacks:\n"
            f"- {{name: w, where: {{customer: led}}, to: [{{host: 'http://127.0.0.1:{well}', key_env: WELL_KEY}}]}}\n"
        )
        options = {"llmobserve_policy": str(policy)}
        proxy = open_.enter_context(Proxy(tmp_path / "proxy", upstream, options=options, pricing=prices))
        run = Run(proxy, upstream)
        client = open_.enter_context(httpx.Client(proxy=proxy.url))

        def call(port: int, customer: str) -> int:
            headers = run.headers(**{"X-LLMObserve-Customer-ID": customer, "Authorization": "Bearer sk-own"})
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            return client.post(url, json=asks.CHAT.body, headers=headers).status_code

        statuses = [call(sick, "led"), call(sick, "alone"), call(sick, "alone"), call(well, "alone")]
        found = run.rows(5)

    assert (statuses, len(asked)) == ([200, 500, 503, 200], 2)
    assert helped == [f"Bearer sk-well-0123456789abcdef 127.0.0.1:{well}", f"Bearer sk-own 127.0.0.1:{well}"]
    rows = [(row["status_code"], row["policy"], row["breaker"], row["cost_usd"]) for row in found]
    assert rows == [
        (500, None, "closed", 0),
        (200, "fallback:w", "closed", COST),
        (500, None, "open", 0),
        (503, f"breaker:127.0.0.1:{sick}", "open", 0),
        (200, None, "closed", COST),
    ]
