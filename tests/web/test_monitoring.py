from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from llmobs.web import Address, Server, monitoring
from tests.web.test_server import ask


@dataclass
class Proxy:
    """What monitoring is told."""

    problem: str | None = None
    lives: bool = True

    def figures(self, accept: str) -> tuple[bytes, str]:
        """What was asked for, as if it were figures."""
        return f"accepts {accept}".encode(), "text/plain; version=0.0.4; charset=utf-8"

    async def turns(self, patience_s: float) -> bool:
        """Whether its event loop takes work."""
        return self.lives


@pytest.fixture
def proxy() -> Proxy:
    """A proxy that is well."""
    return Proxy()


@pytest.fixture
def server(proxy: Proxy) -> Iterator[Server]:
    """A server that tells of it."""
    made = Server(Address("127.0.0.1", 0), monitoring.routes(proxy.figures, lambda: proxy.problem, proxy.turns))
    made.start()
    yield made
    made.close()


def test_figures_keep_their_content_type(server: Server) -> None:
    """Figures come as the library words their type."""

    status, text, headers = ask(server, "/metrics")

    assert (status, text) == (200, "accepts ")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_ready_while_rows_reach_the_database(server: Server, proxy: Proxy) -> None:
    """`/readyz` is 200, and 503 with what is wrong."""

    assert ask(server, "/readyz")[:2] == (200, "Rows reach the database.\n")
    proxy.problem = "The disk does not take the spool."
    assert ask(server, "/readyz")[:2] == (503, "The disk does not take the spool.\n")


def test_healthy_while_the_proxy_takes_work(server: Server, proxy: Proxy) -> None:
    """`/healthz` is 200, and 503 where the proxy itself hangs."""

    assert ask(server, "/healthz")[:2] == (200, "The proxy lives.\n")
    proxy.lives = False
    assert ask(server, "/healthz")[:2] == (503, "The proxy's event loop does not answer.\n")
