"""Which listings of the two sources make up each provider of pricing.yaml, as one table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from scripts.price_sources import genai, litellm
from scripts.price_sources.facts import Listing, When, agree
from scripts.price_sources.fetch import Package
from scripts.price_sources.litellm import Choice


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a provider's prices come from.

    `without` are starts of genai-prices names to leave; `suffixed` puts a routed provider's name behind its models;
    `litellm_first` where litellm names models as the provider's API does and genai-prices does not.
    `per_prompt`: a search fee that is due once for a prompt, however many searches answer it.
    `days` to which the hours of the price list belong, where the source has no word for them.
    """

    genai: tuple[str, ...] = ()
    litellm: Choice | None = None
    without: tuple[str, ...] = ()
    suffixed: bool = False
    litellm_first: bool = False
    days: str | None = None
    per_prompt: Decimal | None = None


def _rows(*providers: str, strip: tuple[str, ...] = (), **more: object) -> Choice:
    return Choice(frozenset(providers), strip or tuple(f"{name}/" for name in providers), **more)  # type: ignore[arg-type]


_HUGGINGFACE = (
    "cerebras", "fireworks-ai", "groq", "hyperbolic", "nebius", "novita",
    "nscale", "ovhcloud", "publicai", "sambanova", "together",
)  # fmt: skip
_VERTEX = ("", *(f"-{kind}_models" for kind in (
    "anthropic", "mistral", "deepseek", "ai21", "llama", "minimax", "moonshot", "zai", "openai", "qwen"
)), "-language-models", "-embedding-models", "-text-models", "-video-models")  # fmt: skip
# Prices of one region or of a data zone; the global price stands under the plain name.
_REGIONAL = r"^azure/(us|eu|global|global-standard)/"
# Before Gemini 3 grounding is paid for by the prompt, since then by the query, and the fees are known by their size:
# https://ai.google.dev/gemini-api/docs/pricing.
_GROUNDING = Decimal(35)
_CLASSES = r"^(together-ai|fireworks-ai)-"

FEEDS: Mapping[str, Feed] = {
    "openai": Feed(
        ("openai",), _rows("openai", "text-completion-openai", searches="web_search", sessions="openai/container")
    ),
    "anthropic": Feed(("anthropic",), _rows("anthropic", searches="web_search")),
    "gcp.gemini": Feed(
        ("google",),
        _rows("gemini", searches="web_search", free=frozenset({"gemma-3-27b-it"})),
        without=("claude",),
        per_prompt=_GROUNDING,
    ),
    "gcp.vertex_ai": Feed(
        ("google",),
        _rows(*(f"vertex_ai{kind}" for kind in _VERTEX), strip=("vertex_ai/",), searches="web_search"),
        without=("gemini-pro-1.5", "gemini-flash-1.5"),
        per_prompt=_GROUNDING,
    ),
    "aws.bedrock": Feed(
        ("aws",),
        _rows("bedrock", "bedrock_converse", strip=("bedrock/",), skip=r"^bedrock/.+/|commitment|guardrails"),
        without=("regional.",),
        litellm_first=True,
    ),
    "azure.ai.openai": Feed(
        ("azure",), _rows("azure", "azure_text", strip=("azure/",), skip=_REGIONAL, sessions="azure/container")
    ),
    "azure.ai.inference": Feed((), _rows("azure_ai", skip="cohere-rerank|doc-intelligence|document-")),
    "mistral_ai": Feed(("mistral",), _rows("mistral")),
    "cohere": Feed(
        ("cohere",),
        _rows("cohere", "cohere_chat", skip="^embed-multilingual-light-v3.0$"),
    ),
    # Since 2026-08-23 weekends are off-peak, https://api-docs.deepseek.com/quick_start/pricing.
    "deepseek": Feed(("deepseek",), _rows("deepseek"), days="mon-fri"),
    "x_ai": Feed(("x-ai",), _rows("xai", searches="web_search")),
    "groq": Feed(("groq",), _rows("groq", searches="web_search")),
    "openrouter": Feed(("openrouter",)),
    "perplexity": Feed(("perplexity",), _rows("perplexity")),
    "together_ai": Feed(("together",), _rows("together_ai", skip=_CLASSES)),
    "fireworks_ai": Feed(
        ("fireworks",),
        _rows(
            "fireworks_ai",
            "fireworks_ai-embedding-models",
            strip=("fireworks_ai/", "accounts/fireworks/models/"),
            skip=_CLASSES,
        ),
    ),
    "cerebras": Feed(("cerebras",), _rows("cerebras")),
    "vercel_ai_gateway": Feed((), _rows("vercel_ai_gateway")),
    "huggingface": Feed(tuple(f"huggingface_{name}" for name in _HUGGINGFACE), suffixed=True),
    "zai": Feed(("zai",), _rows("zai", free=frozenset({"glm-4.7-flash", "glm-4.5-flash"}))),
    "zhipuai": Feed(("zhipuai",), _rows("bigmodel")),
    "moonshotai": Feed(("moonshotai",), _rows("moonshot")),
    "alibaba": Feed((), _rows("dashscope")),
    "github_copilot": Feed(("github-copilot",), _rows("github_copilot")),
    "avian": Feed(("avian",)),
    "ai21": Feed((), _rows("ai21")),
    "voyage": Feed(("voyageai",), _rows("voyage")),
    "deepinfra": Feed((), _rows("deepinfra")),
    "gmi": Feed((), _rows("gmi")),
    "tencent": Feed((), _rows("tencent")),
    "digitalocean": Feed((), _rows("gradient_ai")),
    "novita": Feed(("novita",), _rows("novita")),
    "nebius": Feed((), _rows("nebius")),
    "sambanova": Feed((), _rows("sambanova")),
    # Hugging Face passes the prices of its routes on unchanged.
    "hyperbolic": Feed(("huggingface_hyperbolic",), _rows("hyperbolic")),
    "minimax": Feed(("minimax",), _rows("minimax")),
    "ibm.watsonx.ai": Feed((), _rows("watsonx")),
    "databricks": Feed(("databricks",), _rows("databricks")),
    "snowflake": Feed((), _rows("snowflake")),
    "cloudflare": Feed(("cloudflare",), _rows("cloudflare")),
    "arcee": Feed(("arcee",)),
    "baseten": Feed(("baseten",), _rows("baseten")),
    "doubleword": Feed(("doubleword",)),
    "meta": Feed(("meta",), _rows("meta")),
    "ovhcloud": Feed(("ovhcloud",), _rows("ovhcloud")),
    "wandb": Feed((), _rows("wandb")),
    "scaleway": Feed((), _rows("scaleway")),
    "nscale": Feed((), _rows("nscale")),
    "friendliai": Feed((), _rows("friendliai")),
    "lambda_ai": Feed((), _rows("lambda_ai")),
    "morph": Feed((), _rows("morph")),
    "inception": Feed((), _rows("inception")),
    "crusoe": Feed((), _rows("crusoe")),
    "v0": Feed((), _rows("v0")),
}

