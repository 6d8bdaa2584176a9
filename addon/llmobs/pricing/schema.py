"""What a price file may hold, as pydantic models whose errors say what to write; it does not know other files."""

import re
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, create_model, model_validator

from llmobs.config import Row
from llmobs.config import value as plain
from llmobs.config.value import wrong
from llmobs.pricing import glob, value
from llmobs.units import UNITS, Side

SOURCES = ("genai-prices", "litellm", "hand")
BILLINGS = ("metered", "subscription", "free")
ABORTED = ("seen", "full")
# An adjustment is what remains after pricing, so no file can price it.
PRICED = tuple(name for name in UNITS if name != "adjustment")
TOKENS = frozenset(name for name, unit in UNITS.items() if unit.side is not Side.FEE)


def _word(known: tuple[str, ...]) -> Any:
    return PlainValidator(partial(plain.one_of, known=known))


def _dialect(name: object, info: ValidationInfo) -> str:
    known = (info.context or {}).get("dialects")
    return plain.text(name) if known is None else plain.one_of(name, known)


def _provider_id(name: object) -> str:
    if isinstance(name, str) and re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
        return name
    raise wrong("a provider's name has other characters than a-z 0-9 . _ -", "write it in lower case without spaces")


Text = Annotated[str, PlainValidator(plain.text)]
Flag = Annotated[bool, PlainValidator(plain.flag)]
Day = Annotated[date, PlainValidator(plain.day)]


class Conditions(Row):
    """The part of a price rule that says when it applies; its rates are added below, one field a unit."""

    start: Day | None = Field(None, alias="from")
    source: Annotated[str, _word(SOURCES)] = "hand"
    above: Annotated[int, PlainValidator(value.whole)] | None = None
    tier: Annotated[str, PlainValidator(value.tier)] | None = None
    batch: Flag = False
    region: Text | None = None
    variant: Text | None = None
    hours: Annotated[tuple[int, int], PlainValidator(value.hours)] | None = None
    days: Annotated[frozenset[int], PlainValidator(value.days)] | None = None
    multiply: Annotated[Decimal, PlainValidator(value.multiplier)] | None = None

    @property
    def rates(self) -> dict[str, Decimal]:
        """The units that the rule names, with their rates."""
        return {name: getattr(self, name) for name in self.model_fields_set if name in UNITS}

    @property
    def ordinary(self) -> bool:
        """True where the rule applies to ordinary calls: to all of them, or to those of one variant."""
        return not (self.above or self.tier or self.batch or self.region or self.hours or self.days)

    @model_validator(mode="after")
    def _prices_one_way(self) -> Self:
        named = self.model_fields_set & UNITS.keys()
        if self.multiply is None and not named:
            raise wrong("the rule prices nothing", "add a unit such as input: 2.5, or multiply: 0.5")
        if self.multiply is not None and named & TOKENS:
            # A factor scales every token rate of the call, so beside a token rate it could be read in two ways.
            raise wrong("multiply stands beside token rates", "write the factor and the rates as two rules")
        return self


if TYPE_CHECKING:
    PriceRule = Conditions
else:
    PriceRule = create_model(
        "PriceRule",
        __base__=Conditions,
        **{name: (Annotated[Decimal, PlainValidator(partial(value.rate, unit=name))], None) for name in PRICED},
    )


def _whole_entries(rules: list[PriceRule]) -> list[PriceRule]:
    """Each start date stands for a complete price, so it needs a rule that holds for ordinary calls.

    Where everything is sold by variant there may be no rate for a variant that is not listed.
    """
    if not rules:
        raise wrong("the model has no price", "write a rule such as - {input: 2.5, output: 10}")
    priced = {rule.start for rule in rules if rule.ordinary and rule.rates}
    for rule in rules:
        if rule.start not in priced:
            since = "without `from`" if rule.start is None else f"from {rule.start}"
            raise wrong(f"the rules {since} have no list price", "repeat the rule without conditions for that date")
    return rules


class Reported(Row):
    """Where the provider itself says what a call cost, and what a key of the user's own paid upstream (`byok`)."""

    field: Text
    byok: Text | None = None
    per_usd: Annotated[Decimal, PlainValidator(value.positive)] = Decimal(1)


class PathRule(Row):
    """One line of `routes`."""

    path: Annotated[str, PlainValidator(glob.path_pattern)]
    dialect: Annotated[str, PlainValidator(_dialect)] | None = None
    free: Flag = False
    method: Annotated[str, PlainValidator(glob.method)] = "POST"
    model: Text | None = None
    operation: Text | None = None
    priced_as: Text | None = None
    billing: Annotated[str, _word(BILLINGS)] | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.free == (self.dialect is not None):
            what = "names a dialect and is free" if self.free else "leads nowhere"
            raise wrong(f"the route {what}", "write either dialect: openai_chat (or another) or free: true")
        if self.priced_as and (glob.MODEL in self.path or glob.LONG_MODEL in self.path):
            raise wrong("the route has two models", "take out priced_as, or write * for {model} in the path")
        return self


class ProviderBlock(Row):
    """One provider; in a file on top of another only what is added or replaced."""

    name: Text | None = None
    source: Text | None = None
    hosts: list[Annotated[str, PlainValidator(glob.host_pattern)]] = []
    listed_only: Flag = False
    billing: Annotated[str, _word(BILLINGS)] = "metered"
    aborted: Annotated[str, _word(ABORTED)] = "seen"
    billed_errors: list[Annotated[str, PlainValidator(value.refusal)]] = []
    subscription_keys: list[Annotated[str, PlainValidator(value.key_pattern)]] = []
    include_usage: Flag = False
    reported_cost: Reported | None = None
    default_tiers: list[Text] = []
    prices_from: list[Text] = []
    strip_prefixes: list[Text] = []
    routes: list[PathRule] = []
    aliases: dict[str, Text] = {}
    models: dict[str, Annotated[list[PriceRule], AfterValidator(_whole_entries)]] = {}


class ExchangeRate(Row):
    """What one of a currency is worth from a day on."""

    start: Day | None = Field(None, alias="from")
    source: Annotated[str, _word(SOURCES)] = "hand"
    usd: Annotated[Decimal, PlainValidator(value.worth)]


class PriceFile(Row):
    """A whole price file."""

    updated: Day | None = None
    currencies: dict[Annotated[str, PlainValidator(value.currency)], list[ExchangeRate]] = {}
    providers: dict[Annotated[str, PlainValidator(_provider_id)], ProviderBlock] = {}
