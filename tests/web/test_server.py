import http.client
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from llmobs.web import Address, Server
from llmobs.web.server import HEADERS


async def _page(_request: web.Request) -> web.Response:
    return web.Response(text="seen", headers={"Cache-Control": "max-age=60"})


async def _broken(_request: web.Request) -> web.Response:
    raise KeyError("sk-secret")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a page, and one that breaks."""
    made = Server(Address("127.0.0.1", 0), [web.get("/page", _page), web.get("/broken", _broken)])
    made.start()
    yield made
    made.close()


def ask(server: Server, path: str, host: str = "localhost", method: str = "GET") -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of an answer."""
    connection = http.client.HTTPConnection(server.address.host, server.address.port, timeout=60)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    told = answer.status, answer.read().decode(), dict(answer.headers)
    connection.close()
    return told


def test_a_page_has_the_headers_that_protect_it(server: Server) -> None:
    """A route is answered with every security header, and with its own where it sets one."""

    status, text, headers = ask(server, "/page")

    assert (status, text) == (200, "seen")
    assert {name: headers[name] for name in HEADERS} == {**HEADERS, "Cache-Control": "max-age=60"}
    assert headers["Server"] == "LLMObserve"


def test_another_name_is_refused(server: Server) -> None:
    """A foreign page whose name points here is told nothing, whatever it asks for."""

    assert [ask(server, path, "evil.example")[0] for path in ("/page", "/none")] == [421, 421]
    assert ask(server, "/page", "127.0.0.1:1")[0] == 200


def test_what_is_not_there_is_protected_too(server: Server) -> None:
    """An unknown path is 404, a method that no route has is 405, and both have the security headers."""

    missing, other = ask(server, "/none"), ask(server, "/page", method="DELETE")

    assert (missing[0], other[0]) == (404, 405)
    assert missing[2]["X-Frame-Options"] == other[2]["X-Frame-Options"] == "DENY"


def test_a_broken_page_keeps_its_words(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """An exception costs one page, and neither the answer nor the log repeats its words."""

    status, text, _ = ask(server, "/broken")

    assert status == 500
    assert "KeyError at test_server.py" in caplog.text
    assert "sk-secret" not in text + caplog.text
    assert ask(server, "/page")[0] == 200


def test_start_and_close_may_run_twice(server: Server) -> None:
    """A second start changes nothing, a second close either, and the port is free again."""

    before = server.address
    server.start()
    assert server.address == before

    server.close()
    server.close()

    with socket.create_server((before.host, before.port)):
        pass
    server.start()
    assert ask(server, "/page")[0] == 200


def test_a_taken_port_is_an_error_of_the_system(server: Server) -> None:
    """Who starts a server learns that its port is taken."""

    with pytest.raises(OSError, match="in use"):
        Server(server.address, []).start()


def test_routes_that_can_not_be_leave_nothing_behind(server: Server) -> None:
    """Where routes contradict each other the start fails, and neither thread nor port is taken."""

    port = server.address.port
    server.close()
    wrong = Server(Address("127.0.0.1", port), [web.get("/a", _page, name="a"), web.get("/b", _page, name="a")])
    with pytest.raises(ValueError, match="Duplicate"):
        wrong.start()
    wrong.close()

    server.start()
    assert ask(server, "/page")[0] == 200
