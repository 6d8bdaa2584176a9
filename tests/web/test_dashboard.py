import asyncio
from collections.abc import Iterator, Mapping
from datetime import date

import aiohttp
import pytest

from llmobs.dashboard import assets
from llmobs.web import Address, Server
from llmobs.web.dashboard import POLICY, Dashboard
from llmobs.web.workshop import Subject, Workshop
from tests.dashboard.calls import call, stored


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard of a database, on a port of its own."""
    path = stored(tmp_path_factory.mktemp("served") / "events.duckdb", [call("1", run_id="a/b")])
    dashboard = Dashboard(Workshop(lambda: Subject(str(path), date(2026, 11, 21)), longest_s=120))
    made = Server(Address("127.0.0.1", 0), dashboard.routes, [dashboard.close])
    made.start()
    yield made
    made.close()


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of an answer that is not followed."""

    async def whole() -> tuple[int, Mapping[str, str], bytes]:
        async with aiohttp.ClientSession() as session:
            url = f"{server.address.url.rstrip('/')}{path}"
            async with session.request(method, url, headers=headers, allow_redirects=False) as answer:
                return answer.status, answer.headers, await answer.read()

    return asyncio.run(whole())


def test_a_page(server: Server) -> None:
    """A page comes with its policy, a tag, and how long it is fresh; who has it is told so."""
    status, headers, body = ask(server, "/?since=all")

    assert status == 200
    assert b"$2.00" in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert float(headers["X-Fresh-Seconds"]) >= 2.0
    assert ask(server, "/?since=all", **{"If-None-Match": headers["ETag"]})[0] == 304


def test_a_trace_with_a_slash(server: Server) -> None:
    """A run is found by its name, whatever is in that."""

    assert [ask(server, path)[0] for path in ("/trace/a%2Fb", "/trace?id=a%2Fb", "/trace/a")] == [200, 200, 404]


def test_an_address_of_a_call(server: Server) -> None:
    """A call has an address of its own, under the same policy as every page."""
    status, headers, body = ask(server, "/call/1")

    assert (status, headers["Content-Security-Policy"]) == (200, POLICY)
    assert body == ask(server, "/call?id=1")[2]
    assert ask(server, "/call/none")[0] == 404


def test_a_form_is_led_on(server: Server) -> None:
    """The fields of a form become an address."""
    status, headers, _ = ask(server, "/?model=a%0d%0ab&customer=")

    assert (status, headers["Location"]) == (303, "/?model=a%0D%0Ab")


def test_files(server: Server) -> None:
    """A file may be kept for ever, at the address that its content has."""
    status, headers, body = ask(server, assets.url("charts.js"))

    assert status == 200
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Encoding"] == "gzip"
    assert b"Plotly.react" in body
    assert ask(server, "/static/0/charts.js")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(server: Server, method: str) -> None:
    """Pages can only be read."""

    assert ask(server, "/", method)[0] == 405
