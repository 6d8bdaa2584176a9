"""Tests of who may be told."""

from pathlib import Path

import pytest

from llmobs.pricing import load
from llmobs.sections import hosts

ROOT = Path(__file__).parents[2]


def test_domains_are_those_of_the_price_list() -> None:
    """The table holds the domain of each host of pricing.yaml, and no other."""
    listed = {host.partition(":")[0] for one in load(ROOT / "pricing.yaml").providers.values() for host in one.hosts}
    domains = {".".join(host.split(".")[-2:]) for host in listed if host not in hosts.LOOPBACK}

    assert sorted(hosts.DOMAINS) == sorted(domains), "write the domains of pricing.yaml into llmobs/sections/hosts.py"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("api.openai.com", True),
        ("openai.com", True),
        ("eu.api.openai.com", True),
        ("notopenai.com", False),
        ("openai.com.example.org", False),
        ("example.org", False),
        ("127.0.0.1", True),
        (None, True),
    ],
)
def test_providers_are_told(host: str | None, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts of a provider's domain are told, and one that can't be found out; any other is not."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:8080")

    assert hosts.Audience().may_know(host) is known


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"])
def test_only_what_goes_through_a_proxy_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a proxy in the environment, nobody but the own machine is told; nor is who NO_PROXY names."""
    audience = hosts.Audience()

    assert [audience.may_know(host) for host in ("api.openai.com", None, "localhost")] == [False, False, True]
    monkeypatch.setenv(name, "http://127.0.0.1:8080")
    assert audience.may_know("api.openai.com")
    monkeypatch.setenv("NO_PROXY", "localhost,.openai.com")
    assert not audience.may_know("api.openai.com")
    assert audience.may_know("api.anthropic.com")


def test_more_may_be_told() -> None:
    """A user's own gateway is told once it is named, and everyone once "*" is; `always` needs no proxy."""
    audience = hosts.Audience()
    audience.add(["*.LLM.example.com", "gateway"], always=True)

    told = [audience.may_know(host) for host in ("eu.llm.example.com", "llm.example.com", "gateway", "example.com")]

    assert told == [True, True, True, False]
    audience.add(["*"], always=False)
    assert audience.may_know("example.com")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:key@API.openai.com:443/v1?key=x", "api.openai.com"),
        ("api.openai.com:8443", "api.openai.com"),
        ("http://[::1]:80/", "::1"),
        (None, None),
    ],
)
def test_hostname(url: object, host: str | None) -> None:
    """The host is found in a URL as in a Host header."""
    assert hosts.hostname(url) == host
