from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from llmobs.dialects import DIALECTS
from llmobs.event import CostStatus
from llmobs.invoice import Call, Invoice, draw
from tests.books import BOOK

CHAT = {"prompt_tokens": 1_000_000, "completion_tokens": 100_000, "total_tokens": 1_100_000}


def invoice(
    provider: str = "openai", dialect: str = "openai_chat", models: tuple[str, ...] = ("gpt-x",), **facts: Any
) -> Invoice:
    """The invoice of a call on the day of the test prices."""

    at = datetime(2026, 11, 20, tzinfo=UTC)
    call = Call(provider=BOOK.providers[provider], dialect=DIALECTS[dialect], at=at, models=models, **facts)
    return draw(BOOK, call)


def test_exact() -> None:
    """Usage and a price give an exact cost that is the sum of the charges."""

    drawn = invoice(usage=CHAT)

    assert drawn.status is CostStatus.EXACT
    assert drawn.cost_usd == drawn.list_cost_usd == Decimal(3)
    assert {c.unit: c.amount_usd for c in drawn.charges} == {"input": Decimal(2), "output": Decimal(1)}
    assert (drawn.model, drawn.version) == ("gpt-x", "openai/gpt-x")
    assert drawn.tokens["input_tokens"] == 1_000_000


def test_zero_tokens_cost_zero() -> None:
    """An explicit zero is exact, and not missing."""

    drawn = invoice(usage={"prompt_tokens": 0, "completion_tokens": 0})

    assert (drawn.status, drawn.cost_usd) == (CostStatus.EXACT, Decimal(0))
    assert drawn.tokens["output_tokens"] == 0


def test_unknown_model_has_no_cost() -> None:
    """A model without a price has tokens and charges, and no amount anywhere."""

    drawn = invoice(models=("nobody",), usage=CHAT)

    assert (drawn.status, drawn.cost_usd, drawn.model) == (CostStatus.UNPRICED, None, None)
    assert [c.amount_usd for c in drawn.charges] == [None, None]
    assert drawn.tokens["input_tokens"] == 1_000_000


def test_the_first_model_that_has_a_price_counts() -> None:
    """The model that answered is looked for first, then the one that was asked for, which may be another one."""

    routed = invoice(models=("gpt-x", "gpt-x:fast"), usage=CHAT)
    suffixed = invoice(models=("gpt", "gpt-x"), usage=CHAT)
    other = invoice(models=("deployment-7", "gpt-x"), usage=CHAT)

    assert (routed.model, routed.status) == ("gpt-x", CostStatus.EXACT)
    assert (suffixed.model, suffixed.status) == ("gpt-x", CostStatus.EXACT)
    assert (other.model, other.status) == ("gpt-x", CostStatus.ESTIMATED)


def test_usage_that_is_not_understood_is_unpriced() -> None:
    """A usage object without any known count is not zero tokens."""

    drawn = invoice(usage={"magic_tokens": 5})

    assert (drawn.status, drawn.cost_usd, drawn.tokens) == (CostStatus.UNPRICED, None, {})


def test_served_tier_decides() -> None:
    """A tier has its own rates; one that no rule names has none."""

    assert invoice(usage=CHAT, tier="flex").cost_usd == Decimal("1.5")
    assert invoice(usage=CHAT, tier="default").cost_usd == Decimal(3)
    assert invoice(usage=CHAT, tier="priority").status is CostStatus.UNPRICED
    assert invoice(usage=CHAT, tier="batch").cost_usd == Decimal("1.5")


def test_reported_cost_is_paid_and_the_charges_add_up_to_it() -> None:
    """What the provider says it charged is the cost; the difference to the list price is a charge of its own."""

    drawn = invoice("openrouter", models=("some/model",), usage={**CHAT, "cost": Decimal("1.5")})

    assert drawn.status is CostStatus.PROVIDER_REPORTED
    assert drawn.cost_usd == Decimal("1.5") == sum(c.amount_usd or 0 for c in drawn.charges)
    assert drawn.list_cost_usd == Decimal("1.2")
    assert drawn.charges[-1].unit == "adjustment"


def test_reported_cost_prices_what_no_list_holds() -> None:
    """A model without a list price is known by what the provider says."""

    drawn = invoice("openrouter", models=("new/model",), usage={**CHAT, "cost": Decimal("0.7")})

    assert (drawn.status, drawn.cost_usd, drawn.list_cost_usd) == (CostStatus.PROVIDER_REPORTED, Decimal("0.7"), None)
    assert sum(c.amount_usd or 0 for c in drawn.charges) == Decimal("0.7")


def test_reported_cost_that_equals_the_list_adds_no_charge() -> None:
    """No adjustment of nothing."""

    drawn = invoice("openrouter", models=("some/model",), usage={**CHAT, "cost": Decimal("1.2")})

    assert [c.unit for c in drawn.charges] == ["input", "output"]


def test_subscription_shows_its_list_price_apart() -> None:
    """A plan costs nothing a call; what the call would cost stands beside."""

    drawn = invoice("plan", usage=CHAT)

    assert (drawn.status, drawn.cost_usd, drawn.list_cost_usd) == (CostStatus.NOT_BILLED, Decimal(0), Decimal(3))
    assert drawn.charges == ()


def test_failed_and_free_calls_cost_nothing() -> None:
    """A call that produced nothing, or that never costs, is not billed; tokens that it told are kept."""

    assert invoice(served=False).cost_usd == 0
    assert invoice(served=False).status is CostStatus.NOT_BILLED
    assert invoice(free=True, usage=CHAT).tokens["input_tokens"] == 1_000_000


