"""WebSockets of real clients through the proxy: every response is one row, whichever way the socket ends."""

import asyncio
import json
import ssl
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
import websockets
from google import genai
from google.genai import types

from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Counts, Scenario
from tests.testbed.upstream import Upstream

COUNTS = Counts(input=1000, cached=400, output=100, reasoning=0)
# 600 x 2 + 400 x 1 + 100 x 8, per million
COST = Decimal("0.0024")
PLENTY = Scenario(counts=COUNTS)
MODEL = "testbed-realtime"
UNSURE = ("partial", "estimated")
# Messages of one answer: its beginning, six words with their sound, its end.
ANSWER = 14
MEBIBYTE = 1024 * 1024


def _client(run: Run) -> Any:
    return openai.OpenAI(api_key="sk-testbed-0123456789abcdef", max_retries=0)


def _realtime(run: Run, scenario: Scenario = PLENTY) -> Any:
    return _client(run).realtime.connect(
        model=MODEL, extra_headers=run.headers(scenario), websocket_connection_options=run.socket_options()
    )


def _ask(connection: Any, times: int = 1) -> list[str]:
    """Ask for responses one by one; gives the kinds of all that came."""
    kinds: list[str] = []
    for _ in range(times):
        connection.response.create()
        while not kinds or kinds[-1] != "response.done":
            kinds.append(connection.recv().type)
        kinds.append("")
    return kinds


def _begin(connection: Any) -> None:
    """Ask for a response, and wait for its first word."""
    connection.response.create()
    while connection.recv().type != "response.output_audio_transcript.delta":
        pass


def _read_on(connection: Any) -> None:
    while True:
        connection.recv()


def test_realtime(run: Run) -> None:
    """Several responses of the real client on one socket are as many exact rows, as they come."""
    with _realtime(run) as connection:
        kinds = _ask(connection, 3)
        assert kinds.count("response.output_audio.delta") == 18
        found = run.rows(3)  # while the socket is open
    assert {row["event_id"].rpartition("/")[2] for row in found} == {"1", "2", "3"}
    for row in found:
        assert (row["cost_usd"], row["cost_status"], row["outcome"]) == (COST, "exact", "ok")
        assert (row["input_tokens"], row["cached_input_tokens"], row["output_tokens"]) == (1000, 400, 100)
        assert (row["host"], row["path"], row["method"]) == ("api.openai.com", "/v1/realtime", "GET")
        assert (row["request_model"], row["model"], row["status_code"]) == (MODEL, MODEL, 101)
        assert row["ttft_ms"] <= row["latency_ms"]
    assert len(run.rows(3)) == 3


def test_responses(run: Run) -> None:
    """The Responses API over a socket: two lanes side by side, each request one exact row."""
    options = run.socket_options()
    headers = run.headers(PLENTY)
    with _client(run).responses.connect(extra_headers=headers, websocket_connection_options=options) as connection:
        for lane in ("a", "b"):
            connection.response.create(model="testbed-chat", input=f"hello {lane}", stream_id=lane)
        done = 0
        while done < 2:
            done += connection.recv().type == "response.completed"

    for row in run.rows(2):
        assert (row["cost_usd"], row["cost_status"], row["outcome"]) == (COST, "exact", "ok")
        assert (row["path"], row["request_model"], row["response_model"]) == ("/v1/responses", *["testbed-chat"] * 2)


def test_gemini_live(run: Run) -> None:
    """The live client of google-genai: a row a turn, with the model that its setup names."""
    options = types.HttpOptions(headers=run.headers(Scenario(counts=Counts(input=1000, cached=0, output=100))))

    async def talk() -> None:
        client = genai.Client(api_key="AIza0123456789abcdef", http_options=options)
        async with client.aio.live.connect(model="testbed-gemini") as session:
            for _ in range(2):
                await session.send_client_content(turns=types.Content(role="user", parts=[types.Part(text="hello")]))
                async for message in session.receive():
                    assert message.server_content is not None

    asyncio.run(talk())
    for row in run.rows(2):
        # 1000 x 1 + 100 x 4, per million
        assert (row["cost_usd"], row["cost_status"], row["outcome"]) == (Decimal("0.0014"), "exact", "ok")
        assert (row["provider"], row["request_model"]) == ("gcp.gemini", "testbed-gemini")


