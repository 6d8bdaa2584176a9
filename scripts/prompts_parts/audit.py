"""All that an audit found, in any shape; it neither asks nor prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.console.asking import Rows
from scripts.prompts_parts.captured import PARTS, Captured, Prompt, captured, repeated
from scripts.prompts_parts.rates import RateList


@dataclass(frozen=True, slots=True)
class Audit:
    """Rows of the queries, those of `growth` with `cache_saves_usd`, and what the captured requests are made of.

    `all_rows` of the first three and `all_prompts` say how many there are, should not all of them be here.
    """

    lengths: Rows
    growth: Rows
    repeats: Rows
    captured: Captured
    prompts: Sequence[Prompt]
    all_prompts: int

    def answer(self) -> dict[str, object]:
        """All of it as one object."""
        found = self.captured
        return {
            "lengths": self.lengths.without("all_rows"),
            "growth": self.growth.without("all_rows"),
            "repeats": self.repeats.without("all_rows").without("all_again_calls"),
            "captured": {
                "calls": found.calls,
                "of": found.of,
                "tokens": {part: found.tokens[part] for part in PARTS},
                "limited_answers": found.limited,
                "answers_at_limit": found.cut,
            },
            "tools": [
                {"tool": name, "results": found.tool_calls[name], "tokens": n} for name, n in found.tools.most_common()
            ],
            "prompts": [_prompt(prompt) for prompt in self.prompts],
        }


def audit(answers: Mapping[str, Rows], rates: RateList, top: int) -> Audit:
    """What the answers of the queries come to."""
    grown = answers["prompts_growth"]
    growth = Rows((row | {"cache_saves_usd": _saved(row, rates)} for row in grown), (*grown.columns, "cache_saves_usd"))
    found = captured(answers["prompts_content"], rates)
    prompts = repeated(found)
    return Audit(answers["prompts"], growth, answers["prompts_repeats"], found, prompts[:top], len(prompts))


def _saved(row: Mapping[str, Any], rates: RateList) -> Decimal | None:
    """What tokens that were sent again cost more than they would have from a cache; None where no price is known."""
    known = rates.of(row["provider"], row["model"])
    return row["uncached_tokens"] * (known.input - known.cached) if known else None


def _prompt(prompt: Prompt) -> dict[str, object]:
    return {
        "hash": prompt.digest,
        "provider": prompt.provider,
        "model": prompt.model,
        "begins": prompt.begins,
        "calls": prompt.calls,
        "tokens": prompt.tokens,
        "cached_tokens": prompt.cached_tokens,
        "cost_usd": prompt.paid_usd,
        "cached_cost_usd": prompt.cached_usd,
        "saving_usd": prompt.saving_usd,
    }
