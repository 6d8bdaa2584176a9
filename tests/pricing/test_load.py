"""Files to a price book: merging, and everything that stops the start."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from llmobs.pricing import Aborted, Billing, PriceBook, PricingError, ReportedCost, Terms, load

OURS = """\
updated: 2026-11-20
providers:
  openai:
    name: OpenAI
    source: https://openai.com/api/pricing
    hosts: [api.openai.com]
    include_usage: true
    default_tiers: [Scale]
    strip_prefixes: ["models/"]
    routes:
    - {path: "**/chat/completions", dialect: openai_chat}
    aliases: {chatgpt: gpt-4o, "fast-*": gpt-4o, "f*": small}
    models:
      gpt-4o:
      - {from: 2024-10-02, source: genai-prices, input: 2.50, cached_input: 1.25, output: 10}
      - {from: 2024-10-02, source: litellm, batch: true, multiply: 0.5}
      small:
      - {input: 0.1}
  free.example:
    hosts: [free.example]
    billing: free
"""
AT = datetime(2026, 11, 20, tzinfo=UTC)


def files(tmp_path: Path, *texts: str) -> list[Path]:
    """Texts as files named 0.yaml, 1.yaml ..."""
    paths = [tmp_path / f"{n}.yaml" for n in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


def refusal(tmp_path: Path, *texts: str, dialects: tuple[str, ...] | None = None) -> list[str]:
    """The problems of some files, with the names of the files only."""
    with pytest.raises(PricingError) as caught:
        load(*files(tmp_path, *texts), dialects=dialects)
    return [line.replace(f"{tmp_path}/", "") for line in caught.value.problems]


def rates(book: PriceBook, provider: str, model: str, *, batch: bool = False) -> dict[str, Decimal] | None:
    """The rates of a plain or batch call."""
    found = book.quote(book.providers[provider], model, Terms(AT, 0, None, batch))
    return None if found is None else dict(found.rates)


def test_one_file(tmp_path: Path) -> None:
    """A file gives its providers with all they say, and usual values for what they leave out."""
    book = load(*files(tmp_path, OURS))
    openai, free = book.providers["openai"], book.providers["free.example"]

    assert book.updated == date(2026, 11, 20)
    assert (openai.id, openai.name, openai.source) == ("openai", "OpenAI", "https://openai.com/api/pricing")
    assert (openai.hosts, openai.include_usage, openai.billing) == (("api.openai.com",), True, Billing.METERED)
    assert {"scale", "default", ""} <= openai.default_tiers
    assert rates(book, "openai", "models/ChatGPT") == {
        "input": Decimal("2.5"),
        "cached_input": Decimal("1.25"),
        "output": Decimal(10),
    }
    assert (free.name, free.source, free.include_usage, free.reported_cost) == ("free.example", None, False, None)
    assert free.billing == "free"
    assert (free.listed_only, free.aborted, free.subscription_keys) == (False, Aborted.SEEN, ())


MORE = """\
updated: 2026-11-20
currencies:
  eur:
  - {from: 2026-06-01, usd: 1.10, source: hand}
  - {from: 2026-01-01, usd: 1.08}
  jpy: [{usd: 0.0065}]
providers:
  p:
    hosts: ["api.{region}.example.com", "{region}-api.example.com:8443", api.example.com]
    listed_only: true
    aborted: full
    billed_errors: [content_filter]
    subscription_keys: ["sk-plan-*"]
    routes:
    - {path: "/plan/**", dialect: openai_chat, billing: subscription}
    - {path: "**", dialect: openai_chat}
    models:
      image:
      - {variant: "HD/*", image: 0.08}
      - {image: 0.04, days: "sat,sun"}
      - {image: 0.06}