def test_the_client_leaves(run: Run) -> None:
    """A client that closes in the middle of its second response leaves one exact row and one that is not."""
    mark = run.upstream.mark()
    with _realtime(run, Scenario(counts=COUNTS, gate=run.id, gate_after=ANSWER + 6)) as connection:
        _ask(connection)
        _begin(connection)

    first, second = run.rows(2)
    assert (first["outcome"], first["cost_usd"]) == ("ok", COST)
    assert second["outcome"] == "client_aborted"
    assert second["cost_status"] in UNSURE
    assert run.upstream.wait(mark, state="client_left")


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_the_upstream_dies(run: Run, ending: Any) -> None:
    """An upstream that dies in the middle of the second response is `upstream_aborted`, and the client sees it."""
    scenario = Scenario(counts=COUNTS, gate=run.id, gate_after=ANSWER + 6, ending=ending, after=ANSWER + 6)
    with _realtime(run, scenario) as connection:
        _ask(connection)
        _begin(connection)
        run.upstream.open_door(run.id)
        with pytest.raises(websockets.ConnectionClosed):
            _read_on(connection)

    first, second = run.rows(2)
    assert (first["outcome"], first["cost_usd"]) == ("ok", COST)
    assert (second["outcome"], second["cost_status"]) == ("upstream_aborted", "partial")


def test_a_refused_upgrade(run: Run) -> None:
    """An upgrade that is refused is one row that costs nothing."""
    with pytest.raises(websockets.InvalidStatus), _realtime(run, Scenario(status=401)):
        pass

    row = run.row()
    assert (row["outcome"], row["status_code"], row["cost_status"]) == ("error", 401, "not_billed")


@pytest.mark.parametrize("kill", [False, True], ids=["sigterm", "kill"])
def test_the_proxy_stops(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, kill: bool) -> None:
    """Stopped or killed, the proxy leaves one row for each response: those that ended, and the one that ran."""
    proxy = Proxy(tmp_path / "proxy", upstream)
    proxy.start()
    for name, value in proxy.environment().items():
        monkeypatch.setenv(name, value)
    run = Run(proxy, upstream)
    with _realtime(run, Scenario(counts=COUNTS, gate=run.id, gate_after=2 * ANSWER + 6)) as connection:
        _ask(connection, 2)
        _begin(connection)
        if kill:
            proxy.kill()
        else:
            proxy.stop()
    with proxy:
        found = run.rows(3)

    assert [row["outcome"] for row in found] == ["ok", "ok", "interrupted"]
    assert [row["cost_usd"] for row in found[:2]] == [COST, COST]
    assert found[2]["request_model"] == MODEL


@pytest.mark.slow
def test_a_long_conversation_keeps_its_memory(tmp_path: Path, upstream: Upstream) -> None:
    """Twenty thousand messages over one socket leave the proxy about as large as the first few thousand did."""
    words, rounds = 100, 100
    with Proxy(tmp_path / "proxy", upstream) as proxy:
        run = Run(proxy, upstream)
        scenario = Scenario(counts=COUNTS, length=words)
        grown = asyncio.run(_soak(proxy, run.headers(scenario), rounds))
        found = run.rows(rounds)
    print(f"\n{rounds * (2 * words + 3)} messages: the proxy grew by {grown / MEBIBYTE:.1f} MiB after the first tenth")

    assert {row["cost_usd"] for row in found} == {COST}
    assert grown < 24 * MEBIBYTE


async def _soak(proxy: Proxy, headers: dict[str, str], rounds: int) -> int:
    """How many bytes the proxy's memory grows from the first tenth of the responses to the last."""
    url = f"wss://api.openai.com/v1/realtime?model={MODEL}"
    trust = ssl.create_default_context(cafile=str(proxy.bundle))
    async with websockets.connect(url, ssl=trust, proxy=proxy.url, additional_headers=headers) as socket:
        before = 0
        for number in range(rounds):
            await socket.send(json.dumps({"type": "response.create"}))
            while json.loads(await socket.recv())["type"] != "response.done":
                pass
            if number == rounds // 10:
                before = proxy.resident_bytes()
        return proxy.resident_bytes() - before
