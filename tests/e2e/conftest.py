"""The processes the end-to-end tests share: one upstream, one proxy with the addon, one bare proxy."""

from collections.abc import Iterator

import pytest

from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.upstream import Upstream

MODES = ("regular", "reverse:https://api.openai.com", "reverse:https://api.anthropic.com")


@pytest.fixture(scope="session", autouse=True)
def forked() -> Iterator[None]:
    """The many proxies of these tests come out of the nursery."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Proxy, "forking", True)
        yield


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """The providers, for the whole session."""
    with Upstream(tmp_path_factory.mktemp("upstream")) as server:
        yield server


@pytest.fixture(scope="session")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """A mitmdump with the addon: a regular listener and two reverse ones."""
    with Proxy(tmp_path_factory.mktemp("proxy"), upstream, modes=MODES) as running:
        yield running


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Proxy]:
    """Mitmdump without the addon."""
    with Proxy(tmp_path_factory.mktemp("bare"), upstream, addon=False) as running:
        yield running


@pytest.fixture
def run(proxy: Proxy, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Traffic of this test, by clients that find the proxy in their environment."""
    for name, value in proxy.environment().items():
        monkeypatch.setenv(name, value)
    return Run(proxy, upstream)
