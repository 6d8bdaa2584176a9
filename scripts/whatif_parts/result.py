"""What is told of other models, in any shape; it does not know how it was reckoned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scripts.whatif_parts.pricing import Priced
from scripts.whatif_parts.ranking import Ranking
from scripts.whatif_parts.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Result:
    """The calls that were looked at, and models.

    planned_calls: those that a plan pays for, whose list price is planned_usd, a part of now_usd.
    work: all operations, the dearest first. largest_input_tokens: of the one call that sent most.
    """

    calls: int
    now_usd: Decimal
    planned_calls: int
    planned_usd: Decimal
    unknown_calls: int
    work: Sequence[str]
    models: Sequence[Priced]
    largest_input_tokens: int = 0
    ranking: Ranking | None = None

    def answer(self) -> dict[str, object]:
        """All of it as one object."""
        return {
            "calls": self.calls,
            "now_usd": self.now_usd,
            "planned_calls": self.planned_calls,
            "planned_usd": self.planned_usd,
            "unknown_calls": self.unknown_calls,
            "largest_input_tokens": self.largest_input_tokens,
            "operations": self.work,
            **self._ranked(),
            "models": [answer(told) for told in self.models],
        }

    def _ranked(self) -> dict[str, object]:
        there = self.ranking or Ranking((), 0, 0, ())
        return {
            "ranked_models": len(there.models),
            "free_models": there.free,
            "left_out_tool_calls": there.tool_calls,
        }


def result(found: Traffic, work: Sequence[str], models: Sequence[Priced]) -> Result:
    """The calls with what they cost now, and the models."""
    return Result(
        sum(calls.number for calls in found.calls),
        sum((calls.now_usd for calls in found.calls), Decimal(0)),
        sum(calls.number for calls in found.calls if calls.planned),
        sum((calls.now_usd for calls in found.calls if calls.planned), Decimal(0)),
        sum(calls.number for calls in found.calls if not calls.known),
        work,
        models,
        max((calls.largest_input_tokens for calls in found.calls), default=0),
    )


# Column of JSON and CSV -> what a model has there.
_CELLS: Mapping[str, Callable[[Priced], object]] = {
    "provider": lambda told: told.target.provider.id,
    "model": lambda told: told.target.model,
    "calls": lambda told: told.calls,
    "compared_calls": lambda told: told.known_calls,
    "now_usd": lambda told: told.now_usd if told.known_calls else None,
    "then_usd": lambda told: told.then_known_usd if _comparable(told) else None,
    "difference_usd": lambda told: told.difference_usd if _comparable(told) else None,
    "then_of_all_usd": lambda told: None if told.lacks_tokens else told.then_usd,
    "unknown_calls": lambda told: told.calls - told.known_calls - told.no_usage,
    "calls_without_usage": lambda told: told.no_usage,
    "estimated": lambda told: told.estimated,
    "unpriced": lambda told: dict(told.unpriced),
    "not_taken_over": lambda told: dict(told.left),
    "at_ordinary_price": lambda told: dict(told.other_terms),
    "cached_tokens_at_full_price": lambda told: told.full_price_cached_tokens,
}
COLUMNS = tuple(_CELLS)


def answer(told: Priced) -> dict[str, object]:
    """One model as a row of JSON or CSV."""
    return {name: cell(told) for name, cell in _CELLS.items()}


def _comparable(told: Priced) -> bool:
    return told.known_calls > 0 and not told.lacks_tokens
