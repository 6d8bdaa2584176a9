"""The models that made-up traffic goes to, how fast they answer, and what pricing.yaml asks for them.

It does not know who calls them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from llmobs.columns import USD_SCALE
from llmobs.pricing import PriceBook, Quote, Terms

# Units that the traffic uses; each has two columns in the table of rates.
UNITS = ("input", "cached_input", "cache_write", "output", "reasoning", "web_search", "code_execution")
# Short enough to lie below the first threshold of every model here; no row has more input tokens than LONGEST.
SHORT, LONGEST = 1000, 190_000


@dataclass(frozen=True, slots=True)
class Vendor:
    """Where a request goes; `{model}` in the path is the model asked for. `speaks` chooses the words of the usage.

    limits: requests and tokens a minute, of vendors that tell them with each answer.
    """

    provider: str
    host: str
    path: str
    speaks: str
    billing: str = "metered"
    limits: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One way to a model, with the pace of its answers. `billing`: `plan` where a subscription pays.

    token_ms: how long one token of the answer takes; reasoning: which share of them nobody sees.
    """

    name: str
    vendor: Vendor
    asked: str
    answered: str
    ttft_ms: float
    token_ms: float
    reasoning: float = 0.0
    operation: str = "chat"
    billing: str | None = None
    tier: str | None = None
    region: str | None = None

    def row(self) -> tuple[object, ...]:
        """Its row of the table `models`."""
        at = self.vendor
        path, billing = at.path.format(model=self.asked), self.billing or at.billing
        told = (self.name, at.provider, at.host, path, at.speaks, billing, self.asked, self.answered)
        pace = (self.ttft_ms, self.token_ms, self.reasoning, self.operation, self.tier, self.region)
        return (*told, *pace, at.speaks if at.limits else None, *(at.limits or (None, None)))


_OPENAI = Vendor("openai", "api.openai.com", "/v1/chat/completions", "openai", limits=(10_000, 4_000_000))
_EMBEDDINGS = replace(_OPENAI, path="/v1/embeddings")
_BATCHES = replace(_OPENAI, path="/v1/batches")
_ANTHROPIC = Vendor("anthropic", "api.anthropic.com", "/v1/messages", "anthropic", limits=(4_000, 2_000_000))
_BEDROCK = Vendor(
    "aws.bedrock", "bedrock-runtime.eu-central-1.amazonaws.com", "/model/{model}/converse-stream", "bedrock"
)
_GEMINI = Vendor(
    "gcp.gemini", "generativelanguage.googleapis.com", "/v1beta/models/{model}:streamGenerateContent", "gemini"
)
_MISTRAL = Vendor("mistral_ai", "api.mistral.ai", "/v1/chat/completions", "openai")
_GROQ = Vendor("groq", "api.groq.com", "/openai/v1/chat/completions", "openai", limits=(1_000, 300_000))
_OPENROUTER = Vendor("openrouter", "openrouter.ai", "/api/v1/chat/completions", "openai", "reported")
_AZURE = Vendor(
    "azure.ai.openai", "acme-prod.openai.azure.com", "/openai/deployments/{model}/chat/completions", "openai"
)

_ON_BEDROCK = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
_SMALL_EMBEDDING = "text-embedding-3-small"
_GPT, _GPT_MINI = ("gpt-5.4", "gpt-5.4-2026-03-05"), ("gpt-5.4-mini", "gpt-5.4-mini-2026-03-17")
_OPUS = ("claude-opus-5-5", "claude-opus-5-5")

MODELS = (
    Model("gpt-5.4", _OPENAI, *_GPT, 900, 14, 0.35),
    Model("gpt-5.4-flex", _OPENAI, *_GPT, 4200, 30, 0.35, tier="flex"),
    Model("gpt-5.4-mini", _OPENAI, *_GPT_MINI, 420, 6, 0.2),
    Model("gpt-5.6-luna", _OPENAI, "gpt-5.6-luna", "gpt-5.6-luna", 380, 5, 0.25, tier="default"),
    Model("gpt-4o-mini", _OPENAI, "gpt-4o-mini", "gpt-4o-mini-2024-07-18", 350, 9),
    Model("embedding", _EMBEDDINGS, _SMALL_EMBEDDING, _SMALL_EMBEDDING, 95, 0, operation="embeddings"),
    Model("batch-mini", _BATCHES, *_GPT_MINI, 700, 0, operation="batch", tier="batch"),
    Model("claude-opus", _ANTHROPIC, *_OPUS, 1300, 19),
    Model("claude-plan", _ANTHROPIC, *_OPUS, 1400, 20, billing="plan"),
    Model("claude-sonnet", _ANTHROPIC, "claude-sonnet-5-5", "claude-sonnet-5-5", 850, 13),
    Model("claude-haiku", _ANTHROPIC, "claude-haiku-4-5", "claude-haiku-4-5-20251001", 480, 7),
    Model("claude-bedrock", _BEDROCK, _ON_BEDROCK, _ON_BEDROCK, 980, 15, region="eu-central-1"),
    Model("gemini-flash", _GEMINI, "gemini-2.5-flash", "gemini-2.5-flash", 520, 4.5, 0.3),
    Model("gemini-pro", _GEMINI, "gemini-2.5-pro", "gemini-2.5-pro", 2600, 9, 0.55),
    Model("mistral-large", _MISTRAL, "mistral-large-latest", "mistral-large-latest", 600, 11),
    Model("llama-groq", _GROQ, "llama-3.3-70b-versatile", "llama-3.3-70b-versatile", 160, 3.2),
    Model("router-mini", _OPENROUTER, "openai/gpt-5.4-mini", "openai/gpt-5.4-mini", 640, 7, 0.2),
    Model("router-sonnet", _OPENROUTER, "anthropic/claude-sonnet-5.5", "anthropic/claude-sonnet-5.5", 1050, 14),
    # A deployment of one's own, for which no price list has a price.
    Model("own-guard", _AZURE, "acme-guard-7b", "acme-guard-7b", 140, 4),
)


def rates(book: PriceBook, began: datetime, ended: datetime) -> Iterator[tuple[object, ...]]:
    """What each model costs, from when to when, for all prices in force between two moments in naive UTC."""
    days = [began, *_midnights(began, ended)]
    for model in MODELS:
        quotes = [_quote(book, model, day) for day in days]
        changes = [at for at, quote in enumerate(quotes) if not at or quote != quotes[at - 1]]
        for at, following in zip(changes, [*changes[1:], None], strict=True):
            if quote := quotes[at]:
                until = ended if following is None else days[following]
                yield (model.name, days[at], until, quote.model, quote.version, *_prices(quote))


def _midnights(began: datetime, ended: datetime) -> Iterator[datetime]:
    midnight = datetime.combine(began.date() + timedelta(1), time())
    while midnight < ended:
        yield midnight
        midnight += timedelta(1)


def _quote(book: PriceBook, model: Model, at: datetime) -> Quote | None:
    batch = model.tier == "batch"
    tier = None if batch else model.tier
    terms = Terms(at.replace(tzinfo=UTC), input_tokens=SHORT, service_tier=tier, batch=batch, region=model.region)
    return book.quote(book.providers[model.vendor.provider], model.asked, terms)


def _prices(quote: Quote) -> Iterator[object]:
    """For each unit its rate, and what a single one costs in the smallest amount that a column holds."""
    for unit in UNITS:
        price = quote.price(unit)
        yield price.rate
        yield None if price.rate is None else int(price.each * Decimal(10) ** USD_SCALE)