"""


def test_what_a_provider_bills_otherwise(tmp_path: Path) -> None:
    """A provider says what it serves besides, what a left stream costs, and which keys and paths a plan pays for."""
    book = load(*files(tmp_path, MORE, "providers: {p: {subscription_keys: [sk-x-*], billed_errors: [408]}}"))
    provider = book.providers["p"]
    plan, other = book.route(provider, "POST", "/plan/x"), book.route(provider, "POST", "/x")

    assert plan is not None
    assert other is not None
    assert (plan.billing, other.billing) == (Billing.SUBSCRIPTION, None)
    assert (provider.listed_only, provider.aborted) == (True, Aborted.FULL)
    assert provider.billed_errors == {"content_filter", "408"}
    assert provider.subscription_keys == ("sk-plan-*", "sk-x-*")
    assert provider.subscribed("sk-plan-abc")
    assert provider.subscribed("sk-x-abc")
    assert not provider.subscribed("sk-api-abc")
    assert not provider.subscribed("SK-PLAN-abc")


def test_variants_and_days(tmp_path: Path) -> None:
    """A variant and a weekday choose among the rates of a file."""
    book = load(*files(tmp_path, MORE))
    friday, saturday = (datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21))

    def image(at: datetime, variant: str | None) -> Decimal:
        found = book.quote(book.providers["p"], "image", Terms(at, 0, None, variant=variant))
        assert found is not None
        return found.rates["image"]

    assert image(friday, "hd/1024x1024") == Decimal("0.08")
    assert image(friday, None) == Decimal("0.06")
    assert image(saturday, "standard/1024x1024") == Decimal("0.04")


def test_rates_keep_the_text_of_the_file(tmp_path: Path) -> None:
    """A rate is the decimal that was written, digit by digit."""
    book = load(*files(tmp_path, OURS))
    found = rates(book, "openai", "gpt-4o")

    assert found is not None
    assert str(found["input"]) == "2.50"


def test_longest_alias_pattern_wins(tmp_path: Path) -> None:
    """Among patterns of aliases the longest comes first."""
    book = load(*files(tmp_path, OURS))

    assert rates(book, "openai", "fast-x") == rates(book, "openai", "gpt-4o")
    assert rates(book, "openai", "fox") == rates(book, "openai", "small")


def test_own_file_adds_to_a_provider(tmp_path: Path) -> None:
    """A later file adds hosts, routes before ours, aliases and models to a provider, and the rest stays."""
    user = """
providers:
  openai:
    hosts: [gateway.example]
    include_usage: false
    reported_cost: {field: cost, per_usd: 10000000000}
    default_tiers: [gold]
    strip_prefixes: [acme/]
    prices_from: [free.example]
    routes:
    - {path: "/x/chat/completions", dialect: anthropic}
    aliases: {chatgpt: tuned}
    models:
      tuned:
      - {input: 7}
"""
    book = load(*files(tmp_path, OURS, user))
    openai = book.providers["openai"]
    ours, theirs = book.route(openai, "POST", "/v1/chat/completions"), book.route(openai, "POST", "/x/chat/completions")

    assert ours is not None
    assert theirs is not None
    assert (ours.dialect, theirs.dialect) == ("openai_chat", "anthropic")
    assert openai.hosts == ("api.openai.com", "gateway.example")
    assert (openai.name, openai.include_usage, openai.prices_from) == ("OpenAI", False, ("free.example",))
    assert openai.reported_cost == ReportedCost("cost", Decimal(10**10))
    assert {"gold", "scale"} <= openai.default_tiers
    assert rates(book, "openai", "acme/chatgpt") == {"input": Decimal(7)}
    assert rates(book, "openai", "models/small") == {"input": Decimal("0.1")}
    assert book.updated == date(2026, 11, 20)


def test_own_rules_replace_a_models_list(tmp_path: Path) -> None:
    """A later file's rules for a model stand instead of all earlier ones, whatever its capitals."""
    user = "providers: {openai: {models: {GPT-4o: [{input: 1}]}}}"
    book = load(*files(tmp_path, OURS, user))

    assert rates(book, "openai", "gpt-4o") == {"input": Decimal(1)}
    assert rates(book, "openai", "gpt-4o", batch=True) == {}
    assert rates(book, "openai", "small") == {"input": Decimal("0.1")}


def test_own_file_adds_a_provider(tmp_path: Path) -> None:
    """A later file may bring a provider that takes its prices from ours."""
    user = 'providers: {mine: {hosts: ["localhost:8000"], prices_from: [openai], billing: subscription}}'
    book = load(*files(tmp_path, OURS, user))
    mine = book.provider_at("localhost", 8000)

    assert mine is book.providers["mine"]
    assert mine.billing is Billing.SUBSCRIPTION
    assert rates(book, "mine", "gpt-4o") == rates(book, "openai", "gpt-4o")


def test_empty_own_file(tmp_path: Path) -> None:
    """A later file may be empty."""

    assert list(load(*files(tmp_path, OURS, "# nothing yet\n")).providers) == ["openai", "free.example"]


BAD = """\
updated: yesterday
provders: {}
providers:
  openai:
    hosts: ["https://api.openai.com/v1", api.foo.com]
    prices_from: [opnai]
    billing: metred
    routes:
    - {path: "**/chat/completions", dialect: openai_cha}
    aliases: {chatgpt: gpt-4p}
    models:
      gpt-4o:
      - {from: 2024-5-13, source: genai-price, input: 0.0000025, outptu: 15}
      - {input: 2500000, output: -1, cached_input: nan, above: 272k,
         hours: 25:00-1:00}
      gpt-5: [{input: 5}]
      gpt-5: [{input: 5}]
  foo:
    hosts: [api.foo.com]
"""


