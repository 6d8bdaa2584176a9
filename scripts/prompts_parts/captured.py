"""What captured requests are made of, and which prompts come again and again; it asks and prints nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from llmobs.tokens import count, text_of
from scripts.prompts_parts.anatomy import Json, Request, request
from scripts.prompts_parts.rates import RateList, Rates

# What is shorter no provider caches; some want more.
LEAST_TOKENS = 1024
# A cache forgets what was not asked for so long.
KEPT_MINUTES = 5
PARTS = ("system prompt", "tools", "results of tools", "messages")


@dataclass(slots=True)
class Prompt:
    """A system prompt with its tools, by its hash, in the calls of one model that begin with it.

    paid_usd: what its tokens came to at today's prices; cached_usd: what they would with a cache, writing included.
    """

    provider: str
    model: str
    digest: str
    begins: str
    tokens: int
    calls: int = 0
    cached_tokens: int = 0
    moments: set[int] = field(default_factory=set)
    paid_usd: Decimal | None = None
    cached_usd: Decimal | None = None

    @property
    def saving_usd(self) -> Decimal | None:
        """What caching would save; None where it can't, or prices are not known."""
        if self.paid_usd is None or self.cached_usd is None or self.tokens < LEAST_TOKENS:
            return None
        return max(self.paid_usd - self.cached_usd, Decimal(0))


@dataclass(slots=True)
class Captured:
    """The sample: `of` calls have content, `calls` of them were looked at."""

    calls: int = 0
    of: int = 0
    tokens: Counter[str] = field(default_factory=Counter)
    tools: Counter[str] = field(default_factory=Counter)
    tool_calls: Counter[str] = field(default_factory=Counter)
    limited: int = 0
    cut: int = 0
    prompts: dict[tuple[str, str, str], Prompt] = field(default_factory=dict)


def captured(rows: Iterable[Mapping[str, Any]], rates: RateList) -> Captured:
    """Look at each row once."""
    found, counted = Captured(), _Counter()
    for row in rows:
        found.of = row["captured_calls"]
        told = request(row["content"])
        if told is not None:
            _add(found, row, told, counted)
    for prompt in found.prompts.values():
        if known := rates.of(prompt.provider, prompt.model):
            _price(prompt, known)
    return found


class _Counter:
    """Counts tokens of a text once, as conversations send theirs again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], int] = {}

    def of(self, value: Json, model: str) -> int:
        """The tokens of all that a model reads in a value."""
        return sum(self._text(text, model) for text in text_of(value))

    def _text(self, text: str, model: str) -> int:
        key = (model, sha256(text.encode("utf-8", "replace")).digest())
        if key not in self._known:
            self._known[key] = count(text, model)
        return self._known[key]


def _add(found: Captured, row: Mapping[str, Any], told: Request, counted: _Counter) -> None:
    model = str(row["model"])
    found.calls += 1
    prefix = counted.of([*told.system, *told.tools], model)
    for part, values in zip(PARTS, (told.system, told.tools, None, told.messages), strict=True):
        if values is not None:
            found.tokens[part] += counted.of(list(values), model)
    for result in told.results:
        tokens = counted.of(result.value, model)
        found.tokens["results of tools"] += tokens
        found.tools[result.tool] += tokens
        found.tool_calls[result.tool] += 1
    if told.limit:
        found.limited += 1
        found.cut += (row["output_tokens"] or 0) >= told.limit
    if told.system or told.tools:
        _see(found.prompts, row, told, prefix)


def _see(prompts: dict[tuple[str, str, str], Prompt], row: Mapping[str, Any], told: Request, tokens: int) -> None:
    digest = sha256(told.prefix.encode("utf-8", "replace")).hexdigest()[:10]
    key = (str(row["provider"]), str(row["model"]), digest)
    prompt = prompts.setdefault(key, Prompt(*key, " ".join(next(text_of(list(told.system)), "").split()), tokens))
    prompt.calls += 1
    prompt.cached_tokens += min(tokens, row["cached_input_tokens"])
    prompt.moments.add(_moment(row["started_at"]))


def _moment(at: datetime) -> int:
    return int(at.timestamp()) // (KEPT_MINUTES * 60)


def _price(prompt: Prompt, rates: Rates) -> None:
    """With a cache it is written once in five minutes in which it is used at all, and read by the other calls."""
    whole = prompt.tokens * prompt.calls
    prompt.paid_usd = (whole - prompt.cached_tokens) * rates.input + prompt.cached_tokens * rates.cached
    if rates.caches:
        writes = len(prompt.moments)
        prompt.cached_usd = prompt.tokens * (writes * rates.written + (prompt.calls - writes) * rates.cached)


def repeated(found: Captured) -> list[Prompt]:
    """The prompts of more than one call, those first that could save most, then those that cost most."""
    told: Iterator[Prompt] = (prompt for prompt in found.prompts.values() if prompt.calls > 1)
    rank: Callable[[Prompt], tuple[Decimal, Decimal, int]] = lambda prompt: (  # noqa: E731
        prompt.saving_usd or Decimal(0), prompt.paid_usd or Decimal(0), prompt.calls,
    )  # fmt: skip
    return sorted(told, key=rank, reverse=True)