type Sides = tuple[list[Listing], list[Listing]]


def read(genai_package: Package, litellm_package: Package) -> dict[str, Sides]:
    """The listings of both sources for every provider, the leading source first."""
    data = genai.providers(genai_package.text)
    table = litellm.rows(litellm_package.text)
    found: dict[str, Sides] = {}
    for provider, feed in FEEDS.items():
        sides = _genai(data, feed), litellm.listings(table, feed.litellm) if feed.litellm else []
        if feed.per_prompt is not None:
            sides = _by_prompt(sides[0], feed.per_prompt), _by_prompt(sides[1], feed.per_prompt)
        found[provider] = (sides[1], sides[0]) if feed.litellm_first else sides
    return found


def _genai(data: Mapping[str, list[Listing]], feed: Feed) -> list[Listing]:
    found: list[Listing] = []
    for provider in feed.genai:
        listings = [listing for listing in data.get(provider, ()) if not listing.name.startswith(feed.without)]
        listings = [_on_days(listing, feed.days) for listing in listings] if feed.days else listings
        found += [_suffixed(listing, provider.partition("_")[2]) for listing in listings] if feed.suffixed else listings
    return [*found, *_agreed(found)] if feed.suffixed else found


def _on_days(listing: Listing, days: str) -> Listing:
    """A listing whose hours hold on some days only."""

    def placed(when: When) -> When:
        return replace(when, days=days) if when.hours else when

    sheets = [(start, {placed(when): units for when, units in sheet.items()}) for start, sheet in listing.sheets]
    return replace(listing, sheets=sheets)


def _by_prompt(listings: Iterable[Listing], fee: Decimal) -> list[Listing]:
    """Listings whose search fee of that size is one for a prompt."""

    def renamed(units: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {("grounded_prompt" if u == "web_search" and rate == fee else u): rate for u, rate in units.items()}

    return [
        replace(listing, sheets=[(start, {w: renamed(units) for w, units in s.items()}) for start, s in listing.sheets])
        for listing in listings
    ]


def _suffixed(listing: Listing, route: str) -> Listing:
    """A routed model under the name that asks for its route: `model:route`."""
    aliases = tuple(f"{name}:{route}" for name in listing.aliases if name.lower() != listing.name.lower())
    return replace(listing, name=f"{listing.name}:{route}", aliases=aliases, matches=lambda name: False)


def _agreed(listings: Iterable[Listing]) -> list[Listing]:
    """Routed models under their plain names, where every route costs the same."""
    routes: dict[str, list[Listing]] = {}
    for listing in listings:
        routes.setdefault(listing.name.rpartition(":")[0].lower(), []).append(listing)
    return [
        replace(group[0], name=group[0].name.rpartition(":")[0], aliases=())
        for group in routes.values()
        if all(_same(group[0], other) for other in group)
    ]


def _same(left: Listing, right: Listing) -> bool:
    ours, theirs = left.sheets[-1][1], right.sheets[-1][1]
    return ours.keys() == theirs.keys() and all(
        ours[when].keys() == theirs[when].keys() and agree(ours[when], theirs[when], tuple(ours[when])) for when in ours
    )
