"""What a price file may hold."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from llmobs.pricing.schema import PRICED, Conditions, PriceFile, PriceRule
from llmobs.units import UNITS


def refusal(row: type[PriceFile] | type[PriceRule], data: object) -> str:
    """The one thing that is wrong with some data."""
    with pytest.raises(ValidationError) as caught:
        row.model_validate(data)
    (error,) = caught.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def model(*rules: dict[str, str]) -> dict[str, object]:
    """A file with one model."""
    return {"providers": {"p": {"models": {"m": list(rules)}}}}


def test_rule_with_everything() -> None:
    """A rule holds conditions and rates, each of its own type."""
    rule = PriceRule.model_validate(
        {
            "from": "2026-11-20",
            "source": "litellm",
            "above": "200000",
            "tier": "Flex",
            "batch": "true",
            "region": "eu-*",
            "variant": "hd/*",
            "days": "mon-fri",
            "hours": "16:30-00:30",
            "input": "2.50",
            "output": "10",
        }
    )

    assert (rule.start, rule.source, rule.above, rule.tier, rule.batch, rule.region, rule.hours, rule.multiply) == (
        date(2026, 11, 20),
        "litellm",
        200_000,
        "flex",
        True,
        "eu-*",
        (990, 30),
        None,
    )
    assert rule.variant == "hd/*"
    assert rule.days == frozenset(range(5))
    assert rule.rates == {"input": Decimal("2.50"), "output": Decimal(10)}
    assert not rule.ordinary


def test_every_unit_but_the_adjustment_has_a_rate() -> None:
    """What can be billed can be priced, except what remains after pricing."""

    assert set(PRICED) == set(UNITS) - {"adjustment"}
    assert all(PriceRule.model_validate({unit: "1"}).rates == {unit: 1} for unit in PRICED)
    assert refusal(PriceRule, {"adjustment": "1"}) == "adjustment: Extra inputs are not permitted"


def test_factor_may_stand_beside_fees_only() -> None:
    """A factor scales tokens, so it may share a rule with fees and not with token rates."""

    assert PriceRule.model_validate({"multiply": "0.5", "web_search": "10"}).ordinary
    assert refusal(PriceRule, {"multiply": "0.5", "input": "1"}).endswith("write the factor and the rates as two rules")


def test_rule_must_price_something() -> None:
    """Conditions alone are no price."""

    assert refusal(PriceRule, {"tier": "flex"}).endswith("add a unit such as input: 2.5, or multiply: 0.5")


def test_every_start_date_needs_a_list_price() -> None:
    """Since a start date replaces all that was before, it must say what an ordinary call costs."""
    base, dated = {"input": "1"}, {"input": "2", "from": "2026-01-01"}

    PriceFile.model_validate(model(base, dated, {"from": "2026-01-01", "batch": "true", "multiply": "0.5"}))
    assert refusal(PriceFile, model(base, {"from": "2026-01-01", "batch": "true", "multiply": "0.5"})) == (
        "providers.p.models.m: the rules from 2026-01-01 have no list price; "
        "repeat the rule without conditions for that date"
    )
    assert "the rules without `from` have no list price" in refusal(PriceFile, model(dated, {"multiply": "0.5"}))
    assert "the model has no price" in refusal(PriceFile, model())


def test_price_list_of_variants_needs_no_price_for_the_others() -> None:
    """What is sold by variant only has no price for a variant that is not listed."""

    PriceFile.model_validate(model({"variant": "hd/*", "image": "0.08"}, {"variant": "standard/*", "image": "0.04"}))
    assert "have no list price" in refusal(PriceFile, model({"variant": "hd/*", "days": "mon", "image": "0.08"}))


def test_route_leads_somewhere() -> None:
    """A route has a dialect or is free, not both and not neither."""

    def routes(**route: str) -> dict[str, object]:
        return {"providers": {"p": {"routes": [{"path": "/a", **route}]}}}

    PriceFile.model_validate(routes(dialect="any"))
    PriceFile.model_validate(routes(free="true", method="get"))
    assert "the route leads nowhere" in refusal(PriceFile, routes())
    assert "the route names a dialect and is free" in refusal(PriceFile, routes(dialect="any", free="true"))


def test_route_has_one_model() -> None:
    """A route takes its model from the path or names the one that it is priced as, not both."""

    def routes(path: str) -> dict[str, object]:
        return {"providers": {"p": {"routes": [{"path": path, "dialect": "any", "priced_as": "search"}]}}}

    PriceFile.model_validate(routes("/search"))
    assert refusal(PriceFile, routes("/{model}/search")).endswith(
        "the route has two models; take out priced_as, or write * for {model} in the path"
    )


def test_route_may_be_paid_otherwise() -> None:
    """A route says how its calls are paid, in the words of its provider."""

    def billed(word: str) -> dict[str, object]:
        return {"providers": {"p": {"routes": [{"path": "/a", "dialect": "any", "billing": word}]}}}

    assert PriceFile.model_validate(billed("subscription")).providers["p"].routes[0].billing == "subscription"
    assert "did you mean subscription?" in refusal(PriceFile, billed("subscripton"))


def test_dialects_are_checked_where_they_are_told() -> None:
    """A dialect is any text unless the known ones are given."""
    data = {"providers": {"p": {"routes": [{"path": "/a", "dialect": "openai_chat"}]}}}

    PriceFile.model_validate(data, context={"dialects": None})
    PriceFile.model_validate(data, context={"dialects": ["openai_chat"]})
    with pytest.raises(ValidationError, match="did you mean openai_chats"):
        PriceFile.model_validate(data, context={"dialects": ["openai_chats"]})


@pytest.mark.parametrize("name", ["OpenAI", "open ai", "", "-x"])
def test_provider_id(name: str) -> None:
    """A provider's id is in small letters without spaces."""

    assert "write it in lower case without spaces" in refusal(PriceFile, {"providers": {name: {}}})


def test_no_unit_has_the_name_of_another_key() -> None:
    """A rate cannot be taken for a condition or a note of its rule."""
    keys = {field.alias or name for name, field in Conditions.model_fields.items()} | set(Conditions.model_fields)

    assert not keys & UNITS.keys()