def test_missing_usage_is_estimated() -> None:
    """Tokens that were counted from text are marked; nothing counted is unknown."""

    drawn = invoice(complete=False, estimate={"input": 100, "output": 10})

    assert (drawn.status, drawn.cost_usd) == (CostStatus.ESTIMATED, Decimal("0.0003"))
    assert invoice(complete=False).status is CostStatus.UNPRICED


def test_opening_usage_is_completed_by_an_estimate() -> None:
    """The input of the first event holds, its placeholder of output does not."""

    usage = {"input_tokens": 1_000_000, "output_tokens": 1}
    facts: dict[str, Any] = {"dialect": "anthropic", "models": ("claude-x",), "usage": usage, "opening": True}

    left = invoice("anthropic", complete=False, estimate={"input": 5, "output": 1_000}, **facts)
    cut = invoice("anthropic", complete=False, estimate={"input": 5, "output": 1_000}, cut=True, **facts)
    killed = invoice("anthropic", complete=False, **facts)

    assert (left.status, left.cost_usd) == (CostStatus.ESTIMATED, Decimal("3.015"))
    assert (cut.status, cut.cost_usd) == (CostStatus.PARTIAL, Decimal("3.015"))
    assert (killed.status, killed.cost_usd) == (CostStatus.PARTIAL, Decimal(3))


def test_a_mismatch_is_not_exact() -> None:
    """Counts that contradict the provider's own sum give a cost that says so."""

    assert (
        invoice(usage={"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}).status is CostStatus.ESTIMATED
    )


def test_assumed_rates_are_not_exact() -> None:
    """A one-hour write at the five-minute rate is known to be wrong, and marked."""

    usage = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 10,
        "cache_creation": {"ephemeral_1h_input_tokens": 10},
        "output_tokens": 1,
    }

    assert invoice("anthropic", "anthropic", ("claude-y",), usage=usage).status is CostStatus.ESTIMATED
    assert invoice("anthropic", "anthropic", ("claude-x",), usage=usage).status is CostStatus.EXACT


def test_sub_calls_have_their_own_models_and_fees_are_charged_once() -> None:
    """Each pass is priced at its own model, and a search is charged beside them."""

    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": 0,
        "iterations": [
            {"type": "message", "input_tokens": 1_000_000, "output_tokens": 0},
            {"type": "advisor_message", "model": "claude-y", "input_tokens": 100_000, "output_tokens": 0},
        ],
    }

    drawn = invoice("anthropic", "anthropic", ("claude-x",), usage=usage, fees={"web_search": 2})

    assert drawn.cost_usd == Decimal("4.02")
    assert drawn.tokens["input_tokens"] == 1_100_000


@pytest.mark.parametrize("tier", ["provisioned"])
def test_provisioned_throughput_is_paid_elsewhere(tier: str) -> None:
    """Capacity that was bought in advance is not billed by the call."""

    assert invoice(usage=CHAT, tier=tier).status is CostStatus.NOT_BILLED


def test_a_fee_without_a_price_leaves_a_lower_bound() -> None:
    """Where only a tool's fee is unknown the tokens are still priced, and the cost says that it is not all."""

    drawn = invoice(usage=CHAT, fees={"file_search": 1})

    assert (drawn.status, drawn.cost_usd) == (CostStatus.PARTIAL, Decimal(3))
    assert invoice(usage={"prompt_tokens": 0}, fees={"file_search": 1}).status is CostStatus.UNPRICED


def test_a_fee_a_call_is_charged_once() -> None:
    """Where the price list has a fee for each call, the call has it."""

    assert invoice(models=("search-x",), usage=CHAT).cost_usd == Decimal("3.03")


def test_audio_is_billed_by_the_second_or_by_the_token() -> None:
    """Told both, the price list says which of them counts; the tokens are known either way."""

    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_audio_seconds": 30}

    by_second, by_token = invoice(models=("voice-x",), usage=usage), invoice(usage=usage)

    assert (by_second.status, by_second.cost_usd) == (CostStatus.EXACT, Decimal("0.03"))
    assert (by_token.status, by_token.cost_usd) == (CostStatus.EXACT, Decimal("0.00007"))
    assert by_second.tokens == by_token.tokens


def test_text_beside_audio_by_the_second_is_billed_by_the_token() -> None:
    """Seconds stand for the tokens of the audio alone; the text of such a chat is charged as well."""

    audio = {"prompt_tokens_details": {"audio_tokens": 375}, "prompt_audio_seconds": 30}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 390, **audio}

    drawn = invoice(models=("listener-x",), usage=usage)

    assert {c.unit: c.quantity for c in drawn.charges} == {"input": 10, "output": 5, "audio_second": 30}
    assert (drawn.status, drawn.cost_usd) == (CostStatus.EXACT, Decimal("0.03007"))


def test_a_key_of_ones_own_is_paid_upstream() -> None:
    """With the user's own key the gateway's cost is its fee only; what the key paid upstream comes on top."""

    own: dict[str, Any] = {**CHAT, "cost": Decimal("0.05"), "is_byok": True}
    facts: dict[str, Any] = {"provider": "openrouter", "models": ("some/model",)}

    assert invoice(usage={**own, "details": {"upstream": Decimal(1)}}, **facts).cost_usd == Decimal("1.05")
    assert invoice(usage={**own, "is_byok": False, "details": {"upstream": 1}}, **facts).cost_usd == Decimal("0.05")
    assert invoice(usage=own, **facts).status is CostStatus.EXACT
