"""The relay in the modes a user runs the proxy in: reverse alone, behind a company's proxy, with passwords."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e import asks
from tests.testbed.proxy import Proxy
from tests.testbed.run import Run
from tests.testbed.scenario import Scenario
from tests.testbed.upstream import PATIENCE_SECONDS, Upstream

ASK = asks.CHAT_STREAM


@pytest.fixture
def policy(tmp_path: Path) -> dict[str, str]:
    """The option that names a file with retries."""
    file = tmp_path / "policy.yaml"
    file.write_text("retries: {backoff_s: 0.01}\n")
    return {"llmobserve_policy": str(file)}


def _assert_tried_again(run: Run, answer: httpx.Response) -> None:
    assert (answer.status_code, answer.text.endswith("data: [DONE]\n\n")) == (200, True)
    assert [(row["status_code"], row["policy"]) for row in run.rows(2)] == [(503, None), (200, "retries")]


def _once(run: Run) -> Scenario:
    return Scenario(name=run.id, fails=(503,))


def test_reverse_listener_alone(tmp_path: Path, upstream: Upstream, policy: dict[str, str]) -> None:
    """A client that has a base URL needs no regular listener for its attempts."""
    with Proxy(tmp_path / "proxy", upstream, modes=("reverse:https://api.openai.com",), options=policy) as proxy:
        run = Run(proxy, upstream)
        answer = httpx.post(f"{proxy.url}{ASK.path}", json=ASK.body, headers=run.headers(_once(run)))
        _assert_tried_again(run, answer)
    assert {row["host"] for row in run.rows(2)} == {"api.openai.com"}


@pytest.fixture
def corporate(tmp_path: Path, upstream: Upstream) -> Iterator[Proxy]:
    """A second mitmdump with a log of what it was asked to connect to, as a company's proxy."""
    with Proxy(tmp_path / "corporate", upstream, addon=False) as running:
        yield running


def test_behind_a_companys_proxy(tmp_path: Path, upstream: Upstream, corporate: Proxy, policy: dict[str, str]) -> None:
    """Every attempt goes through it, and nothing past it."""
    trust = {"ssl_verify_upstream_trusted_ca": str(corporate.bundle)}
    modes = (f"upstream:{corporate.url}",)
    with Proxy(tmp_path / "proxy", upstream, modes=modes, options=policy | trust) as proxy:
        run = Run(proxy, upstream)
        context = ssl.create_default_context(cafile=str(proxy.bundle))
        with httpx.Client(proxy=proxy.url, verify=context, trust_env=False) as client:
            answer = client.post(ASK.url, json=ASK.body, headers=run.headers(_once(run)))
        _assert_tried_again(run, answer)
    assert corporate.log.read_text().count("POST https://api.openai.com/v1/chat/completions") == 2


def test_with_proxy_authentication(tmp_path: Path, upstream: Upstream, policy: dict[str, str]) -> None:
    """Attempts need no password of their own, and a stranger still needs one."""
    options = policy | {"proxyauth": "ann:secret"}
    with Proxy(tmp_path / "proxy", upstream, options=options) as proxy:
        run = Run(proxy, upstream)
        context = ssl.create_default_context(cafile=str(proxy.bundle))
        url = proxy.url.replace("http://", "http://ann:secret@")
        with httpx.Client(proxy=url, verify=context, trust_env=False) as client:
            answer = client.post(ASK.url, json=ASK.body, headers=run.headers(_once(run)))
        _assert_tried_again(run, answer)
        with (
            httpx.Client(proxy=proxy.url, verify=context, trust_env=False) as stranger,
            pytest.raises(httpx.ProxyError, match="407"),
        ):
            stranger.post(ASK.url, json=ASK.body)


def test_rules_come_and_go_while_it_runs(tmp_path: Path, upstream: Upstream, policy: dict[str, str]) -> None:
    """An edit of the file is in force for calls soon after, and one that takes the rules away as well."""
    file = Path(policy["llmobserve_policy"])
    file.write_text("")
    with Proxy(tmp_path / "proxy", upstream, options=policy) as proxy:
        context = ssl.create_default_context(cafile=str(proxy.bundle))

        def codes(wanted: int) -> int:
            """The status of a call that fails once, as soon as it is the wanted one."""
            deadline = time.monotonic() + PATIENCE_SECONDS
            code = 0
            while code != wanted and time.monotonic() < deadline:
                run = Run(proxy, upstream)
                with httpx.Client(proxy=proxy.url, verify=context, trust_env=False) as client:
                    code = client.post(ASK.url, json=ASK.body, headers=run.headers(_once(run))).status_code
            return code

        assert codes(503) == 503
        file.write_text("retries: {backoff_s: 0.01}\n")
        assert codes(200) == 200
        file.write_text("keys: {}\n")
        assert codes(503) == 503