OPENAI = "providers.openai"
RULE_1, RULE_2 = f"{OPENAI}.models.gpt-4o[0]", f"{OPENAI}.models.gpt-4o[1]"
OWNER = "take it out here, or add what you need under openai"
TOLD = [
    (1, "updated", "'yesterday' is not a date", "write year-month-day such as 2026-11-20"),
    (2, "provders", "is not a known key", "did you mean providers?"),
    (5, f"{OPENAI}.hosts[0]", "'https://api.openai.com/v1' is not a host", "write api.openai.com"),
    (6, f"{OPENAI}.prices_from[0]", "there is no provider opnai", "did you mean openai?"),
    (7, f"{OPENAI}.billing", "'metred' is not known here", "did you mean metered?"),
    (9, f"{OPENAI}.routes[0].dialect", "'openai_cha' is not known here", "did you mean openai_chat?"),
    (10, f"{OPENAI}.aliases.chatgpt", "there is no model gpt-4p", "did you mean gpt-4o?"),
    (13, f"{RULE_1}.from", "'2024-5-13' is not a date", "write year-month-day such as 2026-11-20"),
    (13, f"{RULE_1}.source", "'genai-price' is not known here", "did you mean genai-prices?"),
    (13, f"{RULE_1}.input", "0.0000025 USD looks like a price for one, not for 1,000,000", "write 2.5"),
    (13, f"{RULE_1}.outptu", "is not a known key", "did you mean output?"),
    (14, f"{RULE_2}.above", "'272k' is not a whole number of tokens", "write digits only, such as 200000"),
    (14, f"{RULE_2}.input", "2500000 USD for 1,000,000 is more than any known price", "write 2.5 if that was meant"),
    (14, f"{RULE_2}.cached_input", "'nan' is not a number", "write a plain decimal number such as 2.5"),
    (14, f"{RULE_2}.output", "-1 is negative", "write 1 or leave the key out"),
    (
        15,
        f"{RULE_2}.hours",
        "'25:00-1:00' is not a window of UTC hours",
        'write two different times such as "16:30-00:30"',
    ),
    (17, f"{OPENAI}.models.gpt-5", "stands twice in the same mapping", "keep one of them"),
    (19, "providers.foo.hosts[0]", "api.foo.com belongs to openai already (0.yaml)", OWNER),
]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Problems of every kind come together, in the order of the file, each with line, key, fault and cure."""

    assert refusal(tmp_path, BAD, dialects=("openai_chat",)) == [
        f"0.yaml:{line}: {key}: {fault}; {cure}" for line, key, fault, cure in TOLD
    ]


def test_problems_of_every_file_are_told(tmp_path: Path) -> None:
    """Each problem names its own file, and a file that is no YAML does not hide the other's problems."""
    found = refusal(tmp_path, "updated: x\n", "a: b: c\n", "providers: {opnai: {models: {m: [{inptu: 1}]}}}\n")

    assert [line.split(" ", 1)[0] for line in found] == ["0.yaml:1:", "1.yaml:1:", "2.yaml:1:", "2.yaml:1:"]


def test_own_file_is_checked_on_top_of_ours(tmp_path: Path) -> None:
    """A broken link of the user's file is told with its own name and line."""
    user = "providers:\n  openai:\n    aliases:\n      x: gpt-4p\n"

    assert refusal(tmp_path, OURS, user) == [
        "1.yaml:4: providers.openai.aliases.x: there is no model gpt-4p; did you mean gpt-4o?"
    ]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is told by its name."""

    with pytest.raises(PricingError, match=r"no\.yaml:1: cannot be read: No such file"):
        load(*files(tmp_path, OURS), tmp_path / "no.yaml")


def test_large_file_loads_quickly(tmp_path: Path) -> None:
    """2,500 models with 5,000 rules load in a fraction of a second; the limit leaves room for slow machines."""
    rule = "{{from: 2024-05-13, source: litellm, {}input: 4, cached_input: 1.25, output: 15}}"
    rules = f"[{rule.format('')}, {rule.format('region: x, ')}]"
    models = [f"      model-{n}: {rules}" for n in range(2500)]
    path = files(tmp_path, "updated: 2026-11-20\nproviders:\n  p:\n    models:\n" + "\n".join(models))
    started = time.process_time()
    book = load(*path)

    assert rates(book, "p", "model-2499") is not None
    assert time.process_time() - started < 3
