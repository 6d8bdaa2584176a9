import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from mitmproxy import exceptions

from llmobs.event import Event
from llmobs.hooks import standing
from llmobs.web import monitoring
from tests.hooks.test_addon import CHAT, Proxy, prices, proxy  # noqa: F401
from tests.telemetry.calls import call
from tests.web.test_server import ask

HERE = {"llmobserve_web": "127.0.0.1:0"}


@contextmanager
def running(folder: Path, **options: str) -> Iterator[Proxy]:
    """An addon that serves on a port of its own."""
    made = Proxy(folder, **HERE | options)
    try:
        yield made
    finally:
        made.addon.done()


def page(made: Proxy, path: str = "/metrics") -> tuple[int, str]:
    """What a path answers."""
    assert made.addon.listeners.server is not None
    return ask(made.addon.listeners.server, path)[:2]


@pytest.mark.usefixtures("prices")
def test_a_call_is_in_the_figures_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A call in flight is told, and counted as soon as it ends; where to look is said at the start."""

    with running(tmp_path) as made:
        assert f"metrics at   {made.addon.listeners.url}metrics" in capsys.readouterr().out
        flow = made.flow()
        before = page(made)[1]
        made.call(flow, CHAT)
        after = page(made)[1]

    assert 'llm_calls_in_flight{provider="openai"} 1.0' in before
    assert "llm_requests_total{" not in before
    assert 'llm_requests_total{model="gpt-x",operation="chat",outcome="ok",provider="openai"} 1.0' in after
    assert "llm_calls_in_flight{" not in after
    assert 'llm_overhead_seconds_count{hook="requestheaders"} 1.0' in after
    assert 'llm_overhead_seconds_count{hook="stream"} 1.0' in after
    assert "llmobserve_build_info{" in after


@pytest.mark.usefixtures("prices")
def test_a_call_that_is_read_twice_is_counted_once(tmp_path: Path) -> None:
    """A recording that is read again leaves neither a second row nor a second count."""

    with running(tmp_path) as made:
        flow = made.flow()
        made.call(flow, CHAT)
        made.addon.requestheaders(flow)
        made.addon.request(flow)
        made.call(flow, CHAT)
        figures = page(made)[1]

    assert "llm_requests_total{" in figures
    assert next(line for line in figures.splitlines() if line.startswith("llm_requests_total{")).endswith(" 1.0")


@pytest.mark.usefixtures("prices")
def test_readiness_follows_the_writer(tmp_path: Path) -> None:
    """`/readyz` is 200 while rows are stored, and 503 once nothing writes any more."""

    with running(tmp_path) as made:
        assert page(made, "/readyz")[0] == 200
        made.addon.calls.close()
        assert page(made, "/readyz") == (503, "The proxy is starting or ending.\n")
        assert standing.state(made.addon).ready is False


@pytest.mark.usefixtures("prices")
def test_health_follows_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`/healthz` is 503 while the proxy's event loop takes no work, and 200 when it does."""

    monkeypatch.setattr(monitoring, "PATIENCE_S", 0.05)
    with running(tmp_path) as made:
        assert page(made, "/healthz")[0] == 503
        monkeypatch.setattr(monitoring, "PATIENCE_S", 5)
        loop = made.context.master.event_loop
        turning = Thread(target=loop.run_forever)
        turning.start()
        assert page(made, "/healthz")[0] == 200
        loop.call_soon_threadsafe(loop.stop)
        turning.join()


@pytest.mark.usefixtures("prices")
def test_a_taken_port_costs_the_figures_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the port is taken the proxy says so and runs; another address is served as soon as it is set."""

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        urls, figures = [], ""
        with running(tmp_path, llmobserve_web=f"127.0.0.1:{port}") as made:
            urls.append(made.addon.listeners.url)
            made.call(made.flow(), CHAT)
            for address in ("127.0.0.1:0", "localhost:0", "off"):
                made.context.configure(made.addon, llmobserve_web=address)
                urls.append(made.addon.listeners.url)
                figures += page(made)[1] if address != "off" else ""

    assert [bool(url) for url in urls] == [False, True, True, False]
    assert figures.count("llm_requests_total{") == 2
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message.partition(": ")[0] for record in warnings] == ["llmobserve_web"]
    assert f"127.0.0.1:{port} can't be served" in warnings[0].message


@pytest.mark.usefixtures("prices")
def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    """An address that can't be is refused when it is set, and the former one stays."""

    with running(tmp_path) as made:
        before = made.addon.listeners.url
        with pytest.raises(exceptions.OptionsError, match="llmobserve_web: 'nowhere' is no address; write HOST:PORT"):
            made.context.configure(made.addon, llmobserve_web="nowhere")
        assert made.addon.listeners.url == before


@pytest.mark.usefixtures("prices")
def test_rows_are_logged(tmp_path: Path) -> None:
    """With `llmobserve_log` each call is a line as well as a row."""

    log = tmp_path / "calls.jsonl"
    with running(tmp_path, llmobserve_log=str(log)) as made:
        made.call(made.flow(), CHAT)

    (line,) = [json.loads(text) for text in log.read_text().splitlines()]
    assert (line["model"], line["outcome"]) == ("gpt-x", "ok")


def test_one_who_fails_does_not_keep_the_others(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:  # noqa: F811
    """A listener that fails is told of, without its words, and the next one hears the row."""

    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise KeyError("sk-secret")

    proxy.addon.listeners._hear = (broken, heard.append)
    proxy.addon.listeners.hear(call())

    assert len(heard) == 1
    assert "a row was not told: KeyError at test_listeners.py" in caplog.text
    assert "sk-secret" not in caplog.text


def test_versions_are_known_without_an_installation() -> None:
    """A program that is not installed runs from a checkout."""

    assert standing._version("mitmproxy")[0].isdecimal()
    assert standing._version("no-such-program") == "checkout"
