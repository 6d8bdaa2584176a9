import asyncio
import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any, cast

import pytest
from mitmproxy import connection, exceptions, http, options, tls
from mitmproxy.addons.proxyauth import ProxyAuth
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.test import taddons, tflow

from llmobs import authority, presence
from llmobs.dialects import DIALECTS
from llmobs.hooks import doorman as module
from llmobs.hooks.doorman import Doorman
from llmobs.pricing import load
from llmobs.settings import OPTIONS


class Meter:
    """Who has the price book."""

    book = load(Path(__file__).parents[2] / "pricing.yaml", dialects=DIALECTS)


class House:
    """A doorman in mitmproxy's test context, with a proxy server that listens on a free port."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.folder, self.values = folder, values
        self.doorman = Doorman(Meter())
        self.context = taddons.context()

    @contextlib.asynccontextmanager
    async def open(self) -> Any:
        """The doors are open in here."""
        server = Proxyserver()
        self.context.master.addons.add(server, ProxyAuth())
        for option in OPTIONS:
            self.context.options.add_option(option.name, type(option.default), option.default, option.meaning)
        self.context.options.update(mode=["regular@0"], llmobserve_db=str(self.folder / "e.duckdb"))
        self.context.options.update(confdir=str(self.folder), **self.values)
        self.context.master.addons.add(self.doorman)
        self.doorman.configure(set(self.context.options.keys()))
        await server.setup_servers()
        self.doorman.running()
        await cast("asyncio.Task[None]", self.doorman._opening)
        yield self
        self.doorman.done()
        await server.servers.update([])


@pytest.fixture
def client() -> connection.Client:
    """A client on this machine."""
    return connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))


def hello(client: connection.Client, host: str, sni: str | None, alpn: tuple[bytes, ...] = ()) -> tls.ClientHelloData:
    """A client hello on its way to a host."""
    context = Context(client, options.Options())
    context.server.address = (host, 443)
    greeting = type("ClientHello", (), {"sni": sni, "alpn_protocols": list(alpn)})
    data = tls.ClientHelloData(context, greeting)  # type: ignore[arg-type]
    data.ignore_connection = data.establish_server_tls_first = True
    return data


def inside(folder: Path, look: Any, **values: Any) -> None:
    """Run a look at a house whose doors are open."""

    async def visit() -> None:
        async with House(folder, **values).open() as house:
            result = look(house)
            if asyncio.iscoroutine(result):
                await result

    asyncio.run(visit())


def test_the_proxy_is_announced_while_it_runs(tmp_path: Path) -> None:
    """A file tells where it listens and what it writes; it is gone when the proxy is."""

    def look(house: House) -> None:
        [found] = presence.present(tmp_path)
        assert (found.pid, found.host, found.mode) == (os.getpid(), "127.0.0.1", "regular")
        assert found.database == (tmp_path / "e.duckdb").resolve()
        house.context.options.update(llmobserve_db=str(tmp_path / "other.duckdb"))
        assert presence.present(tmp_path)[0].database == (tmp_path / "other.duckdb").resolve()

    inside(tmp_path, look)

    assert presence.present(tmp_path) == []


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The proxy runs on, and says what will not find it."""

    (tmp_path / "llmobserve-proxies").write_text("in the way")

    inside(tmp_path, lambda house: None)

    assert "scripts/run.py will not find this proxy" in caplog.text


def test_an_open_door_stops_the_start(tmp_path: Path) -> None:
    """The proxy ends before it lets anyone in."""

    with pytest.raises(SystemExit, match="would listen beyond this machine"):
        inside(tmp_path, lambda house: None, listen_host="0.0.0.0")


def test_a_door_may_not_be_opened_later(tmp_path: Path) -> None:
    """While the proxy runs, the option stays as it was."""

    def look(house: House) -> None:
        with pytest.raises(exceptions.OptionsError, match="llmobserve_open"):
            house.context.options.update(listen_host="0.0.0.0")
        assert house.context.options.listen_host == "127.0.0.1"

    inside(tmp_path, look, listen_host="127.0.0.1")


def test_nobody_from_elsewhere_comes_in_before_the_doors_are_moved(tmp_path: Path, client: connection.Client) -> None:
    """Between mitmproxy's first opening and ours, only this machine is let in."""

    doorman = Doorman(Meter())
    doorman._moves = True
    doorman.client_connected(client)
    stranger = connection.Client(peername=("192.168.1.9", 1), sockname=("192.168.1.5", 2))
    doorman.client_connected(stranger)

    assert client.error is None
    assert stranger.error == "not open yet"

    def look(house: House) -> None:
        later = connection.Client(peername=("192.168.1.9", 1), sockname=("192.168.1.5", 2))
        house.doorman.client_connected(later)
        assert later.error is None

    inside(tmp_path, look)


