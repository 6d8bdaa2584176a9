"""What we say that calls cost, against two public price lists, on all recorded calls where these two agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.corpus.oddities import PRICE_ODDITIES
from tests.corpus.recording import har_files
from tests.corpus.second_prices import Table, at_hand, genai, litellm, table, tokens_of
from tests.corpus.test_corpus import found, runs
from tests.corpus.verdict import Verdict

__all__ = ["found", "runs"]

RELATIVE = Decimal("0.000001")
ORDINARY = ("none", "default", "standard", "on_demand")
TOKENS = ("input", "cached_input", "cache_write", "output", "reasoning")

pytestmark = [
    pytest.mark.skipif(not har_files(), reason="the corpus ../shared/corpus is not here"),
    pytest.mark.skipif(
        not at_hand(),
        reason="no wheels of litellm and genai-prices in .price-sources (`check_prices.py --sources` puts them there)",
    ),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


@dataclass(frozen=True, slots=True)
class Compared:
    """A call that both lists price alike, and what we say that it costs."""

    verdict: Verdict
    theirs: Decimal
    ours: Decimal | None

    @property
    def same(self) -> bool:
        """Whether we say the same."""
        return self.ours is not None and alike(self.ours, self.theirs)

    @property
    def reason(self) -> str | None:
        """Why not, where somebody looked at it."""
        model = f"{self.verdict.expected.provider}/{self.verdict.expected.model}"
        return next((why for name, why in PRICE_ODDITIES if model.startswith(name)), None)

    def __str__(self) -> str:
        return f"{self.verdict.exchange.label}: {self.ours} but both lists say {self.theirs}"


def alike(one: Decimal, other: Decimal) -> bool:
    """Equal to a relative millionth."""
    return abs(one - other) <= max(abs(one), abs(other)) * RELATIVE


def test_two_price_lists_agree_with_ours(found: dict[str, list[Verdict]]) -> None:
    """Of the calls that both lists price alike, ours is the same in 99.5%; each of the others has a reviewed reason."""

    every = [compared for of in found.values() for compared in _compared(table(), of)]
    others = [compared for compared in every if not compared.same]
    assert [str(compared) for compared in others if compared.reason is None] == []
    assert len(others) <= 0.005 * len(every)
    assert len(every) > 500


def _compared(models: Table, of: list[Verdict]) -> Iterator[Compared]:
    for verdict in of:
        tokens = tokens_of(verdict.expected)
        if not verdict.expected.has_usage or tokens is None or verdict.expected.line or _special(verdict):
            continue
        first = genai(verdict.exchange, verdict.expected, tokens)
        second = litellm(models, verdict.expected, tokens)
        if first is not None and second is not None and alike(first, second):
            yield Compared(verdict, first, _token_cost(verdict))


def _special(verdict: Verdict) -> bool:
    """Served at another tier than the ordinary one, whose rates genai-prices has only for some dates."""
    return str(verdict.row.get("service_tier")).lower() not in ORDINARY


def _token_cost(verdict: Verdict) -> Decimal | None:
    """Our list price of the tokens alone."""
    listed, charges = verdict.row.get("list_cost_usd"), verdict.row.get("charges")
    if not isinstance(listed, Decimal) or not isinstance(charges, list):
        return None
    fees = [c for c in charges if not c["unit"].startswith(TOKENS) and c["unit"] != "adjustment"]
    return listed - sum((c["amount_usd"] or Decimal(0) for c in fees), Decimal(0))
