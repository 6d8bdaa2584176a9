"""Services that are no LLM, through the hooks: which of their paths make rows, and what headers and queries tell."""

import json
import tracemalloc
from pathlib import Path

import pytest

from tests.hooks.test_addon import Proxy

KNOWN = "path, provider, response_model, request_model, cost_usd::VARCHAR AS cost_usd, cost_status, response_bytes"
SOUND = {"content_type": "audio/mpeg", "dg_char_count": "64", "dg_model_name": "aura-2-thalia-en"}


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    """A proxy with the real prices."""
    return Proxy(tmp_path)


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        (b"POST", "api.stripe.com", "/v1/customers"),
        (b"GET", "api.stripe.com", "/v1/customers/cus_1"),
        (b"GET", "api.elevenlabs.io", "/v1/voices"),
        (b"POST", "api.elevenlabs.io", "/v1/voices/add"),
        (b"POST", "api.pinecone.io", "/indexes"),
        (b"GET", "google.serper.dev", "/account"),
    ],
)
def test_what_costs_nothing_makes_no_row(proxy: Proxy, method: bytes, host: str, path: str) -> None:
    """Where the routes are all that costs, any other path is left alone, and so is whatever is looked up."""
    proxy.call(proxy.flow(b"{}", path, host=host, method=method), b"{}")

    assert proxy.rows() == []


def test_a_look_that_costs_is_a_call(proxy: Proxy) -> None:
    """What is fetched from a vector database is charged, also by GET."""
    answer = json.dumps({"usage": {"readUnits": 5}}).encode()
    host = "index-1a2b3c.svc.aped-4627-b74a.pinecone.io"
    proxy.call(proxy.flow(b"", "/vectors/fetch?ids=1", host=host, method=b"GET"), answer)

    (row,) = proxy.rows(KNOWN)
    assert (row["path"], row["cost_usd"], row["cost_status"]) == ("/vectors/fetch", "0.000080000000000", "exact")


def test_a_payment_without_a_charge_is_looked_up_without_a_row(proxy: Proxy) -> None:
    """An intent that nobody has paid yet tells of no job, so looking at it leaves nothing behind."""
    answer = {"id": "pi_1", "status": "requires_action", "latest_charge": None, "livemode": True, "currency": "usd"}
    flow = proxy.flow(b"", "/v1/payment_intents/pi_1", host="api.stripe.com", method=b"GET")
    proxy.call(flow, json.dumps(answer).encode())

    assert proxy.rows() == []


def test_headers_name_voice_and_characters(proxy: Proxy) -> None:
    """Sound that passes leaves nothing in memory; its headers say what was said, and by whom."""
    flow = proxy.flow(b'{"text":"x"}', "/v1/speak", host="api.deepgram.com")
    chunk = b"\xff\xf3\xe4\xc4" * 16384
    tracemalloc.start()
    got = proxy.call(flow, *[chunk] * 512, **SOUND)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    (row,) = proxy.rows(KNOWN)
    assert len(got) == row["response_bytes"] == 512 * len(chunk)
    assert peak < 2 * len(got)
    assert (row["response_model"], row["cost_usd"]) == ("aura-2-thalia-en", "0.001920000000000")


def test_a_query_names_the_model(proxy: Proxy) -> None:
    """Deepgram's model stands in the query string, of which nothing else is kept."""
    answer = json.dumps({"metadata": {"duration": 60, "channels": 1}}).encode()
    flow = proxy.flow(b"RIFF", "/v1/listen?model=nova-3&tag=private", host="api.deepgram.com")
    proxy.call(flow, answer)

    (row,) = proxy.rows(KNOWN)
    assert (row["request_model"], row["path"], row["cost_status"]) == ("nova-3", "/v1/listen", "exact")