def test_a_constrained_ca_copies_no_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """mitmproxy must not put an upstream's names into certificates that the CA can't sign; what it lacks is told."""

    authority.make(tmp_path, ["api.openai.com"])

    def look(house: House) -> None:
        assert house.context.options.upstream_cert is False

    inside(tmp_path, look)

    assert "can't sign for" in caplog.text


def test_one_of_several_workers_tells_what_the_ca_lacks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The others, which are started to be quiet, have the same CA."""

    authority.make(tmp_path, ["api.openai.com"])

    inside(tmp_path, lambda house: None, llmobserve_quiet=True)

    assert not [
        record for record in caplog.records if record.name == "llmobserve" and record.levelno >= logging.WARNING
    ]


def test_any_other_ca_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A missing or unreadable CA is mitmproxy's business; providers then connect as they did."""

    (tmp_path / authority.PUBLIC).write_text("nonsense")

    def look(house: House) -> None:
        assert house.context.options.upstream_cert is True
        assert not house.doorman.waits(connection.Server(address=("api.openai.com", 443)))

    inside(tmp_path, look)

    assert caplog.text.count("can't be read") == 1


@pytest.mark.parametrize(
    ("host", "waits"),
    [(authority.RESERVED, True), ("api.openai.com", True), ("example.org", False)],
)
def test_who_waits_for_the_request(tmp_path: Path, client: connection.Client, host: str, waits: bool) -> None:
    """Under a constrained CA a provider is connected to when there is a request; others at once, as mitmproxy does."""

    authority.make(tmp_path, ["api.openai.com"])

    def look(house: House) -> None:
        context = Context(client, house.context.options)
        layer = NextLayer(context)
        house.doorman.next_layer(layer)
        house.doorman.next_layer(layer)
        context.server.address = (host, 443)
        data = hello(client, host, host, (b"http/1.1", b"h2"))
        house.doorman._last.tls_clienthello(data)
        assert context.options.connection_strategy == ("lazy" if waits else "eager")
        assert context.fork().options.http2 is True
        assert data.establish_server_tls_first is not waits
        assert data.context.client.alpn == (b"h2" if waits else None)

    inside(tmp_path, look)


def test_a_client_that_speaks_http1_only_is_not_offered_another(tmp_path: Path, client: connection.Client) -> None:
    """What was not offered is not chosen."""

    def look(house: House) -> None:
        data = hello(client, authority.RESERVED, None, (b"http/1.1",))
        house.doorman._last.tls_clienthello(data)
        assert data.context.client.alpn is None

    inside(tmp_path, look)


@pytest.mark.parametrize(
    ("host", "sni", "opened"),
    [(authority.RESERVED, None, True), ("10.0.0.1", authority.RESERVED, True), ("example.org", "example.org", False)],
)
def test_the_reserved_host_is_opened(client: connection.Client, host: str, sni: str | None, opened: bool) -> None:
    """It is no provider's, and yet its TLS ends here."""

    data = hello(client, host, sni)
    Doorman(Meter()).tls_clienthello(data)

    assert data.ignore_connection is not opened


def test_the_reserved_host_is_answered(client: connection.Client) -> None:
    """Whoever asks is told that it is seen, and for whom a certificate was refused; nobody else is answered."""

    doorman = Doorman(Meter())
    for number in range(module.REFUSED_KEPT + 1):
        refusing = connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
        refusing.sni = f"{number}.example" if number else None
        doorman.tls_failed_client(tls.TlsData(refusing, Context(client, options.Options())))
    knocking = connection.Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), sni=authority.RESERVED)
    doorman.tls_failed_client(tls.TlsData(knocking, Context(client, options.Options())))
    flow = tflow.tflow()
    flow.request.host = authority.RESERVED
    doorman.requestheaders(flow)
    other = tflow.tflow()
    doorman.requestheaders(other)

    assert isinstance(flow.response, http.Response)
    told = json.loads(flow.response.content or b"")
    assert (told["program"], told["seen"], told["pid"]) == ("llmobserve", True, os.getpid())
    assert told["refused"] == [f"{number}.example" for number in range(1, module.REFUSED_KEPT + 1)]
    assert flow.request.stream is False
    assert other.response is None


def test_done_twice(tmp_path: Path) -> None:
    """A proxy that ends before it ran, or ends again, is no trouble."""

    def look(house: House) -> None:
        house.doorman.done()

    inside(tmp_path, look)
