"""Host to provider, path to route, model and terms to a quote."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llmobs.pricing import PriceBook, Quote, Route, Terms, charges, load

TEXT = """
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    hosts: [api.openai.com, "*.api.openai.com", "localhost:11434"]
    default_tiers: [Scale]
    routes:
    - {path: "**/chat/completions", dialect: openai_chat}
    - {path: "/v1/embeddings", dialect: openai_chat, operation: embeddings}
    - {path: "/v1/files/**", free: true}
    - {path: "**/messages", dialect: anthropic, model: "claude*"}
    - {path: "**/messages", dialect: openai_chat}
    models:
      GPT-4o:
      - {from: 2024-05-13, input: 5, output: 15}
      - {from: 2024-10-02, input: 2.5, output: 10}
      - {from: 2024-10-02, tier: priority, input: 4.25, output: 17}
      old-model:
      - {input: 1, output: 2}
  gateway:
    hosts: ["*.openai.com", "gateway.example:8443"]
    strip_prefixes: [openai/]
    prices_from: [openai]
    models:
      own:
      - {input: 1}
"""
TERMS = Terms(at=datetime(2026, 1, 1, tzinfo=UTC), input_tokens=10, service_tier=None)


@pytest.fixture(name="book")
def a_book(tmp_path: Path) -> PriceBook:
    """A book of two providers."""
    path = tmp_path / "p.yaml"
    path.write_text(TEXT)
    return load(path)


@pytest.mark.parametrize(
    ("host", "port", "provider"),
    [
        ("api.openai.com", 443, "openai"),
        ("API.OPENAI.COM.", 443, "openai"),
        ("api.openai.com", 80, None),
        ("eu.api.openai.com", 443, "openai"),
        ("files.openai.com", 443, "gateway"),
        ("localhost", 11434, "openai"),
        ("localhost", 443, None),
        ("gateway.example", 8443, "gateway"),
        ("api.openai.com.evil.example", 443, None),
        ("evil-api.openai.com", 443, "gateway"),
        ("example.com", 443, None),
    ],
)
def test_provider_of_an_address(book: PriceBook, host: str, port: int, provider: str | None) -> None:
    """An exact host comes before patterns, the longer pattern before the shorter, and the port has to fit."""
    found = book.provider_at(host, port)

    assert (found and found.id) == provider
    assert book.provider_at(host, port) is found


@pytest.mark.parametrize(
    ("method", "path", "model", "expected"),
    [
        ("POST", "/v1/chat/completions", None, ("openai_chat", False, None)),
        ("GET", "/v1/chat/completions", None, None),
        ("POST", "/v1/embeddings", None, ("openai_chat", False, "embeddings")),
        ("POST", "/v1/files/a/b", None, (None, True, None)),
        ("POST", "/v1/messages", "claude-x", ("anthropic", False, None)),
        ("POST", "/v1/messages", "gpt-x", ("openai_chat", False, None)),
        ("POST", "/v1/messages", None, ("anthropic", False, None)),
        ("POST", "/v1/unheard", None, None),
    ],
)
def test_route(
    book: PriceBook, method: str, path: str, model: str | None, expected: tuple[str | None, bool, str | None] | None
) -> None:
    """The first rule whose method, path and model fit decides; without one there is no route."""
    found: Route | None = book.route(book.providers["openai"], method, path, model)

    assert (found and (found.dialect, found.free, found.operation)) == expected


def test_route_tells_its_model_pattern(book: PriceBook) -> None:
    """While the model is unknown, the route says for which models it holds."""
    found = book.route(book.providers["openai"], "POST", "/v1/messages")

    assert found is not None
    assert found.model_glob == "claude*"


def test_route_that_names_its_model(tmp_path: Path) -> None:
    """Calls of a path that name no model are priced as the one that the route names."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "updated: 2026-11-20\nproviders:\n  p:\n    hosts: [api.x.com]\n    routes:\n"
        "    - {path: /search, dialect: x, priced_as: search}\n"
        '    - {path: "/search/{id}", dialect: x, priced_as: search}\n'
        "    models: {search: [{request: 5}]}\n"
    )
    book = load(path)
    found = [book.route(book.providers["p"], "POST", path) for path in ("/search", "/search/7")]

    assert [route and (route.model, route.object_id) for route in found] == [("search", None), ("search", "7")]


