"""The price file that comes with the addon: each provider is found by its hosts and understood by its paths."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from llmobs.dialects import DIALECTS
from llmobs.pricing import Aborted, Billing, Provider, Terms, load
from tests.pricing.known_calls import CALLS

FEWEST_PROVIDERS = 60
BOOK = load(Path(__file__).parents[2] / "pricing.yaml", dialects=DIALECTS)
# Bedrock's routes come with its event streams.
PROVIDERS = [provider for provider in BOOK.providers.values() if provider.id != "aws.bedrock"]
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

# What a plan pays for, by its path or its host.
PLANS = [
    "https://api.z.ai/api/coding/paas/v4/chat/completions",
    "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions",
    "https://api.kimi.com/coding/v1/chat/completions",
    "https://api.kimi.com/coding/v1/messages",
    "https://ark.cn-beijing.volces.com/api/coding/v3/chat/completions",
]
BILLED_IN_FULL = (
    "aws.bedrock",
    "gcp.gemini",
    "gcp.vertex_ai",
    "groq",
    "huggingface",
    "mistral_ai",
    "perplexity",
    "sambanova",
)


def provider_at(url: str) -> Provider | None:
    """The provider that a URL leads to."""
    parts = urlsplit(url)
    return BOOK.provider_at(parts.hostname or "", parts.port or 443)


def named(provider: Provider) -> str:
    """The id of a provider, for the name of a test."""
    return provider.id


def test_enough_providers() -> None:
    """The list is as long as promised, and every provider has a call in the table above."""

    assert len(PROVIDERS) >= FEWEST_PROVIDERS
    assert {provider.id for provider in PROVIDERS if provider.id not in CALLS} == set()


@pytest.mark.parametrize("provider", PROVIDERS, ids=named)
def test_provider_says_where_it_is_and_what_it_costs(provider: Provider) -> None:
    """A provider has hosts, paths that are metered, and a public page for its prices."""

    assert provider.hosts
    assert any(rule.route.dialect for rule in provider.routes)
    assert re.fullmatch(r"https://[\w.-]+\.[a-z]+/.*", provider.source or "")


@pytest.mark.parametrize("provider", PROVIDERS, ids=named)
def test_every_host_leads_to_its_provider(provider: Provider) -> None:
    """No pattern of one provider takes the host of another."""
    for host in provider.hosts:
        plain, _, port = re.sub(r"\*|\{region\}", "x1", host).partition(":")

        assert BOOK.provider_at(plain, int(port or 443)) is provider


@pytest.mark.parametrize("pid", CALLS)
def test_call_is_recognised(pid: str) -> None:
    """A documented call of each provider is read by the dialect that it speaks."""
    url, dialect = CALLS[pid]
    provider = provider_at(url)

    assert provider is not None
    assert provider.id == pid
    route = BOOK.route(provider, "POST", urlsplit(url).path)
    assert route is not None
    assert route.dialect == dialect


@pytest.mark.parametrize("url", PLANS)
def test_plan_pays(url: str) -> None:
    """Calls of a coding plan are told by their path."""
    provider = provider_at(url)

    assert provider is not None
    route = BOOK.route(provider, "POST", urlsplit(url).path)
    assert route is not None
    assert route.billing is Billing.SUBSCRIPTION


@pytest.mark.parametrize(
    ("pid", "key"), [("anthropic", "sk-ant-oat01-x"), ("minimax", "sk-cp-x"), ("alibaba", "sk-sp-x")]
)
def test_key_of_a_plan(pid: str, key: str) -> None:
    """Keys of plans are told from those that are metered."""
    provider = BOOK.providers[pid]

    assert provider.subscribed(key)
    assert not provider.subscribed("sk-ant-api03-x")
    assert not provider.subscribed("sk-x")


@pytest.mark.parametrize("pid", ["azure.ai.openai", "azure.ai.inference"])
def test_who_bills_refusals(pid: str) -> None:
    """Azure bills prompts that it has looked at, whatever came of it."""

    assert BOOK.providers[pid].billed_errors == {"content_filter", "context_length_exceeded", "408"}
    assert not BOOK.providers["openai"].billed_errors


@pytest.mark.parametrize("pid", BILLED_IN_FULL)
def test_who_bills_streams_that_were_left(pid: str) -> None:
    """Those who go on generating for a client that left are known."""

    assert BOOK.providers[pid].aborted is Aborted.FULL
    assert BOOK.providers["openai"].aborted is Aborted.SEEN


@pytest.mark.parametrize(
    "url",
    [
        "https://api.cloudflare.com/client/v4/zones",
        "https://adb-1.2.azuredatabricks.net/api/2.0/jobs/list",
        "https://org-account.snowflakecomputing.com/queries/v1/query-request",
    ],
)
def test_what_else_a_host_serves_is_no_call(url: str) -> None:
    """Hosts that serve much else name what is metered."""
    provider = provider_at(url)

    assert provider is not None
    assert provider.listed_only
    assert BOOK.route(provider, "POST", urlsplit(url).path) is None


def input_rate(pid: str, model: str, **terms: object) -> Decimal | None:
    """USD for a million input tokens."""
    wanted = Terms(**{"at": AT, "input_tokens": 1, "service_tier": None, **terms})  # type: ignore[arg-type]
    found = BOOK.quote(BOOK.providers[pid], model, wanted)
    return found.rates.get("input") if found else None


@pytest.mark.parametrize(
    ("pid", "model", "region", "uplift"),
    [
        ("openai", "gpt-5.4", "eu", "1.1"),
        ("openai", "gpt-4o", "eu", "1"),
        ("gcp.vertex_ai", "claude-sonnet-4-5", "us-east5", "1.1"),
        ("gcp.vertex_ai", "claude-sonnet-4-5", "eu", "1.1"),
        ("gcp.vertex_ai", "gemini-2.5-flash", "us-central1", "1"),
        ("anthropic", "claude-opus-4-7", "us", "1.1"),
        ("anthropic", "claude-opus-4-7", "global", "1"),
        ("anthropic", "claude-opus-4-5", "us", "1"),
        ("x_ai", "grok-4.6", "us", "1.1"),
    ],
)
def test_regions_add_to_newer_models(pid: str, model: str, region: str, uplift: str) -> None:
    """A region adds its share to the models that it is known for, and to no others."""
    plain, regional = input_rate(pid, model), input_rate(pid, model, region=region)

    assert plain is not None
    assert regional == plain * Decimal(uplift)


def test_peak_hours_of_deepseek() -> None:
    """The same hour costs twice as much on a working day as at the weekend."""
    friday, saturday = (datetime(2026, 11, day, 2, tzinfo=UTC) for day in (20, 21))

    assert input_rate("deepseek", "deepseek-flash", at=friday) == Decimal("0.3")
    assert input_rate("deepseek", "deepseek-flash", at=saturday) == Decimal("0.15")


@pytest.mark.parametrize(
    ("pid", "model", "unit", "variant", "rate"),
    [
        ("openai", "gpt-5.1", "web_search", None, 10),
        ("openai", "gpt-5.1", "file_search", None, Decimal("2.5")),
        ("openai", "code_interpreter", "code_execution", None, 30),
        ("openai", "gpt-4o-search-preview", "request", None, 25),
        ("anthropic", "claude-sonnet-5", "web_search", None, 10),
        ("gcp.gemini", "gemini-2.5-flash", "grounded_prompt", None, 35),
        ("gcp.gemini", "gemini-2.5-flash", "web_search", None, None),
        ("gcp.gemini", "gemini-3.5-flash", "web_search", None, 14),
        ("x_ai", "grok-4.5", "web_search", None, 5),
        ("perplexity", "sonar-pro", "request", "low", 6),
        ("perplexity", "sonar-pro", "request", "medium", 10),
        ("perplexity", "sonar-pro", "request", "high", 14),
        ("perplexity", "sonar-pro", "request", None, 6),
        ("perplexity", "search", "request", None, 5),
    ],
)
def test_fees(pid: str, model: str, unit: str, variant: str | None, rate: Decimal | int | None) -> None:
    """What tools and searches cost, for a thousand."""
    found = BOOK.quote(BOOK.providers[pid], model, Terms(AT, 1, None, variant=variant))

    assert found is not None
    assert found.rates.get(unit) == rate
