"""A program that observes, undone after each test, and a server that remembers the headers it was sent."""

from collections.abc import Iterator

import pytest
from opentelemetry import context, propagate

from llmobs import sections
from llmobs.sections import scope
from tests.sections.observing import Server, clean, uninstrument


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program that has said nothing yet, without a proxy in its environment."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    clean()
    token = context.attach(context.Context())
    kept = propagate.get_global_textmap()
    yield
    propagate.set_global_textmap(kept)
    context.detach(token)
    clean()
    scope.go(None)


@pytest.fixture
def observed(program: None) -> Iterator[None]:
    """A program that observes."""
    sections.observe()
    yield
    uninstrument()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on the loopback that answers as each provider does."""
    with Server() as running:
        yield running