def test_region_of_a_host(tmp_path: Path) -> None:
    """A provider's hosts tell the region where one of their patterns captures it."""
    path = tmp_path / "r.yaml"
    path.write_text(
        'updated: 2026-11-20\nproviders: {p: {hosts: [api.x.com, "{region}.api.x.com", "x-{region}.com:8000"]}}'
    )
    book = load(path)
    provider = book.provider_at("eu.api.x.com", 443)

    assert provider is book.provider_at("api.x.com", 443) is book.provider_at("x-us.com", 8000)
    assert provider is not None
    assert book.provider_at("eu.us.api.x.com", 443) is None
    assert [book.region(provider, host) for host in ("api.x.com", "EU.api.x.com", "x-us.com", "x-us.com")] == [
        None,
        "eu",
        "us",
        "us",
    ]


def test_worth_of_a_currency(tmp_path: Path) -> None:
    """A currency is worth what its newest rate that had started says; one without a rate, or none yet, is not known."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "updated: 2026-11-20\ncurrencies:\n"
        "  eur: [{from: 2026-01-01, usd: 1.08}, {from: 2026-06-01, usd: 1.10}]\n  jpy: [{usd: 0.0065}]\n"
    )
    user = tmp_path / "user.yaml"
    user.write_text("currencies: {jpy: [{usd: 0.007}]}")
    book = load(path, user)
    december, may, june = (datetime(*day, tzinfo=UTC) for day in ((2025, 12, 31), (2026, 5, 31), (2026, 6, 1)))

    assert [book.usd("EUR", at) for at in (december, may, june)] == [
        None,
        Decimal("1.08"),
        Decimal("1.10"),
    ]
    assert book.usd("jpy", TERMS.at) == Decimal("0.007")
    assert book.usd("usd", TERMS.at) == 1
    assert book.usd("gbp", TERMS.at) is None


def test_quote(book: PriceBook) -> None:
    """A quote names the entry as it is written, its version, and the rates of the day of the call."""
    provider = book.providers["openai"]

    assert book.quote(provider, "gpt-4o-2024-11-20", TERMS) == Quote(
        "GPT-4o", "openai/GPT-4o@2024-10-02", {"input": Decimal("2.5"), "output": Decimal(10)}, tier_known=True
    )
    earlier = book.quote(provider, "gpt-4o", TERMS._replace(at=datetime(2024, 10, 1, 23, 59, 59, tzinfo=UTC)))
    assert earlier is not None
    assert earlier.version == "openai/GPT-4o@2024-05-13"
    undated = book.quote(provider, "old-model", TERMS)
    assert undated is not None
    assert undated.version == "openai/old-model"


def test_no_quote(book: PriceBook) -> None:
    """An unknown model has no quote, nor has a known one before its first price."""
    provider = book.providers["openai"]

    assert book.quote(provider, "gpt-9", TERMS) is None
    assert book.quote(provider, "gpt-4o", TERMS._replace(at=datetime(2024, 5, 12, tzinfo=UTC))) is None


def test_unknown_tier(book: PriceBook) -> None:
    """A tier without a price has a quote that says so and charges without rates."""
    found = book.quote(book.providers["openai"], "gpt-4o", TERMS._replace(service_tier="turbo"))

    assert found is not None
    assert not found.tier_known
    assert found.rates == {}
    assert charges(found, {"input": 5})[0].amount_usd is None


@pytest.mark.parametrize(
    "tier", [None, "", "default", "standard", "auto", "on_demand", "ON_DEMAND", "Standard_Only", "scale", "SCALE"]
)
def test_list_tiers(book: PriceBook, tier: str | None) -> None:
    """The usual names of the list price, and the provider's own, mean the list price."""
    found = book.quote(book.providers["openai"], "gpt-4o", TERMS._replace(service_tier=tier))

    assert found is not None
    assert found.tier_known
    assert found.rates["input"] == Decimal("2.5")


def test_price_of_another_provider(book: PriceBook) -> None:
    """A gateway's own list comes first; what it lacks is priced by the list it names, without its prefix."""
    gateway = book.providers["gateway"]
    own, other = book.quote(gateway, "own", TERMS), book.quote(gateway, "openai/gpt-4o", TERMS)

    assert own is not None
    assert own.version == "gateway/own"
    assert other is not None
    assert other.version == "openai/GPT-4o@2024-10-02"
    assert book.quote(gateway, "anthropic/gpt-4o", TERMS) is None


def test_same_question_has_the_same_answer_object(book: PriceBook) -> None:
    """Calls that the prices cannot tell apart share one quote."""
    provider = book.providers["openai"]
    first = book.quote(provider, "gpt-4o", TERMS)

    assert book.quote(provider, "gpt-4o", TERMS._replace(input_tokens=999, region="eu")) is first
    assert book.quote(provider, "gpt-4o", TERMS._replace(service_tier="auto")) is first
    assert book.quote(provider, "gpt-4o", TERMS._replace(service_tier="priority")) is not first
