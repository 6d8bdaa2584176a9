"""Timeouts, retries and fallbacks of a policy file, and what is said of their mistakes."""

import os
from pathlib import Path

import pytest

from llmobs.config import ConfigError
from llmobs.dialects import DIALECTS
from llmobs.policy import load
from llmobs.pricing import load as prices
from llmobs.relay.aim import Request, aim
from tests.books import BOOK
from tests.policy.test_load import written

TARGET = "fallbacks: [{name: a, to: [{host: api.anthropic.com, key_env: OTHER_KEY, %s}]}]"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of every target."""
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    monkeypatch.delenv("NO_KEY", raising=False)


def said(folder: Path, text: str) -> str:
    """What is wrong with a file, without its name and line."""
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text), {"book": BOOK})
    return str(caught.value).partition(": ")[2]


def test_a_whole_file(tmp_path: Path) -> None:
    """What is not said has its default; statuses and words mix."""
    text = "timeouts: {first_byte_s: 30}\nretries: {on: [429, timeout], where: {model: gpt-*}}\n"
    found = load(written(tmp_path, text + TARGET % "headers: {X-A: b}"), {"book": BOOK})

    assert found.timeouts is not None
    assert (found.timeouts.first_byte_s, found.timeouts.total_s) == (30.0, None)
    assert found.retries is not None
    assert (found.retries.on, found.retries.attempts, found.retries.jitter) == (["429", "timeout"], 3, True)
    [fallback] = found.fallbacks
    assert (fallback.to[0].path, fallback.to[0].auth, "breaker_open" in fallback.on) == ("{path}", "bearer", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("timeouts: {idle_s: 0}", "timeouts.idle_s: 0 seconds is no time; write more, such as 0.5"),
        ("timeouts: {idl_s: 1}", "timeouts.idl_s: is not a known key; did you mean idle_s?"),
        ("retries: {where: {modl: a}}", "retries.where.modl: 'modl' is not known here; did you mean model?"),
        (
            "retries: {on: [600]}",
            "retries.on[0]: '600' is no failure; write a status from 400 to 599 or one of connect",
        ),
        (
            "retries: {on: [breaker_open]}",
            "retries.on[0]: 'breaker_open' is no failure; write a status from 400 to 599",
        ),
        ("retries: {jitter: maybe}", "retries.jitter: 'maybe' is neither true nor false"),
        ("fallbacks: [{name: a, to: []}]", "fallbacks[0].to: is empty; write at least one target, after a -"),
        ("fallbacks: [{to: [{host: api.openai.com}]}]", "fallbacks[0].name: is missing; add it"),
        (TARGET % "on: [429]", "fallbacks[0].to[0].on: is not a known key"),
        (TARGET % "auth: basic", "fallbacks[0].to[0].auth: 'basic' is not known here; write one of api-key, bearer"),
        (TARGET % "path: v1", "fallbacks[0].to[0].path: 'v1' is not a path; begin it with /, or leave the key out"),
        (TARGET % "path: '/{pth}'", "fallbacks[0].to[0].path: {pth} is not known here; did you mean {path}?"),
        (
            "fallbacks: [{name: a, to: [{host: 'https://api.openai.com', key_env: OTHER_KEY}]}]",
            "fallbacks[0].to[0].host: 'https://api.openai.com' is not a host; write it without https:// and path",
        ),
        (
            "fallbacks: [{name: a, to: [{host: 'api.openai.com:x', key_env: OTHER_KEY}]}]",
            "fallbacks[0].to[0].host: 'api.openai.com:x' is not a host",
        ),
        (
            "fallbacks: [{name: a, to: [{host: api.example.org, key_env: OTHER_KEY}]}]",
            "fallbacks[0].to[0].host: api.example.org is a host that no price file knows; add it",
        ),
        (
            "fallbacks: [{name: a, to: [{host: api.openai.com, key_env: NO_KEY}]}]",
            "fallbacks[0].to[0].key_env: NO_KEY is not set where the proxy runs; export NO_KEY before the start",
        ),
    ],
    ids=str,
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    """Each is told with its key and what to write."""

    assert said(tmp_path, text).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budgets: [{name: a, limit_usd: 1, per: day, where: {provider: %s}}]", "budgets[0].where.provider"),
        ("rate_limits: [{name: a, requests_per_minute: 1, where: {provider: %s}}]", "rate_limits[0].where.provider"),
        ("cache: {where: {provider: %s}}", "cache.where.provider"),
        ("capture: {where: {provider: %s}}", "capture.where.provider"),
        ("timeouts: {where: {provider: %s}}", "timeouts.where.provider"),
        ("retries: {where: {provider: %s}}", "retries.where.provider"),
        (
            "fallbacks: [{name: a, where: {provider: %s}, to: [{host: api.openai.com, key_env: OTHER_KEY}]}]",
            "fallbacks[0].where.provider",
        ),
    ],
)
def test_providers_are_known(tmp_path: Path, text: str, words: str) -> None:
    """A pattern that fits no provider of the price file would never fire; one that fits any is taken."""

    assert said(tmp_path, text % "openia").startswith(
        f"{words}: 'openia' fits no provider of the price file; did you mean openai?"
    )
    for pattern in ("openai", "'open*'", "'*'"):
        assert load(written(tmp_path, text % pattern), {"book": BOOK}).keys == {}
    assert load(written(tmp_path, text % "openia")).keys == {}


def test_hosts_are_taken_where_no_prices_are_known(tmp_path: Path) -> None:
    """Whoever reads a file without prices, as top.py does, checks neither its hosts nor the keys of the proxy."""
    text = "fallbacks: [{name: a, to: [{host: api.example.org, key_env: NO_KEY}]}]"

    assert load(written(tmp_path, text)).fallbacks[0].to[0].host == "api.example.org"


def test_example_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a file that can be used: its hosts are known, and their paths are of the dialect that is asked for."""
    for name in ("AZURE_OPENAI_API_KEY", "OPENROUTER_API_KEY", "VERTEX_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "secret")
    root = Path(__file__).parents[2]
    section = (root / "README.md").read_text().partition("### When a provider fails")[2]
    book = prices(root / "pricing.yaml", dialects=DIALECTS)

    policies = load(written(tmp_path, section.split("```yaml\n")[1].partition("```")[0]), {"book": book})
    asks = {"chat": ("/v1/chat/completions", "gpt-4o", "openai_chat")}
    asks |= {"claude": ("/v1/messages", "claude-sonnet-4-5", "anthropic")}
    for fallback in policies.fallbacks:
        path, model, dialect = asks[fallback.name]
        asked = Request(
            "https", "api.example", 443, "POST", path, "HTTP/1.1", "", (), b'{"model":"%b"}' % model.encode()
        )
        for target in fallback.to:
            found = aim(asked, model, target, os.environ)
            assert found is not None
            provider = book.provider_at(found.host, found.port)
            assert provider is not None
            route = book.route(provider, "POST", found.path)
            assert (route and route.dialect) == dialect
